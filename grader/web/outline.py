"""What an assignment's checks are called, and what of them a student may know now."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from assignments.metadata import CheckSpec
from grader.courses import queries as courses
from grader.courses.service import release_of
from grader.db.models import Assignment, AssignmentVersion, Submission
from grader.policies import queries as policies
from grader.time import utc_now

UNKNOWN = "score"  # visibility of a check that no version describes: points, but no text that might be withheld


@dataclass(frozen=True)
class Outline:
    """`withheld`: staff have not released the grades, so students see no result at all.

    `hidden` is what students learn of checks whose visibility is "hidden": "never", "names" or "all".
    """

    checks: tuple[CheckSpec, ...] = ()
    withheld: bool = False
    hidden: str = "never"

    def check(self, key: str) -> CheckSpec | None:
        return next((c for c in self.checks if c.key == key), None)

    def visibility(self, key: str) -> str:
        """ "full", "score" (points without the message), "name" or "hidden"."""
        spec = self.check(key)
        if spec is None or spec.visibility != "hidden":
            return spec.visibility if spec else UNKNOWN
        return {"all": "full", "names": "name"}.get(self.hidden, "hidden")

    def listed(self, *, staff: bool) -> list[CheckSpec]:
        """The checks that the assignment's page may name."""
        return [check for check in self.checks if staff or self.visibility(check.key) != "hidden"]

    @property
    def hides(self) -> bool:
        """Whether a student is not to know all points; then totals in lists must not show them either."""
        return self.withheld or any(self.visibility(c.key) in ("hidden", "name") for c in self.checks)


def outline_of(session: Session, assignment: Assignment, *versions: AssignmentVersion | None) -> Outline:
    """The checks of these versions; where several have the same key, the first version's word counts."""
    checks: dict[str, CheckSpec] = {}
    for version in versions:
        for check in release_of(version).checks if version is not None else ():
            checks.setdefault(check.key, check)
    found = Outline(tuple(checks.values()), withheld=assignment.grades_hidden)
    if not any(check.visibility == "hidden" for check in found.checks):
        return found
    return Outline(found.checks, found.withheld, _hidden(session, assignment, versions[0]))


def outline_for(session: Session, submission: Submission) -> Outline:
    """What staff decide now about a check holds for older results as well."""
    current = courses.current_version(session, submission.assignment_id)
    return outline_of(session, submission.assignment, current, submission.version)


def _hidden(session: Session, assignment: Assignment, version: AssignmentVersion | None) -> str:
    rule = policies.policy_in_force(assignment, version).hidden_checks
    if rule != "after_closing":
        return rule
    end = policies.closed_for_everybody_at(session, assignment)
    return "all" if end is not None and utc_now() > end else "never"
