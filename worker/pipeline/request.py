"""What the pipeline is given and what it hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assignments.gradable import GradablePackage
from worker.contract import CellSummary, CheckResult, Failure, GradeStatus, Limits, Seconds
from worker.environments import Environment

MAX_NOTEBOOK_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class GradeRequest:
    notebook: bytes
    package: GradablePackage
    environment: Environment
    limits: Limits
    answers: Mapping[str, str] = field(default_factory=dict)
    device: str = ""  # "cpu" or "gpu", as the run's queue has it; "": as the assignment asks
    unsafe: bool = False
    max_notebook_bytes: int = MAX_NOTEBOOK_BYTES
    seed: int | None = None  # None: drawn from the system's randomness, as it must be when grading


@dataclass(frozen=True)
class Grading:
    """One notebook, graded, rejected or failed. Scores are the sums of the checks' points."""

    status: GradeStatus
    checks: tuple[CheckResult, ...] = ()
    seconds: Seconds = field(default_factory=lambda: Seconds(0.0, 0.0, 0.0))
    cells: tuple[CellSummary, ...] = ()
    notices: tuple[str, ...] = ()
    reason: str = ""
    staff_text: str = ""
    peak_memory_mib: float = 0.0
    executed: bytes = b""  # the notebook with its outputs
    possible: float = 0.0  # points of the assignment, for a notebook that got as far as no check
    failure: Failure | None = None  # when failed

    @property
    def score(self) -> float:
        return round(sum(check.points for check in self.checks), 2)

    @property
    def max_score(self) -> float:
        return round(sum(check.max_points for check in self.checks), 2) if self.checks else self.possible


def failed(staff_text: str, failure: Failure = Failure.OTHER) -> Grading:
    """Grading itself failed: never a score, and the student is told that it is not their fault."""
    return Grading(
        status=GradeStatus.FAILED,
        reason="Your notebook could not be graded because of a fault on our side. It is kept and is tried again.",
        staff_text=staff_text,
        failure=failure,
    )
