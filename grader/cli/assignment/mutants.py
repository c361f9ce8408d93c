"""Grading the mutants of a solution: which wrong answers would the checks let through?"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from assignments.cases import load_cases
from assignments.metadata import Package
from assignments.mutation.declared import declared_equivalent, no_longer_there
from assignments.mutation.lean import needed_cells
from assignments.mutation.making import mutants_of
from assignments.mutation.mutant import Mutant, notebook_bytes
from assignments.notebooks import read_notebook
from grader.cli.assignment.cache import Cache
from grader.cli.assignment.grading import PackageGrader
from worker.contract import GradeStatus, Verdict
from worker.pipeline.request import Grading

SEED = 20_315  # of the inputs that mutants are tried on, so that two runs agree
CRASHED = {Verdict.ERROR, Verdict.TIMEOUT, Verdict.MISSING}

OnMutant = Callable[[int, int], None]


@dataclass(frozen=True)
class Stage:
    """The solution reduced to some of its code cells (None: all), what it scores, and the seconds that they take."""

    keep: frozenset[int] | None
    best: float
    usual_s: float


class BaselineError(RuntimeError):
    """The solution itself does not get what it must, so its mutants say nothing."""


@dataclass(frozen=True)
class Tally:
    """What became of the mutants of one solution. `made` counts all, also those that were not tried: they were not
    chosen, or there was no time left. `stale`: ids, declared or asked for, that no mutant has."""

    made: int = 0
    tried: int = 0
    caught: int = 0
    raised: int = 0
    equivalent: dict[str, str] = field(default_factory=dict)
    survivors: tuple[Mutant, ...] = ()
    stale: tuple[str, ...] = ()
    points: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the checks that let a survivor through


class MutantTest:
    """The mutants of one package. `sample` tries so many, the same each time; `only` those ids. `within_s`: after so
    long none is begun any more, and those that were are a sample, for they are tried in a mixed order."""

    def __init__(
        self,
        grader: PackageGrader,
        cache: Cache,
        *,
        sample: int | None = None,
        only: Collection[str] = (),
        within_s: float | None = None,
    ) -> None:
        self.grader = grader
        self.cache = cache
        self.sample = sample
        self.only = only
        self.ends_at = None if within_s is None else time.monotonic() + within_s
        package = grader.package
        self.functions, self.variables = watched_names(package)
        self.cells = read_notebook(package.solution_bytes()).cells
        self.starter = read_notebook(package.starter_bytes()).cells
        cases = {case.name: case for case in load_cases(package)}
        self.answers = dict(cases["solution"].answers) if "solution" in cases else {}

    def run(self, jobs: int, on_mutant: OnMutant = lambda done, of: None) -> Tally:
        """Raises BaselineError and PackageError."""
        needed = needed_cells(self.cells, self.functions, self.variables)
        mutants = mutants_of(self.cells, self.starter, self.functions | self.variables, needed)
        declared = declared_equivalent(self.grader.package.folder)
        ids = {mutant.id for mutant in mutants}
        stale = [str(error) for error in no_longer_there(self.grader.package.folder, ids)]
        if self.only and not ids.intersection(self.only):
            stale.append(f"No mutant has the id {' or '.join(sorted(self.only))}: see the ids of survivors.")
        chosen = self._chosen([mutant for mutant in mutants if mutant.id not in declared])
        tried = self._tried(chosen, self._stages(needed), jobs, on_mutant) if chosen else []
        results = [result for _, result in tried]
        survivors = tuple(mutant for mutant, result in tried if result == "survived")
        return Tally(
            made=len(mutants),
            tried=len(tried),
            caught=results.count("caught"),
            raised=results.count("raised"),
            equivalent={m.id: declared[m.id] for m in mutants if m.id in declared},
            survivors=survivors,
            stale=tuple(stale),
            points={m.id: self._checks_of(m) for m in survivors},
        )

    def _tried(
        self, chosen: list[Mutant], stages: Sequence[Stage], jobs: int, on_mutant: OnMutant
    ) -> list[tuple[Mutant, str]]:
        """What became of those for which there was time, in the order of the notebook."""
        results: dict[int, str] = {}
        mixed = list(enumerate(chosen))
        if self.ends_at is not None:
            random.Random(SEED).shuffle(mixed)  # noqa: S311  no secret
        try:
            with ThreadPoolExecutor(jobs) as pool:
                for place, result in pool.map(lambda pair: (pair[0], self._result(pair[1], stages)), mixed):
                    if result is not None:
                        results[place] = result
                    on_mutant(len(results), len(chosen))
        finally:
            self.cache.save()  # what is known is known, also when somebody loses patience
        return [(chosen[place], results[place]) for place in sorted(results)]

    def _chosen(self, mutants: list[Mutant]) -> list[Mutant]:
        if self.only:
            return [mutant for mutant in mutants if mutant.id in self.only]
        if self.sample is None or self.sample >= len(mutants):
            return mutants
        places = random.Random(SEED).sample(range(len(mutants)), self.sample)  # noqa: S311  no secret
        return [mutants[place] for place in sorted(places)]

    def _stages(self, needed: frozenset[int]) -> list[Stage]:
        """What loses points without the cells that only variables need (a training, say) need not wait for them."""
        whole = self._baseline(needed)
        functions = self._code(needed_cells(self.cells, self.functions, frozenset()))
        if whole.keep is None or not functions < whole.keep:
            return [whole]
        lean = self._reduced(functions)[0]
        return [lean, whole] if lean.best > 0 else [whole]

    def _baseline(self, needed: frozenset[int]) -> Stage:
        """The cells that all points need."""
        possible = sum(c.points for c in self.grader.package.metadata.checks if c.kind != "manual")
        for keep in (self._code(needed), None):
            stage, grading = self._reduced(keep)
            if stage.best >= possible - 0.005 and not any(cell.status != "ok" for cell in grading.cells):
                return stage
        said = "; ".join(f"{c.key}: {c.message}" for c in grading.checks if c.points < c.max_points)
        raise BaselineError(f"The solution gets {grading.score:g} of {possible:g} points. {said or grading.reason}")

    def _reduced(self, keep: frozenset[int] | None) -> tuple[Stage, Grading]:
        cells = [cell for i, cell in enumerate(self.cells) if keep is None or i in keep]
        grading = self._grade(notebook_bytes(cells), None)
        return Stage(keep, grading.score, grading.seconds.execute), grading

    def _code(self, cells: frozenset[int]) -> frozenset[int]:
        return frozenset(i for i in cells if self.cells[i]["cell_type"] == "code")

    def _result(self, mutant: Mutant, stages: Sequence[Stage]) -> str | None:
        """The verdict of the first stage in which it loses points; None where there was no time."""
        verdict: str | None = None
        for stage in stages:
            if stage.keep is None or mutant.cell in stage.keep:
                verdict = self._verdict(mutant, stage)
                if verdict != "survived":
                    return verdict
        return verdict

    def _verdict(self, mutant: Mutant, stage: Stage) -> str | None:
        notebook = mutant.notebook(self.cells, stage.keep)
        known = self.cache.get(notebook)
        if known is None:
            if self.ends_at is not None and time.monotonic() >= self.ends_at:
                return None
            grading = self._grade(notebook, stage.usual_s)
            if grading.status is not GradeStatus.GRADED:
                raise BaselineError(f"Mutant {mutant.id} was not graded: {grading.reason} {grading.staff_text}")
            known = verdict_on(grading, stage.best)
            self.cache.put(notebook, known)
        return known

    def _grade(self, notebook: bytes, usual_s: float | None) -> Grading:
        return self.grader.grade(notebook, self.answers, seed=SEED, usual_s=usual_s)

    def _checks_of(self, mutant: Mutant) -> tuple[str, ...]:
        checks = self.grader.package.metadata.checks
        return tuple(check.key for check in checks if set(check.watches) & mutant.names)


def verdict_on(grading: Grading, full: float) -> str:
    """`caught` by its values, `raised` where it stopped instead of giving any, or `survived`."""
    if grading.score >= full - 0.005:
        return "survived"
    lost = [check.verdict for check in grading.checks if check.points < check.max_points - 0.005]
    stopped = any(cell.status != "ok" for cell in grading.cells)
    return "raised" if stopped or all(verdict in CRASHED for verdict in lost) else "caught"


def watched_names(package: Package) -> tuple[frozenset[str], frozenset[str]]:
    """The names that checks of functions look at, and those that checks of variables do."""
    by_kind: dict[str, set[str]] = {"function": set(), "variable": set()}
    for check in package.metadata.checks:
        by_kind.get(check.kind, set()).update(check.watches)
    return frozenset(by_kind["function"]), frozenset(by_kind["variable"])
