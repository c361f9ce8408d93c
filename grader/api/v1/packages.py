"""A course's assignments as its staff keep them, through the API."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, CourseIn, Out
from grader.audit.service import Actor
from grader.packages import service, shelf
from grader.packages.service import Gift
from grader.packages.trying import CaseState
from grader.web import access
from grader.web.backend import backend, settings
from grader.web.pages import packages_page
from grader.web.pages.packages_page import Given
from grader.web.views.packages import begin_cases, found_changes


class GivenOut(Out):
    slug: str
    title: str
    version: int | None
    max_score: float | None
    due_at: datetime | None
    shown: bool = Field(description="Whether students see it.")
    files: str = Field(description="same, changed, damaged or gone: the files on disk beside the version in force.")
    problem: str
    health: str = Field(description="Of the package's own cases with this version: not tried, waiting, passed, failed.")
    passed: int
    cases: int


class OtherPackageOut(Out):
    slug: str
    title: str
    problem: str


class PackagesOut(Out):
    given: list[GivenOut]
    others: list[OtherPackageOut] = Field(description="Packages of the service that the course does not give.")


class GiveIn(Body):
    slug: str = Field(max_length=80)
    shown: bool | None = Field(None, description="Whether students see it. Null: as it is; of a new one, hidden.")


class ShownIn(Body):
    shown: bool


class QuestionPointsIn(Body):
    version: int = Field(description="The version that was looked at; 409 where another is in force by now.")
    points: dict[str, float] = Field(description="By question; one that is not named gives what its package says.")


class VersionOut(Out):
    number: int
    created_at: datetime
    max_score: float
    digest: str


class QuestionOut(Out):
    key: str
    title: str
    points: float
    package_points: float


class CaseOut(Out):
    name: str
    description: str
    submission_id: str
    tried_at: datetime
    state: CaseState
    differences: list[str]


class PackageOut(Out):
    given: GivenOut
    versions: list[VersionOut]
    questions: list[QuestionOut]
    cases: list[CaseOut]


class LineOut(Out):
    kind: str = Field(description="added, removed, same, or place where lines were left out.")
    text: str


class ChangedOut(Out):
    path: str
    what: str
    lines: list[LineOut]
    more: bool


class DifferenceOut(Out):
    number: int
    against: int
    changes: list[ChangedOut]


class AgainstIn(CourseIn):
    against: int | None = Field(None, ge=1, le=1_000_000, description="Another version; else the one before.")


@api.get("/courses/<course_slug>/packages")
@access.allow_token(access.staff_of_course, scope=STAFF)
@api.output(PackagesOut)
@api.doc(summary="Packages of a course", tags=["Staff"], security=SECURITY, responses=problems(404))
def course_packages(course_slug: str) -> PackagesOut:
    found = shelf.shelf(settings().assignments_dir)
    with backend().reading() as session:
        given, others = packages_page.listed(session, access.granted_course().course, found)
    rest = [
        OtherPackageOut(slug=p.slug, title=p.package.metadata.title if p.package else "", problem=p.problem)
        for p in others
    ]
    return PackagesOut(given=[_given(one) for one in given], others=rest)


@api.post("/courses/<course_slug>/packages")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.input(GiveIn, location="json", arg_name="body")
@api.output(VersionOut)
@api.doc(
    summary="Give a package, or its new version", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422)
)
def give_package(course_slug: str, body: GiveIn) -> VersionOut:
    course, by = access.granted_course().course, Actor.of(access.caller_user())
    gift = Gift.of(shelf.package(settings().assignments_dir, body.slug))
    with backend().writing() as session:
        made = service.give(session, course=course, gift=gift, shown=body.shown, by=by)
        return VersionOut.model_validate(made.version)


@api.get("/assignments/<slug>/package")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(PackageOut)
@api.doc(
    summary="Versions, cases and points of an assignment",
    tags=["Staff"],
    security=SECURITY,
    responses=problems(404, 409, 422),
)
def package(slug: str, query: CourseIn) -> PackageOut:
    return _package()


@api.post("/assignments/<slug>/package/cases")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.output(PackageOut, status_code=202)
@api.doc(
    summary="Try the package's own cases", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422, 503)
)
def try_cases(slug: str, query: CourseIn) -> PackageOut:
    begin_cases()
    return _package()


@api.put("/assignments/<slug>/package/points")
@access.allow_token(access.instructor_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(QuestionPointsIn, location="json", arg_name="body")
@api.output(PackageOut)
@api.doc(summary="Set points of questions", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def set_question_points(slug: str, query: CourseIn, body: QuestionPointsIn) -> PackageOut:
    assignment = access.granted_assignment().assignment
    with backend().writing() as session:
        by = Actor.of(access.caller_user())
        service.set_points(session, assignment=assignment, points=body.points, expected=body.version, by=by)
    return _package()


@api.put("/assignments/<slug>/package/shown")
@access.allow_token(access.instructor_of_assignment, scope=STAFF)
@api.input(CourseIn, location="query", arg_name="query")
@api.input(ShownIn, location="json", arg_name="body")
@api.output(ShownIn)
@api.doc(summary="Show it to students, or not", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def show_assignment(slug: str, query: CourseIn, body: ShownIn) -> ShownIn:
    assignment = access.granted_assignment().assignment
    with backend().writing() as session:
        service.show(session, assignment=assignment, shown=body.shown, by=Actor.of(access.caller_user()))
    return body


@api.get("/assignments/<slug>/package/versions/<int:number>")
@access.allow_token(access.staff_of_assignment, scope=STAFF)
@api.input(AgainstIn, location="query", arg_name="query")
@api.output(DifferenceOut)
@api.doc(summary="What a version changed", tags=["Staff"], security=SECURITY, responses=problems(404, 409, 422))
def version_difference(slug: str, number: int, query: AgainstIn) -> DifferenceOut:
    old, new, changes = found_changes(number, number - 1 if query.against is None else query.against)
    found = [ChangedOut.model_validate(change) for change in changes]
    return DifferenceOut(number=new.number, against=old.number, changes=found)


def _package() -> PackageOut:
    found = shelf.shelf(settings().assignments_dir)
    with backend().reading() as session:
        page = packages_page.package_page(session, access.granted_assignment().assignment, found)
    return PackageOut(
        given=_given(page.given),
        versions=[VersionOut.model_validate(version) for version in page.versions],
        questions=[
            QuestionOut(key=check.key, title=check.title, points=check.points, package_points=own)
            for check, own in page.questions
        ],
        cases=[CaseOut.model_validate(case) for case in page.given.health.cases],
    )


def _given(one: Given) -> GivenOut:
    health = one.health
    return GivenOut(
        slug=one.slug,
        title=one.title,
        version=one.version,
        max_score=one.max_score,
        due_at=one.due_at,
        shown=one.shown,
        files=one.files,
        problem=one.problem,
        health=health.word,
        passed=health.count(CaseState.PASSED),
        cases=len(health.cases),
    )
