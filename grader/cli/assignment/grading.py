"""Grading notebooks of one package, as the worker does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from grader.cli.packages import environments_file, package_folder
from worker.contract import Limits
from worker.pipeline.draws import grade_draws
from worker.pipeline.request import GradeRequest, Grading
from worker.pipeline.resolve import Resolver
from worker.pipeline.run import grade_sync
from worker.sandbox.undertaker import UNDERTAKER
from worker.sandbox.warm.pool import POOLS

# A machine under load holds up what is right for so long, too.
LEAST_CELL_S = 4.0
LEAST_CALL_S = 2.0


class PackageGrader:
    """One assignment as it is on disk now. Raises ResolveError where it cannot be graded."""

    def __init__(self, slug: str, *, root: Path | None = None, unsafe: bool = False) -> None:
        folder = package_folder(slug, root)
        resolver = Resolver(folder.parent, environments_file())
        self._checked = resolver.package(slug)
        self.environment = resolver.environment(self._checked)
        self.package = self._checked.package
        self.limits = Limits(**asdict(self.package.metadata.limits))
        self.unsafe = unsafe
        self._warm = False

    def grade(
        self,
        notebook: bytes,
        answers: Mapping[str, str] | None = None,
        *,
        seed: int | None = None,
        usual_s: float | None = None,
    ) -> Grading:
        """`usual_s` is what the cells take when they are right: what takes many times as long is ended early."""
        limits = self.limits
        if usual_s is not None:
            limits = replace(
                limits,
                cell_s=min(limits.cell_s, LEAST_CELL_S + 4 * usual_s),
                call_s=min(limits.call_s, LEAST_CALL_S + usual_s),
                wall_s=min(limits.wall_s, 3 * (LEAST_CELL_S + 4 * usual_s)),
            )
        request = replace(self._request(notebook, answers), limits=limits, seed=seed)
        try:
            return grade_sync(request, lambda stage, cell=0, cells=0, detail="": None)
        finally:
            if not self._warm:
                UNDERTAKER.wait()  # kernels are removed by threads, and none can begin once the program is ending

    def grade_draws(self, notebook: bytes, answers: Mapping[str, str] | None, seeds: Sequence[int]) -> list[Grading]:
        """One grading for each seed; the notebook is executed once."""
        return grade_draws(self._request(notebook, answers), seeds)

    def _request(self, notebook: bytes, answers: Mapping[str, str] | None) -> GradeRequest:
        return GradeRequest(
            notebook, self._checked, self.environment, self.limits, answers=answers or {}, unsafe=self.unsafe
        )

    @contextmanager
    def warm(self, jobs: int) -> Iterator[None]:
        """Kernels are forked from a warm parent meanwhile."""
        if self.unsafe:
            yield
            return
        POOLS.keep_warm(self.environment, spares=jobs)
        self._warm = True
        try:
            yield
        finally:
            self._warm = False
            POOLS.stop()  # which waits for the last kernels
