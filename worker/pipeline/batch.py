"""Grading files without a server: `grader grade`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from worker.checker.parents import CHECKERS
from worker.contract import CheckResult, GradeStatus, Limits, Progress, Seconds
from worker.environments import Environment
from worker.pipeline.request import GradeRequest, Grading
from worker.pipeline.resolve import Resolver
from worker.pipeline.run import grade_sync
from worker.sandbox.undertaker import UNDERTAKER
from worker.sandbox.warm.pool import POOLS

WORTH_A_PARENT = 8  # files; a warm parent costs about as much as so many kernels started from nothing


@dataclass(frozen=True)
class FileReport:
    file: str
    assignment: str
    grading: Grading

    def to_json(self) -> dict[str, Any]:
        """One line of `grader grade --json`; the form is fixed, scripts depend on it."""
        grading = self.grading
        return {
            "file": self.file,
            "assignment": self.assignment,
            "status": grading.status.value,
            "score": grading.score,
            "max_score": grading.max_score,
            "checks": [check.public() for check in grading.checks],
            "seconds": {k: round(v, 4) for k, v in vars(grading.seconds).items()},
            "reason": grading.reason,
            "notices": list(grading.notices),
            "peak_memory_mib": round(grading.peak_memory_mib, 1),
        }

    @property
    def status(self) -> GradeStatus:
        return self.grading.status

    @property
    def score(self) -> float:
        return self.grading.score

    @property
    def max_score(self) -> float:
        return self.grading.max_score

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        return self.grading.checks

    @property
    def seconds(self) -> Seconds:
        return self.grading.seconds

    @property
    def reason(self) -> str:
        return self.grading.reason

    @property
    def notices(self) -> tuple[str, ...]:
        return self.grading.notices

    @property
    def staff_text(self) -> str:
        return self.grading.staff_text


def grade_files(
    files: Sequence[Path],
    *,
    package_folder: Path,
    environments_file: Path,
    answers: Mapping[str, str],
    jobs: int = 1,
    unsafe: bool = False,
    on_progress: Callable[[str, Progress], None] | None = None,
) -> Iterator[FileReport]:
    """Reports in the order of `files`. Raises ResolveError when the package or its environment is unusable."""
    resolver = Resolver(package_folder.parent, environments_file)
    package = resolver.package(package_folder.name)
    environment = resolver.environment(package)
    limits = Limits(**asdict(package.metadata.limits))

    def one(path: Path) -> FileReport:
        return FileReport(str(path), package.metadata.slug, _grade_file(path))

    def _grade_file(path: Path) -> Grading:
        def progress(stage: str, cell: int = 0, cells: int = 0, detail: str = "") -> None:
            if on_progress is not None:
                on_progress(str(path), Progress(str(path), str(path), stage, cell, cells, 0.0, detail))

        try:
            data = path.read_bytes()
        except OSError as error:
            return Grading(status=GradeStatus.FAILED, reason=f"{path} cannot be read: {error.strerror}.")
        grading = grade_sync(GradeRequest(data, package, environment, limits, answers=answers, unsafe=unsafe), progress)
        progress("done")
        return grading

    with _warmth(environment, len(files), jobs, unsafe):
        CHECKERS.keep(package_folder.parent, unsafe=unsafe)  # it starts beside the first kernel
        try:
            with ThreadPoolExecutor(max_workers=max(1, jobs), thread_name_prefix="grade") as pool:
                yield from pool.map(one, files)
        finally:
            UNDERTAKER.wait()  # kernels are removed by threads, and none can begin once the program is ending
            CHECKERS.stop()


@contextmanager
def _warmth(environment: Environment, files: int, jobs: int, unsafe: bool) -> Iterator[None]:
    """Kernels are forked from a warm parent where there are enough files for it; it starts beside the first ones."""
    if unsafe or files < WORTH_A_PARENT:
        yield
        return
    POOLS.keep_warm(environment, spares=jobs)
    try:
        yield
    finally:
        POOLS.stop()
