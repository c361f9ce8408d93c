"""What is unwise in `assignment.toml` and in the files that it speaks of."""

from __future__ import annotations

from assignments.linting.remark import WARNING, Draft, Remark
from assignments.loading import TOML
from assignments.toml_lines import line_of

ROUND = 10.0


def metadata_remarks(draft: Draft) -> list[Remark]:
    return [*_points(draft), *_hints(draft), *_limits(draft), *_data(draft)]


def _points(draft: Draft) -> list[Remark]:
    total = draft.package.metadata.max_score
    if total % ROUND == 0:
        return []
    text = f"the points add up to {total:g}"
    return [
        Remark(
            WARNING,
            "points-sum",
            draft.package.folder / TOML,
            text,
            line=line_of(draft.lines, ("checks",)),
            key="checks",
            advice="students and gradebooks expect a round sum, best 100",
        )
    ]


def _hints(draft: Draft) -> list[Remark]:
    remarks = []
    for number, check in enumerate(draft.package.metadata.checks):
        field = next((answer for answer in draft.package.metadata.answers if answer.key == check.key), None)
        if check.hint or (field is not None and field.help):
            continue
        remarks.append(
            Remark(
                WARNING,
                "no-hint",
                draft.package.folder / TOML,
                f"the check {check.key!r} has no hint",
                line=line_of(draft.lines, ("checks", number, "key")),
                key=f"checks[{number}].hint",
                advice="say how it is graded: with which inputs, what earns part of the points",
            )
        )
    return remarks


def _limits(draft: Draft) -> list[Remark]:
    limits = draft.package.metadata.limits
    remarks = []
    for name in ("cell_s", "call_s"):
        value = getattr(limits, name)
        if value > limits.wall_s:
            remarks.append(
                Remark(
                    WARNING,
                    "limits",
                    draft.package.folder / TOML,
                    f"{value:g} s is more than the whole run may take ({limits.wall_s:g} s)",
                    line=line_of(draft.lines, ("limits", name)),
                    key=f"limits.{name}",
                    advice="raise limits.wall_s or lower this one",
                )
            )
    return remarks


def _data(draft: Draft) -> list[Remark]:
    text = "\n".join(cell["source"] for cell in [*draft.starter, *draft.solution])
    remarks = []
    for name, path in draft.package.metadata.data_files.items():
        parts = name.split("/")
        # A data set's folder is named, and the library that reads it finds the files inside.
        if path.name in text or path.stem in text or any(part in text for part in parts[:-1]):
            continue
        remarks.append(
            Remark(
                WARNING,
                "unused-data",
                path,
                "no notebook of the package names this data file",
                advice="take it out of data/, or read it in the starter",
            )
        )
    return remarks
