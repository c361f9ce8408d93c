"""The submissions whose result is known: the solution, the untouched starter, and the cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor

from assignments.cases import Case, compare_case, load_cases
from grader.cli.assignment.grading import PackageGrader
from worker.contract import CheckResult, GradeStatus, Verdict
from worker.pipeline.request import Grading

Found = tuple[str, float, list[str]]


def run_examples(grader: PackageGrader, names: Collection[str], jobs: int) -> Iterator[Found]:
    """Yields (name, seconds, what differs), in the order of the cases. `names` picks cases; the rest is left out."""
    cases = {case.name: case for case in load_cases(grader.package)}
    runs: list[Callable[[], Found]] = []
    if not names:
        for name, notebook, judge in (
            ("solution", grader.package.solution_bytes(), _of_solution),
            ("starter", grader.package.starter_bytes(), _of_starter),
        ):
            case = cases.pop(name, None)
            runs.append(_run(grader, name, notebook, case, judge))
    for name, case in cases.items():
        if not names or name in names:
            runs.append(_run(grader, name, case.notebook_bytes, case, None))
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda run: run(), runs)


def _run(
    grader: PackageGrader, name: str, notebook: bytes, case: Case | None, judge: Callable[[Grading], list[str]] | None
) -> Callable[[], Found]:
    def run() -> Found:
        begun = time.monotonic()
        grading = grader.grade(notebook, case.answers if case else None)
        if grading.status is not GradeStatus.GRADED:
            differences = [f"{grading.status.value}: {grading.reason} {grading.staff_text}".strip()]
        else:
            differences = compare_case(case.expected, grading.checks, grading.score) if case else []
            differences += judge(grading) if judge else []
        return name, time.monotonic() - begun, differences

    return run


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
