"""The forms of what the API gives and takes. Durations are in seconds, memory in MiB, times ISO 8601 in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from grader.db.models import SubmissionStatus
from grader.time import in_our_time
from worker.contract import Verdict

Text = Annotated[str, Field(max_length=200)]
When = Annotated[AwareDatetime, AfterValidator(in_our_time)]


class Out(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class ProblemOut(BaseModel):
    """RFC 9457. `detail` is a sentence for the user; `code` is for programs and never changes."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    code: str | None = None
    incident: str | None = Field(None, description="Quote it when you ask for help.")


class HealthOut(Out):
    status: Literal["ok"]


class ReadyOut(Out):
    status: Literal["ready", "degraded", "not ready"]
    parts: dict[str, str] = Field(description="Of database, broker and storage: ok, down or not migrated.")


class EnrolmentOut(Out):
    course: str
    title: str
    role: str


class MeOut(Out):
    id: str
    email: str
    name: str
    scopes: list[str]
    courses: list[EnrolmentOut]


class AnswerFieldOut(Out):
    key: str
    label: str
    help: str


class CheckOut(Out):
    key: str
    title: str
    points: float


class AssignmentOut(Out):
    slug: str
    course: str
    title: str
    summary: str
    max_score: float | None
    opens_at: datetime | None
    due_at: datetime | None
    answers: list[AnswerFieldOut]
    checks: list[CheckOut]
    url: str
    starter_url: str | None


class AssignmentsOut(Out):
    assignments: list[AssignmentOut]


class CheckResultOut(Out):
    key: str
    title: str
    points: float
    max_points: float
    verdict: Verdict
    message: str
    diagnosis: str | None
    hint: str
    staff_message: str | None = Field(None, description="For staff of the course only.")


class CellOut(Out):
    number: int = Field(description="Position among all cells of the notebook, from 1.")
    status: str
    error: str


class SecondsOut(Out):
    total: float
    execute: float
    overhead: float


class ProgressOut(Out):
    stage: Literal["queued", "preparing", "executing", "checking"]
    cell: int
    cells: int


class EstimateOut(Out):
    """From now until the result, from measured run times of the assignment; null where nothing honest can be said."""

    seconds: float | None = Field(description="In the middle.")
    low_s: float | None
    high_s: float | None
    measured: int = Field(description="How many runs of this assignment it rests on.")
    text: str = Field(description="The same in words, or why there is no estimate.")


class CommentOut(Out):
    id: str
    author: str
    role: str
    text: str
    check_key: str = Field(description="Empty: about the submission as a whole.")
    check_title: str
    created_at: datetime
    edited_at: datetime | None
    revision: int


class SubmissionOut(Out):
    """A submission is finished when `status` is graded, rejected or failed. While it is graded again, the
    result that counts stays here."""

    id: str
    status: SubmissionStatus
    assignment: str
    course: str
    number: int
    student: str = Field(description="E-mail address.")
    group: list[str] = Field(description="E-mail addresses of the others for whom it counts.")
    created_at: datetime
    filename: str
    digest: str = Field(description="sha256 of the file as it was uploaded.")
    same_as: int | None = Field(None, description="Number of an earlier attempt with the very same file.")
    answers: dict[str, str]
    score: float | None
    max_score: float | None
    checks: list[CheckResultOut]
    hidden_checks: int
    stopped_cells: list[CellOut]
    notices: list[str]
    reason: str
    staff_text: str | None = Field(None, description="For staff of the course only.")
    seconds: SecondsOut | None
    peak_memory_mib: float | None
    finished_at: datetime | None
    queue_position: int | None = Field(description="1 is next; null when it does not wait.")
    progress: ProgressOut | None
    estimate: EstimateOut | None = Field(description="null when it is finished.")
    comments: list[CommentOut] = Field(description="Of the teaching staff, oldest first.")
    url: str


class SubmissionRowOut(Out):
    id: str
    status: SubmissionStatus
    assignment: str
    course: str
    number: int
    student: str
    created_at: datetime
    score: float | None
    max_score: float | None
    url: str


class PageOut(Out):
    submissions: list[SubmissionRowOut]
    total: int | None = Field(description="Of all pages; null where it is not counted.")
    limit: int
    offset: int
    next: str | None = Field(description="Address of the next page.")


class AcceptedOut(Out):
    id: str
    url: str
    status: SubmissionStatus
    number: int
    same_as: int | None
    superseded: list[int] = Field(description="Numbers of your attempts whose place it took while they waited.")
    position: int | None = Field(description="1 is next; null when it does not wait any more.")
    estimate_seconds: float | None = Field(description="Until the result, from measured runs; null where unknown.")


class RerunOut(Out):
    id: str
    status: SubmissionStatus
    run: int
    url: str


class In(BaseModel):
    """Of a path, a query or a body."""

    model_config = ConfigDict(extra="ignore")


class Body(In):
    """A field that nobody reads was meant for something: it is refused."""

    model_config = ConfigDict(extra="forbid")


class CourseIn(In):
    course: Text | None = Field(None, description="Needed only where the slug is in several of your courses.")


class OwnPageIn(CourseIn):
    limit: int = Field(50, ge=1, le=200)
    offset: int = Field(0, ge=0, le=1_000_000)


class StaffPageIn(OwnPageIn):
    status: SubmissionStatus | None = None
    q: Text = Field("", description="Part of a name, e-mail address or file name.")
    latest: bool = Field(False, description="Each student's newest submission alone.")
    score_min: float | None = Field(None, ge=0, le=1e6)
    score_max: float | None = Field(None, ge=0, le=1e6)


class RerunIn(Body):
    reason: str = Field("asked for through the API", max_length=500)
