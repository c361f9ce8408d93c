"""A case written down from what a notebook was graded, for its author to read and agree with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from assignments.cases import CheckLike


def case_toml(description: str, answers: Mapping[str, str], checks: Sequence[CheckLike], score: float) -> str:
    """The text of a `case.toml`: this very result."""
    lines = [f"description = {_text(description)}", f"score = {score:g}"]
    if answers:
        lines += ["", "[answers]", *(f"{key} = {_text(value)}" for key, value in answers.items())]
    for check in checks:
        lines += [
            "",
            "[[checks]]",
            f"key = {_text(check.key)}",
            f'verdict = "{check.verdict}"',
            f"points = {check.points:g}",
        ]
        if check.diagnosis:
            lines.append(f"diagnosis = {_text(check.diagnosis)}")
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """JSON's strings are TOML's basic strings."""
    return json.dumps(text, ensure_ascii=False)
