"""The submissions whose result is known: the solution, the untouched starter, and the cases."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from assignments.cases import Case, compare_case, load_cases
from grader.cli.assignment.grading import PackageGrader
from worker.contract import CheckResult, GradeStatus, Seconds, Verdict
from worker.pipeline.request import Grading

SEEDS = 2**31


@dataclass(frozen=True)
class Found:
    """What became of one example: the seconds that its grading took, in all and its cells, and what differs from what
    must be."""

    name: str
    seconds: float
    graded: Seconds
    differences: tuple[str, ...]


def run_examples(grader: PackageGrader, names: Collection[str], jobs: int, draws: int = 0) -> Iterator[Found]:
    """In the order of the cases. `names` picks cases; the rest is left out. `draws`: each is graded under so many
    draws of inputs (0: under one that nobody knows beforehand). The starter and the solution are graded one
    by one: the first finds kernels that are not warm yet, and the seconds of the second are its own."""
    cases = {case.name: case for case in load_cases(grader.package)}
    first = secrets.randbelow(SEEDS)
    seeds = range(first, first + draws)
    runs: list[Callable[[], Found]] = []
    if not names:
        for name, notebook, judge in (
            ("starter", grader.package.starter_bytes(), _of_starter),
            ("solution", grader.package.solution_bytes(), _of_solution),
        ):
            case = cases.pop(name, None)
            runs.append(_run(grader, name, notebook, case, judge, seeds))
    for name, case in cases.items():
        if not names or name in names:
            runs.append(_run(grader, name, case.notebook_bytes, case, None, seeds))
    alone = 0 if names else 2
    yield from (run() for run in runs[:alone])
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda run: run(), runs[alone:])


def _run(
    grader: PackageGrader,
    name: str,
    notebook: bytes,
    case: Case | None,
    judge: Callable[[Grading], list[str]] | None,
    seeds: Sequence[int],
) -> Callable[[], Found]:
    def differences(grading: Grading) -> list[str]:
        if grading.status is not GradeStatus.GRADED:
            return [f"{grading.status.value}: {grading.reason} {grading.staff_text}".strip()]
        found = compare_case(case.expected, grading.checks, grading.score) if case else []
        return found + (judge(grading) if judge else [])

    def run() -> Found:
        begun = time.monotonic()
        answers = case.answers if case else None
        if not seeds:
            grading = grader.grade(notebook, answers)
            return Found(name, time.monotonic() - begun, grading.seconds, tuple(differences(grading)))
        gradings = grader.grade_draws(notebook, answers, seeds)
        counted = count_differences(seeds, [differences(grading) for grading in gradings])
        return Found(name, time.monotonic() - begun, gradings[0].seconds, counted)

    return run


def count_differences(seeds: Sequence[int], each: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Each difference once, with the number of draws in which it was found and a seed with which it can be seen again.
    What a message says in brackets may hold numbers that hang on the draw, so it does not tell differences apart."""
    first: dict[str, tuple[int, str]] = {}
    counts: Counter[str] = Counter()
    for seed, differences in zip(seeds, each, strict=True):
        for difference in differences:
            kind = difference.split(" (", 1)[0]
            first.setdefault(kind, (seed, difference))
            counts[kind] += 1
    return tuple(
        f"in {counts[kind]} of {len(seeds)} draws (--seed {seed}): {text}" for kind, (seed, text) in first.items()
    )


def _of_solution(grading: Grading) -> list[str]:
    """Every point that a machine can give without typed answers, and no cell that fails."""
    automatic = [check for check in grading.checks if check.verdict not in {Verdict.MANUAL}]
    lost = [check for check in automatic if check.points < check.max_points - 0.005 and not _left_empty(check)]
    return [f"{c.key}: {c.points:g} of {c.max_points:g} points ({c.message})" for c in lost] + _failed_cells(grading)


def _of_starter(grading: Grading) -> list[str]:
    """No points, nothing that looks like an attempt, and no cell that fails."""
    wrong = [] if grading.score == 0 else [f"score: {grading.score:g}, expected 0"]
    tried = [check for check in grading.checks if check.verdict not in {Verdict.MISSING, Verdict.MANUAL}]
    wrong += [f"{check.key}: verdict {check.verdict}, expected missing ({check.message})" for check in tried]
    return wrong + _failed_cells(grading)


def _left_empty(check: CheckResult) -> bool:
    return check.verdict is Verdict.MISSING and check.message.startswith("No number was entered")


def _failed_cells(grading: Grading) -> list[str]:
    return [
        f"cell {cell.index + 1}: {cell.status} {cell.error}".rstrip() for cell in grading.cells if cell.status != "ok"
    ]
