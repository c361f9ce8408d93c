"""What the service knows about an assignment without ever touching its checks or the right answers.

Nothing here, nor in `schema`, `loading` and `notebooks`, imports `reference`: the web front end reads assignments
through these modules alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assignments.policy import DatesSpec, PolicySpec


@dataclass(frozen=True)
class LimitsSpec:
    """What one submission may use. The same fields as `worker.contract.Limits`; units are in the names."""

    wall_s: float = 120.0
    cell_s: float = 30.0
    call_s: float = 10.0
    memory_mib: int = 2048
    scratch_mib: int = 256
    output_mib: int = 8
    processes: int = 64


@dataclass(frozen=True)
class AnswerField:
    """A field on the upload page that the student types into."""

    key: str
    label: str
    help: str = ""


@dataclass(frozen=True)
class CheckSpec:
    """One graded question.

    `kind` is "function", "variable", "answer" or "manual". `watches` are the names of the notebook whose
    (re)definition makes the check run; empty for typed answers and manual questions. `counts` is "best", "last"
    or the number of the definition that counts, from 1, as text. `visibility` says what a student sees:
    "full", "score" (points without the message) or "hidden" (nothing until the grades are released).
    """

    key: str
    title: str
    points: float
    kind: str
    watches: tuple[str, ...]
    counts: str = "best"
    visibility: str = "full"
    hint: str = ""


@dataclass(frozen=True)
class HelpsSpec:
    """What is done so that notebooks written elsewhere run here; none of it touches an answer.

    `numpy_names`: names that NumPy has removed. `colab`: a stand-in for google.colab. `torchvision`: its import beside
    the CPU build of PyTorch, and mounted files for its downloads. `shell`: commands that fetch or install do nothing.
    `imports`: usual imports that the notebook forgot. `again`: cells that needed what a later cell defines run again.
    """

    numpy_names: bool = True
    colab: bool = True
    torchvision: bool = True
    shell: bool = True
    imports: bool = True
    again: bool = True

    @property
    def withheld(self) -> tuple[str, ...]:
        """The names of those that are turned off."""
        return tuple(name for name, given in vars(self).items() if not given)


@dataclass(frozen=True)
class LockedSpec:
    """`cells` are ids of starter cells that may not change. `rule`: "restore" puts them back and grades, "refuse" does
    not grade, "report" grades as they are. Staff see the difference in each case."""

    cells: tuple[str, ...] = ()
    rule: str = "restore"


@dataclass(frozen=True)
class LeaderboardSpec:
    """Students may be ranked by what the check `check` measured (`Outcome.measure`): the less the better.

    What is shown is rounded to `step`. `baseline` is drawn beside it, explained by `baseline_text`.
    """

    check: str
    title: str
    unit: str = ""
    step: float = 0.5
    baseline: float | None = None
    baseline_text: str = ""


@dataclass(frozen=True)
class Metadata:
    """`data_files` maps a name in the student's working folder to the file of the package."""

    slug: str
    title: str
    summary: str
    environment: str
    device: str
    limits: LimitsSpec
    answers: tuple[AnswerField, ...]
    checks: tuple[CheckSpec, ...]
    version: str
    starter_path: Path
    solution_path: Path
    data_files: Mapping[str, Path]
    policy: PolicySpec = field(default_factory=PolicySpec)
    dates: DatesSpec = field(default_factory=DatesSpec)
    helps: HelpsSpec = field(default_factory=HelpsSpec)
    locked: LockedSpec = field(default_factory=LockedSpec)
    leaderboard: LeaderboardSpec | None = None
    gpu_memory_mib: int = 0  # that it needs of a GPU; 0: as much as an ordinary notebook
    figures: str = "always"  # or "when_marked": drawn only where a question is marked by a person

    @property
    def max_score(self) -> float:
        return round(sum(check.points for check in self.checks), 2)

    @property
    def automatic_checks(self) -> tuple[CheckSpec, ...]:
        """Those that `checks.py` carries out; manual questions are marked by people."""
        return tuple(check for check in self.checks if check.kind != "manual")

    @property
    def withheld(self) -> tuple[str, ...]:
        """What its notebooks are run without: helps that are turned off, and figures at which nobody looks."""
        marked = any(check.kind == "manual" for check in self.checks)
        undrawn = self.figures == "when_marked" and not marked
        return (*self.helps.withheld, *(("figures",) if undrawn else ()))

    def check(self, key: str) -> CheckSpec:
        """Raises KeyError."""
        return next((c for c in self.checks if c.key == key), None) or _no_check(self.slug, key)


@dataclass(frozen=True)
class Package:
    """One assignment on disk."""

    folder: Path
    metadata: Metadata

    @property
    def slug(self) -> str:
        return self.metadata.slug

    @property
    def version(self) -> str:
        return self.metadata.version

    def starter_bytes(self) -> bytes:
        return self.metadata.starter_path.read_bytes()

    def solution_bytes(self) -> bytes:
        return self.metadata.solution_path.read_bytes()


def _no_check(slug: str, key: str) -> CheckSpec:
    raise KeyError(f"{slug} has no check {key!r}")
