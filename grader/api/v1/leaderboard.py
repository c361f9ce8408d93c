"""The leaderboard through the API."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CourseIn, Out
from grader.leaderboard import service
from grader.leaderboard.service import Board
from grader.web import access
from grader.web.access import SUBMIT
from grader.web.backend import backend
from grader.web.views.leaderboard import found_entry, shown_board

ADDRESS = "/assignments/<slug>/leaderboard"


class PlaceOut(Out):
    id: str
    rank: int | None
    nickname: str
    value: float | None = Field(description="Rounded; null where nothing was measured yet.")
    student: str | None = Field(description="E-mail address, for staff of the course only.")


class BinOut(Out):
    low: float
    high: float
    students: int


class BoardOut(Out):
    title: str
    unit: str
    step: float
    baseline: float | None
    as_of: datetime = Field(description="Results from before it are shown.")
    places: list[PlaceOut]
    distribution: list[BinOut] = Field(description="Of the whole course; empty where fewer than five have a result.")


class NicknameIn(Body):
    nickname: str = Field(max_length=200)


@api.get(ADDRESS)
@access.allow_token(access.member_of_assignment)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(BoardOut)
@api.doc(summary="The leaderboard", tags=["Assignments"], security=SECURITY, responses=problems(404, 409, 422))
def leaderboard(slug: str, query: CourseIn) -> BoardOut:
    with backend().reading() as session:
        return _board(shown_board(session))


@api.put(f"{ADDRESS}/name")
@access.allow_token(access.student_of_assignment, scope=SUBMIT)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(NicknameIn, location="json", arg_name="body")
@api.output(BoardOut)
@api.doc(
    summary="Go on the leaderboard under a name", tags=["Assignments"], security=SECURITY,
    responses=problems(404, 409, 422),
)  # fmt: skip
def join_leaderboard(slug: str, query: CourseIn, body: NicknameIn) -> BoardOut:
    assignment, student = access.granted_assignment().assignment, access.caller_user()
    with backend().writing() as session:
        service.join(session, assignment=assignment, student=student, nickname=body.nickname)
        return _board(shown_board(session))


@api.delete(f"{ADDRESS}/name")
@access.allow_token(access.student_of_assignment, scope=SUBMIT)
@api.input(CourseIn, location="query", arg_name="query")
@api.output({}, status_code=204)
@api.doc(summary="Leave the leaderboard", tags=["Assignments"], security=SECURITY, responses=problems(404, 409, 422))
def leave_leaderboard(slug: str, query: CourseIn) -> str:
    with backend().writing() as session:
        service.leave(session, assignment=access.granted_assignment().assignment, student=access.caller_user())
    return ""


@api.delete(f"{ADDRESS}/names/<entry_id>")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output({}, status_code=204)
@api.doc(
    summary="Take a name off the leaderboard", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422)
)
def take_leaderboard_name(slug: str, entry_id: str, query: CourseIn) -> str:
    with backend().writing() as session:
        service.take_name(session, entry=found_entry(session, entry_id), by=access.caller_user())
    return ""


def _board(board: Board) -> BoardOut:
    staff, spec = access.granted_assignment().role.is_staff, board.spec
    return BoardOut(
        title=spec.title, unit=spec.unit, step=spec.step, baseline=spec.baseline, as_of=board.as_of,
        places=[
            PlaceOut(
                id=p.entry.id, rank=p.rank, nickname=p.entry.nickname, value=p.shown,
                student=p.entry.student.email if staff else None,
            )
            for p in board.places
        ],
        distribution=[BinOut.model_validate(b) for b in board.distribution],
    )  # fmt: skip
