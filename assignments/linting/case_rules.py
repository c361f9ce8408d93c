"""What is wrong or missing in `cases/` and `mutants.toml`."""

from __future__ import annotations

from assignments.cases import Case, load_case
from assignments.errors import PackageError
from assignments.linting.remark import WARNING, Draft, Remark, of_error
from assignments.mutation.declared import declared_equivalent, no_longer_there
from assignments.mutation.lean import needed_cells
from assignments.mutation.making import mutants_of

FEWEST = 6
POINTS_TOLERANCE = 0.005


def case_remarks(draft: Draft) -> list[Remark]:
    folder = draft.package.folder / "cases"
    remarks: list[Remark] = []
    cases: list[Case] = []
    for path in sorted(folder.glob("*/")):
        try:
            cases.append(load_case(draft.package, path))
        except PackageError as error:
            remarks.append(of_error(error, "case"))
    names = [path.name for path in folder.glob("*/")]
    if len(names) < FEWEST:
        text = f"there are {len(names)} cases, fewer than {FEWEST}"
        advice = "have the solution, the starter, right in another way, partly right, typical mistakes, a hostile one"
        remarks.append(Remark(WARNING, "few-cases", folder, text, advice=advice))
    full = sum(c.points for c in draft.package.metadata.checks if c.kind != "manual")
    other = [case.name for case in cases if case.name != "solution" and case.expected.score >= full]
    other += [case.name for case in cases if case.name.startswith("right")]  # of what takes little time to grade
    hostile = [name for name in names if name.startswith("hostile")]
    for found, rule, what in (
        (other, "no-other-way", "that is right in another way than the solution"),
        (hostile, "no-hostile-case", "that tries to cheat (hostile…)"),
    ):
        if not found:
            advice = "add a folder with a notebook.ipynb and a case.toml"
            remarks.append(Remark(WARNING, rule, folder, f"there is no case {what}", advice=advice))
    for case in cases:
        remarks += _sums(draft, case)
    return remarks + _mutants(draft)


def _sums(draft: Draft, case: Case) -> list[Remark]:
    path = draft.package.folder / "cases" / case.name / "case.toml"
    total = sum(check.points for check in case.expected.checks)
    remarks = []
    if abs(total - case.expected.score) > POINTS_TOLERANCE:
        text = f"the score is {case.expected.score:g}, and the points of the checks add up to {total:g}"
        remarks.append(Remark("error", "case", path, text, key="score"))
    for check in case.expected.checks:
        most = draft.package.metadata.check(check.key).points
        if check.points > most + POINTS_TOLERANCE:
            text = f"{check.points:g} points for {check.key!r}, which has only {most:g}"
            remarks.append(Remark("error", "case", path, text, key=f"checks.{check.key}.points"))
    return remarks


def _mutants(draft: Draft) -> list[Remark]:
    try:
        if not declared_equivalent(draft.package.folder):
            return []
        checks = draft.package.metadata.checks
        functions = frozenset(name for c in checks if c.kind == "function" for name in c.watches)
        variables = frozenset(name for c in checks if c.kind == "variable" for name in c.watches)
        needed = needed_cells(draft.solution, functions, variables)
        mutants = mutants_of(draft.solution, draft.starter, functions | variables, needed)
        stale = no_longer_there(draft.package.folder, {mutant.id for mutant in mutants})
    except PackageError as error:
        return [of_error(error, "mutants")]
    return [of_error(error, "mutants") for error in stale]
