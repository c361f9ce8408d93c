"""Similar submissions through the API."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CourseIn, Out, OwnPageIn
from grader.db.models import Comparison, ComparisonStatus, PairDecision
from grader.similarity import queries, service
from grader.time import utc_now
from grader.web import access
from grader.web.backend import backend
from grader.web.pages.similarity_page import PairRow, Side, rows
from grader.web.views.similarity import found_pair

ADDRESS = "/assignments/<slug>/similarity"


class ComparisonOut(Out):
    id: str
    status: ComparisonStatus
    with_earlier: bool
    done: int = Field(description="Submissions read so far.")
    total: int
    found: int = Field(description="Pairs.")
    problem: str
    created_at: datetime
    finished_at: datetime | None


class SideOut(Out):
    submission_id: str | None = Field(description="Null where it is of a course whose staff you are not.")
    student: str | None
    course: str


class PairOut(Out):
    id: str
    score: float = Field(description="Share of the smaller one's own code that the other has, 0 to 1.")
    shared: int = Field(description="Passages that both have.")
    first: SideOut
    second: SideOut
    decision: PairDecision
    note: str
    revision: int


class SimilarityOut(Out):
    comparison: ComparisonOut | None = Field(description="The last one that was begun.")
    pairs: list[PairOut]
    total: int


class PairsIn(OwnPageIn):
    dismissed: bool = Field(False, description="Also those that were dismissed.")


class BeginIn(Body):
    with_earlier: bool = Field(False, description="Also with the same assignment in other courses that you teach.")


class DecideIn(Body):
    decision: PairDecision
    note: str = Field("", max_length=service.MOST_NOTE, description="Needed where it is kept.")
    revision: int = Field(ge=0, le=10**9, description="As you read it.")


@api.get(ADDRESS)
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(PairsIn, location="query", arg_name="query")
@api.output(SimilarityOut)
@api.doc(summary="Similar submissions", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def similarity(slug: str, query: PairsIn) -> SimilarityOut:
    assignment_id = access.granted_assignment().assignment.id
    with backend().reading() as session:
        last = queries.latest(session, assignment_id)
        found, total = queries.pairs(
            session, assignment_id, dismissed=query.dismissed, limit=query.limit, offset=query.offset
        )
        shown = [_pair(row) for row in rows(session, found, access.caller_user())]
    return SimilarityOut(comparison=last and _comparison(last), pairs=shown, total=total)


@api.post(ADDRESS)
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(BeginIn, location="json", arg_name="body")
@api.output(ComparisonOut, status_code=202)
@api.doc(summary="Compare the submissions", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def begin_comparison(slug: str, query: CourseIn, body: BeginIn) -> ComparisonOut:
    with backend().writing() as session:
        assignment = access.granted_assignment().assignment
        made = service.begin(session, assignment=assignment, with_earlier=body.with_earlier, by=access.caller_user())
    return _comparison(made)


@api.put(f"{ADDRESS}/<pair_id>")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(DecideIn, location="json", arg_name="body")
@api.output(PairOut)
@api.doc(summary="Keep or dismiss a pair", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def decide_pair(slug: str, pair_id: str, query: CourseIn, body: DecideIn) -> PairOut:
    with backend().writing() as session:
        pair = service.decide(
            session, found_pair(session, pair_id, lock=True), decision=body.decision, note=body.note,
            expected=body.revision, by=access.caller_user(), now=utc_now(),
        )  # fmt: skip
        [row] = rows(session, [pair], access.caller_user())
    return _pair(row)


def _comparison(found: Comparison) -> ComparisonOut:
    return ComparisonOut.model_validate(found)


def _pair(row: PairRow) -> PairOut:
    pair = row.pair
    return PairOut(
        id=pair.id, score=pair.score, shared=pair.shared, first=_side(row.first), second=_side(row.second),
        decision=pair.decision, note=pair.note, revision=pair.revision,
    )  # fmt: skip


def _side(side: Side) -> SideOut:
    submission = side.submission
    return SideOut(
        submission_id=submission.id if side.readable else None,
        student=submission.student.email if side.readable else None,
        course=submission.assignment.course.slug,
    )
