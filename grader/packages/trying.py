"""A package's own cases, handed in here by staff: do they still get what they must get?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from assignments.cases import Case, load_cases
from assignments.errors import PackageError
from assignments.metadata import Package
from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.courses.service import release_of
from grader.db.models import Assignment, CaseTry, Run, Source, Submission, SubmissionStatus, User
from grader.packages import expecting
from grader.packages.errors import NoCases, PackageBroken, PackageDiffers
from grader.storage import BlobStore
from grader.submissions import service as submissions
from grader.submissions.service import Upload


class CaseState(StrEnum):
    WAITING = "waiting"  # or being graded just now
    PASSED = "passed"
    DIFFERS = "differs"
    FAILED = "failed"  # it could not be graded at all


@dataclass(frozen=True)
class TriedCase:
    name: str
    description: str
    submission_id: str
    tried_at: datetime
    state: CaseState
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Health:
    """Of the version in force. No cases: they were not tried with it."""

    cases: tuple[TriedCase, ...] = ()

    def count(self, state: CaseState) -> int:
        return sum(case.state is state for case in self.cases)

    @property
    def word(self) -> str:
        if not self.cases:
            return "not tried"
        if self.count(CaseState.WAITING):
            return "waiting"
        return "passed" if self.count(CaseState.PASSED) == len(self.cases) else "failed"


Ready = tuple[Case, Upload]


def prepare(blobs: BlobStore, package: Package, *, max_bytes: int) -> list[Ready]:
    """Read the cases and keep their notebooks. Call it before a session is opened.

    Raises NoCases, PackageBroken, NotebookRefused, StorageUnavailable.
    """
    try:
        cases = load_cases(package)
    except PackageError as error:
        raise PackageBroken(package.metadata.slug, str(error).replace(f"{package.folder}/", "")) from error
    if not cases:
        raise NoCases(package.metadata.slug)
    return [
        (case, submissions.receive(blobs, data=case.notebook_bytes, filename=f"{case.name}.ipynb", max_bytes=max_bytes))
        for case in cases
    ]


def begin(
    session: Session, *, assignment: Assignment, package: Package, cases: Sequence[Ready], by: User
) -> list[CaseTry]:
    """Hand them in as submissions of `by`, who is of the course's staff. Raises PackageDiffers."""
    version = courses.current_version(session, assignment.id)
    if version is None or version.digest != package.metadata.version:
        raise PackageDiffers(assignment.slug)
    release, tries = release_of(version), []
    for case, upload in cases:
        accepted = submissions.accept(
            session, upload=upload, student=by, assignment=assignment, answers=case.answers, source=Source.WEB
        )
        tried = CaseTry(
            submission_id=accepted.submission.id,
            version_id=version.id,
            name=case.name,
            description=case.description,
            expected=expecting.kept(case.expected, release),
        )
        session.add(tried)
        tries.append(tried)
    session.flush()
    after = {"version": version.number, "cases": len(tries)}
    audit.record(session, Actor.of(by), "assignment.cases-tried", "assignment", assignment.id, after=after)
    return tries


def health_of(session: Session, assignment_ids: Collection[str]) -> dict[str, Health]:
    """Of each assignment: the newest try of every case with the version in force."""
    versions = courses.current_versions(session, assignment_ids)
    newest = (
        select(func.max(CaseTry.submission_id))
        .where(CaseTry.version_id.in_([version.id for version in versions.values()]))
        .group_by(CaseTry.version_id, CaseTry.name)
    )
    query = (
        select(CaseTry)
        .where(CaseTry.submission_id.in_(newest))
        .order_by(CaseTry.name)
        .options(
            joinedload(CaseTry.submission).joinedload(Submission.counted_run).selectinload(Run.checks),
        )
    )
    assignment_of = {version.id: assignment_id for assignment_id, version in versions.items()}
    found: dict[str, list[TriedCase]] = defaultdict(list)
    for tried in session.scalars(query):
        found[assignment_of[tried.version_id]].append(_tried(tried))
    return {assignment_id: Health(tuple(found[assignment_id])) for assignment_id in assignment_ids}


def _tried(tried: CaseTry) -> TriedCase:
    submission, differences = tried.submission, []
    run = submission.counted_run
    if not submission.status.is_final:
        state = CaseState.WAITING
    elif submission.status is not SubmissionStatus.GRADED or run is None:
        state, differences = CaseState.FAILED, [run.reason if run is not None and run.reason else "It was not graded."]
    else:
        differences = expecting.differences(tried.expected, run)
        state = CaseState.DIFFERS if differences else CaseState.PASSED
    return TriedCase(tried.name, tried.description, submission.id, tried.created_at, state, tuple(differences))
