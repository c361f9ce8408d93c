"""The complete state of one submission as its page, its events and the API show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from grader.db.models import Run, RunStatus, Submission, SubmissionStatus
from grader.submissions.queries import latest_run
from grader.waiting.estimate import Estimate
from grader.waiting.service import Waiting
from grader.waiting.words import sentence
from grader.web import formats
from grader.web.labels import Label, cell_status_text, status_label, verdict_label
from grader.web.outline import Outline
from worker.contract import GradeStatus, Progress, Verdict

STAGES = ("queued", "preparing", "executing", "checking")
STEP_TEXTS = ("Waiting", "Preparing", "Running your cells", "Checking")


@dataclass(frozen=True)
class CheckState:
    key: str
    title: str
    points: float
    max_points: float
    verdict: Verdict
    message: str
    diagnosis: str | None
    hint: str
    staff_message: str  # "" for students

    @property
    def label(self) -> Label:
        return verdict_label(self.verdict)


@dataclass(frozen=True)
class CellState:
    number: int  # as a person counts the notebook's cells, from 1
    status: str
    error: str

    @property
    def text(self) -> str:
        return cell_status_text(self.status)


@dataclass(frozen=True)
class ResultState:
    """What one finished run concluded."""

    outcome: GradeStatus
    score: float | None
    max_score: float | None
    checks: tuple[CheckState, ...]
    hidden_checks: int  # checks that this reader is told nothing about
    hidden_names: tuple[str, ...]  # the names of those of them that may be named
    withheld: bool  # graded, but the staff have not released the grades
    stopped_cells: tuple[CellState, ...]
    notices: tuple[str, ...]
    reason: str
    staff_text: str  # "" for students
    total_s: float | None
    execute_s: float | None
    overhead_s: float | None
    peak_memory_mib: float
    finished_at: datetime | None
    has_executed: bool  # whether the notebook can be seen as it was executed

    @property
    def tally(self) -> list[tuple[Label, int]]:
        found = Counter(check.verdict for check in self.checks)
        return [(verdict_label(verdict), found[verdict]) for verdict in Verdict if found[verdict]]


@dataclass(frozen=True)
class StepState:
    text: str
    when: str  # "done", "now" or "later"


@dataclass(frozen=True)
class PendingState:
    """Where a run that is not finished stands."""

    stage: str  # one of STAGES
    queue_position: int | None  # 1 is next; None when it is not in the queue any more
    cell: int
    cells: int
    again: bool  # an earlier try of the same run was lost through our fault
    watched: bool  # whether we can see how far the worker is
    estimate: Estimate

    @property
    def headline(self) -> str:
        if self.stage == "queued":
            return _waiting(self.queue_position)
        if self.stage == "preparing":
            return "Preparing the sandbox" if self.watched else "Your notebook is being graded"
        if self.stage == "executing":
            return f"Running cell {self.cell} of {self.cells}" if self.cells else "Running your cells"
        return "Checking your answers"

    @property
    def explanation(self) -> str:
        if self.again:
            return "An earlier try was lost through a fault of ours, so it is being graded again. Nothing is lost."
        if self.stage == "queued":
            return "Your notebook is stored. You can close this page; the result will be here when you come back."
        if not self.watched:
            return "How far it is cannot be seen just now. The result will appear here all the same."
        if self.stage == "executing":
            return "Every cell runs from top to bottom. A cell that fails does not stop the later ones."
        if self.stage == "checking":
            return "What your notebook computed is compared with the right answers, outside the sandbox."
        return "A sandbox without network is being set up for your notebook alone."

    @property
    def estimate_text(self) -> str:
        return sentence(self.estimate)

    @property
    def spoken(self) -> str:
        """For screen readers: changes four times over all the cells, not with each."""
        if self.stage == "executing" and self.cells:
            quarters = max(0, min(4 * (self.cell - 1) // self.cells, 3))
            return f"Running your cells, about {25 * quarters} percent done" if quarters else "Running your cells"
        return self.headline

    @property
    def steps(self) -> list[StepState]:
        now = STAGES.index(self.stage)
        marks = ["done" if i < now else "now" if i == now else "later" for i in range(len(STAGES))]
        return [StepState(text, mark) for text, mark in zip(STEP_TEXTS, marks, strict=True)]


@dataclass(frozen=True)
class SubmissionState:
    id: str
    status: SubmissionStatus
    pending: PendingState | None
    result: ResultState | None  # while it is graded again: the result that still counts
    superseded_by: int | None = None  # number of the attempt that took its place before it was graded

    @property
    def final(self) -> bool:
        return self.pending is None

    @property
    def label(self) -> Label:
        return status_label(self.status)

    @property
    def spoken(self) -> str:
        if self.pending is not None:
            return self.pending.spoken
        if self.result is not None and self.result.withheld:
            return "Graded. The result will be shown when the grades are released."
        if self.result is not None and self.result.outcome is GradeStatus.GRADED:
            score, most = formats.points(self.result.score), formats.points(self.result.max_score)
            return f"Graded: {score} of {most} points. The checks are listed below."
        return self.headline

    @property
    def headline(self) -> str:
        if self.status is SubmissionStatus.REJECTED:
            return "This notebook could not be graded"
        if self.status is SubmissionStatus.SUPERSEDED:
            return f"Replaced by attempt {self.superseded_by}" if self.superseded_by else "Replaced by a newer attempt"
        if self.status is SubmissionStatus.FAILED:
            return "Grading failed, and it is our fault"
        return self.label.text


def state_of(
    submission: Submission, *, waiting: Waiting | None, progress: Progress | None, outline: Outline, staff: bool
) -> SubmissionState:
    """`submission` as grader.submissions.queries.get loads it; `waiting`: None for one that is final."""
    status = submission.status
    run = latest_run(submission)
    pending = None if waiting is None or status.is_final else _pending(run, waiting, progress)
    # The run that counts; where none does, the last one says why (its checks are loaded only when it counts).
    superseded = status is SubmissionStatus.SUPERSEDED
    shown = submission.counted_run or (run if pending is None and not superseded else None)
    result = None if shown is None else result_of(shown, outline, staff=staff)
    return SubmissionState(submission.id, status, pending, result, submission.superseded_by if superseded else None)


def result_of(run: Run, outline: Outline, *, staff: bool) -> ResultState:
    """What `run` concluded, with what this reader may know of it."""
    outcome = run.outcome or GradeStatus.FAILED
    withheld = outline.withheld and not staff
    counted = outcome is GradeStatus.GRADED and not withheld
    checks = _checks(run, outline, staff=staff) if counted else ()
    hidden = len(run.checks) - len(checks) if counted else 0
    stopped = _stopped(run.cells)
    score, most = run.score, run.max_score
    if hidden:
        score, most = sum(c.points for c in checks), sum(c.max_points for c in checks)
    return ResultState(
        outcome=outcome,
        score=score if counted else None,
        max_score=most if not withheld else None,
        checks=checks,
        hidden_checks=hidden,
        hidden_names=tuple(row.title for row in run.checks if outline.visibility(row.key) == "name") if hidden else (),
        withheld=withheld,
        stopped_cells=stopped,
        notices=_notices(run.notices, stopped),
        reason=run.reason,
        staff_text=run.staff_text if staff else "",
        total_s=run.seconds_total,
        execute_s=run.seconds_execute,
        overhead_s=run.seconds_overhead,
        peak_memory_mib=run.peak_memory_mib or 0.0,
        finished_at=run.finished_at,
        has_executed=run.executed_digest is not None and not withheld,
    )


def _checks(run: Run, outline: Outline, *, staff: bool) -> tuple[CheckState, ...]:
    rows = []
    for row in run.checks:
        shown = "full" if staff else outline.visibility(row.key)
        if shown in ("hidden", "name"):
            continue
        spec = outline.check(row.key)
        helped = shown == "full" and row.verdict not in (Verdict.PASSED, Verdict.MANUAL, Verdict.UNAVAILABLE)
        rows.append(
            CheckState(
                key=row.key,
                title=row.title,
                points=row.points,
                max_points=row.max_points,
                verdict=row.verdict,
                message=row.message if shown == "full" else "",
                diagnosis=row.diagnosis if shown == "full" else None,
                hint=spec.hint if spec is not None and helped else "",
                staff_message=row.staff_message if staff else "",
            )
        )
    return tuple(rows)


def _pending(run: Run, waiting: Waiting, progress: Progress | None) -> PendingState:
    again, estimate, place = run.attempt > 1, waiting.estimate, waiting.place
    if run.status is RunStatus.QUEUED:
        return PendingState("queued", None if place is None else place + 1, 0, 0, again, True, estimate)
    if progress is None or progress.run_id != run.id:
        return PendingState("preparing", None, 0, 0, again, False, estimate)
    # "done" means that the worker has sent the result; it is being written down.
    stage = progress.stage if progress.stage in STAGES[1:] else "checking" if progress.stage == "done" else "preparing"
    return PendingState(stage, None, progress.cell, progress.cells, again, True, estimate)


def _stopped(cells: Sequence[dict[str, Any]]) -> tuple[CellState, ...]:
    return tuple(
        CellState(int(cell["index"]) + 1, str(cell["status"]), str(cell.get("error") or ""))
        for cell in cells
        if cell.get("status") != "ok"
    )


def _notices(notices: Sequence[str], stopped: Sequence[CellState]) -> tuple[str, ...]:
    """Without those on cells that stopped: the list of these cells says the same, and all of it."""
    told = tuple(f"Cell {cell.number} " for cell in stopped)
    return tuple(notice for notice in notices if not (told and notice.startswith(told)))


def _waiting(position: int | None) -> str:
    if position is None:
        return "Waiting to be graded"
    if position == 1:
        return "Waiting: yours is next"
    return f"Waiting: number {position} in the queue"
