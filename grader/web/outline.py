"""What an assignment's checks are called, and what of them a student may know."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from assignments.metadata import CheckSpec
from grader.courses import queries as courses
from grader.courses.service import release_of
from grader.db.models import AssignmentVersion, Submission

UNKNOWN = "score"  # visibility of a check that no version describes: points, but no text that might be withheld


@dataclass(frozen=True)
class Outline:
    checks: tuple[CheckSpec, ...] = ()

    def check(self, key: str) -> CheckSpec | None:
        return next((c for c in self.checks if c.key == key), None)

    def visibility(self, key: str) -> str:
        """ "full", "score" (points without the message) or "hidden"."""
        spec = self.check(key)
        return spec.visibility if spec else UNKNOWN

    @property
    def hides(self) -> bool:
        """Whether some check shows a student nothing; then totals in lists must not show its points either."""
        return any(c.visibility == "hidden" for c in self.checks)


def outline_of(*versions: AssignmentVersion | None) -> Outline:
    """The checks of these versions; where several have the same key, the first version's word counts."""
    checks: dict[str, CheckSpec] = {}
    for version in versions:
        for check in release_of(version).checks if version is not None else ():
            checks.setdefault(check.key, check)
    return Outline(tuple(checks.values()))


def outline_for(session: Session, submission: Submission) -> Outline:
    """What staff decide now about a check holds for older results as well."""
    return outline_of(courses.current_version(session, submission.assignment_id), submission.version)
