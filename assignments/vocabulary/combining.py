"""One check whose points lie on several results of one function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assignments.outcome import Conclusion, Outcome


@dataclass(frozen=True)
class Share:
    """`label` names the result for the student: "the weights' derivatives"."""

    fraction: float
    label: str
    outcome: Outcome


def combine(shares: Sequence[Share]) -> Outcome:
    """The weighted sum of the outcomes; what is said of several results at once is said once."""
    fraction = sum(share.fraction * share.outcome.fraction for share in shares)
    wrong = [share for share in shares if share.outcome.conclusion is not Conclusion.PASSED]
    if not wrong:
        notes = dict.fromkeys(share.outcome.message for share in shares)
        return Outcome(Conclusion.PASSED, 1.0, " ".join(notes))
    first = wrong[0].outcome
    diagnoses = [share.outcome.diagnosis for share in wrong if share.outcome.diagnosis]
    conclusion = Conclusion.PARTIAL if fraction > 0 else first.conclusion
    staff = "\n".join(f"{s.label}: {s.outcome.staff}" for s in wrong if s.outcome.staff)
    message = _message(shares, wrong)
    return Outcome(conclusion, min(fraction, 1.0), message, diagnoses[0] if diagnoses else None, staff)


def _message(shares: Sequence[Share], wrong: Sequence[Share]) -> str:
    said: dict[tuple[str, str], list[str]] = {}
    for share in wrong:
        how = "Partly right" if share.outcome.fraction > 0 else "Wrong"
        said.setdefault((how, share.outcome.message), []).append(share.label)
    right = [share.label for share in shares if share not in wrong]
    start = f"Right: {_listed(right)}. " if right else ""
    if len(said) == 1 and len(wrong) == len(shares):
        return next(message for _, message in said)
    return start + " ".join(f"{how}: {_listed(labels)}. {message}" for (how, message), labels in said.items())


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(labels)
