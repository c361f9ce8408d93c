"""How verdicts and states are shown: a word, an icon and a look. Never colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from worker.contract import Verdict


@dataclass(frozen=True)
class Label:
    text: str
    icon: str  # a symbol of static/icons.svg
    look: str = ""  # a class of static/app.css


VERDICTS: dict[Verdict, Label] = {
    Verdict.PASSED: Label("Right", "check-circle-fill", "is-good"),
    Verdict.PARTIAL: Label("Partly right", "circle-half", "is-warn"),
    Verdict.FAILED: Label("Not right", "x-circle-fill", "is-bad"),
    Verdict.MISSING: Label("Not attempted", "dash-circle"),
    Verdict.ERROR: Label("Stopped with an error", "exclamation-triangle-fill", "is-bad"),
    Verdict.TIMEOUT: Label("Took too long", "stopwatch-fill", "is-warn"),
    Verdict.MANUAL: Label("Waiting to be marked", "pencil-square", "is-info"),
    Verdict.UNAVAILABLE: Label("Could not be checked", "cloud-slash-fill", "is-info"),
}

STATUSES: dict[str, Label] = {
    "queued": Label("Waiting", "hourglass-split", "is-info"),
    "running": Label("Being graded", "cpu", "is-info"),
    "graded": Label("Graded", "check-circle-fill", "is-good"),
    "rejected": Label("Not gradable", "x-octagon-fill", "is-bad"),
    "failed": Label("Grading failed", "cloud-slash-fill", "is-warn"),
    "superseded": Label("Replaced", "arrow-repeat"),
}

CELL_STATUSES: dict[str, str] = {
    "error": "stopped with an error",
    "timeout": "took too long and was interrupted",
    "died": "ended the kernel",
    "skipped": "was not run, because the kernel had ended",
}


def verdict_label(verdict: Verdict) -> Label:
    return VERDICTS[verdict]


def status_label(status: str) -> Label:
    """The label of a submission's status; an unknown one is shown as it is named."""
    return STATUSES.get(status, Label(status.replace("_", " ").capitalize(), "info-circle-fill"))


def cell_status_text(status: str) -> str:
    return CELL_STATUSES.get(status, status)
