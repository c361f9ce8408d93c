"""Learning platforms through the API: for administrators, registrations and keys; for instructors, their course."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, Out
from grader.audit.service import Actor
from grader.db.models import LtiRegistration
from grader.lms.lti import contexts, keys, platforms, queries, registering
from grader.lms.lti.addresses import Own
from grader.lms.lti.platforms import Description
from grader.time import utc_now
from grader.web import access
from grader.web.backend import backend, settings
from grader.web.views.lti_admin import found_platform
from grader.web.views.lti_course import fetched_roster, found_context

ADDRESS = "/admin/platforms"
ONE = f"{ADDRESS}/<registration_id>"
COURSE = "/courses/<course_slug>/platforms"


class PlatformChangeIn(Body):
    name: str = Field(max_length=200)
    auth_url: str = Field(max_length=2000)
    token_url: str = Field(max_length=2000)
    jwks_url: str = Field(max_length=2000)
    token_audience: str = Field("", max_length=2000)
    frame_origins: list[str] = Field(default_factory=list, max_length=20)


class PlatformIn(PlatformChangeIn):
    issuer: str = Field(max_length=255)
    client_id: str = Field(max_length=255)
    deployments: list[str] = Field(default_factory=list, max_length=100)


class PlatformOut(Out):
    id: str
    name: str
    family: str
    issuer: str
    client_id: str
    auth_url: str
    token_url: str
    token_audience: str
    jwks_url: str
    frame_origins: list[str]
    created_at: datetime
    disabled_at: datetime | None
    deployments: list[str] = Field(description="Ids of those that are admitted.")


class PlatformsOut(Out):
    platforms: list[PlatformOut]


class DeploymentIn(Body):
    deployment: str = Field(max_length=255)


class EnabledIn(Body):
    enabled: bool


class PlatformInviteIn(Body):
    name: str = Field(max_length=200)


class PlatformInviteOut(Out):
    address: str = Field(description="For the platform's administrator, within a day; told this once.")


class RotateIn(Body):
    leaked: bool = Field(False, description="The old keys end at once.")


class KeyOut(Out):
    key_id: str


class ConnectionOut(Out):
    id: str
    platform: str
    title: str
    linked_at: datetime | None
    roster: bool = Field(description="Whether the platform offers its roster.")
    roster_synced_at: datetime | None
    roster_problem: str


class ConnectionsOut(Out):
    connections: list[ConnectionOut]


class RosterDoneOut(Out):
    new: int
    changed: int
    same: int
    gone: int = Field(description="Left the course there; here they stay.")


@api.get(ADDRESS)
@access.allow_token(access.administrator, scope=STAFF)
@api.output(PlatformsOut)
@api.doc(summary="Learning platforms", tags=["Administration"], security=SECURITY, responses=problems())
def platforms_listed() -> PlatformsOut:
    with backend().reading() as session:
        return PlatformsOut(platforms=[_platform(row) for row in queries.registrations(session)])


@api.post(ADDRESS)
@access.allow_token(access.administrator, scope=STAFF)
@api.input(PlatformIn, location="json", arg_name="body")
@api.output(PlatformOut, status_code=201)
@api.doc(summary="Register a platform", tags=["Administration"], security=SECURITY, responses=problems(409, 422))
def add_platform(body: PlatformIn) -> PlatformOut:
    described = _described(body, body.issuer, body.client_id)
    platforms.check(described, backend().lti.client.rules)  # may take seconds: before the transaction
    with backend().writing() as session:
        row = platforms.add(session, described, deployments=body.deployments, by=_by(), now=utc_now())
        session.flush()
        return _platform(found_platform(session, row.id))


@api.post(f"{ADDRESS}/invite")
@access.allow_token(access.administrator, scope=STAFF)
@api.input(PlatformInviteIn, location="json", arg_name="body")
@api.output(PlatformInviteOut, status_code=201)
@api.doc(summary="Let a platform register itself", tags=["Administration"], security=SECURITY, responses=problems(422))
def invite_platform(body: PlatformInviteIn) -> PlatformInviteOut:
    with backend().writing() as session:
        token = registering.invite(session, name=body.name, by=_by(), now=utc_now())
    return PlatformInviteOut(address=Own(settings().public_url).invitation(token))


@api.post(f"{ADDRESS}/keys")
@access.allow_token(access.administrator, scope=STAFF)
@api.input(RotateIn, location="json", arg_name="body")
@api.output(KeyOut, status_code=201)
@api.doc(summary="A new key of ours for platforms", tags=["Administration"], security=SECURITY, responses=problems(422))
def rotate_platform_key(body: RotateIn) -> KeyOut:
    with backend().writing() as session:
        made = keys.rotate(session, backend().lti.sealer, leaked=body.leaked, by=_by(), now=utc_now())
        return KeyOut(key_id=made.id)


@api.get(ONE)
@access.allow_token(access.administrator, scope=STAFF)
@api.output(PlatformOut)
@api.doc(summary="One platform", tags=["Administration"], security=SECURITY, responses=problems(404))
def platform(registration_id: str) -> PlatformOut:
    with backend().reading() as session:
        return _platform(found_platform(session, registration_id))


@api.put(ONE)
@access.allow_token(access.administrator, scope=STAFF)
@api.input(PlatformChangeIn, location="json", arg_name="body")
@api.output(PlatformOut)
@api.doc(
    summary="Change a platform",
    description="Issuer and client id stay.",
    tags=["Administration"],
    security=SECURITY,
    responses=problems(404, 422),
)
def change_platform(registration_id: str, body: PlatformChangeIn) -> PlatformOut:
    with backend().reading() as session:
        row = found_platform(session, registration_id)
    described = _described(body, row.issuer, row.client_id)
    platforms.check(described, backend().lti.client.rules)
    with backend().writing() as session:
        row = found_platform(session, registration_id)
        platforms.change(session, row, described, by=_by())
        return _platform(row)


@api.post(f"{ONE}/deployments")
@access.allow_token(access.administrator, scope=STAFF)
@api.input(DeploymentIn, location="json", arg_name="body")
@api.output(PlatformOut)
@api.doc(summary="Admit a deployment", tags=["Administration"], security=SECURITY, responses=problems(404, 422))
def admit_deployment(registration_id: str, body: DeploymentIn) -> PlatformOut:
    with backend().writing() as session:
        row = found_platform(session, registration_id)
        platforms.admit(session, row, body.deployment, by=_by())
        session.flush()
        session.refresh(row)
        return _platform(row)


@api.put(f"{ONE}/enabled")
@access.allow_token(access.administrator, scope=STAFF)
@api.input(EnabledIn, location="json", arg_name="body")
@api.output(PlatformOut)
@api.doc(
    summary="Switch a platform on or off", tags=["Administration"], security=SECURITY, responses=problems(404, 422)
)
def enable_platform(registration_id: str, body: EnabledIn) -> PlatformOut:
    with backend().writing() as session:
        row = found_platform(session, registration_id)
        platforms.switch(session, row, on=body.enabled, by=_by(), now=utc_now())
        return _platform(row)


@api.get(COURSE)
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.output(ConnectionsOut)
@api.doc(summary="Platforms of a course", tags=["Staff"], security=SECURITY, responses=problems(404))
def connections(course_slug: str) -> ConnectionsOut:
    with backend().reading() as session:
        found = queries.contexts_of_course(session, access.granted_course().course.id)
        rows = [
            ConnectionOut(
                id=one.id,
                platform=one.deployment.registration.name,
                title=one.title,
                linked_at=one.linked_at,
                roster=bool(one.memberships_url),
                roster_synced_at=one.roster_synced_at,
                roster_problem=one.roster_problem,
            )
            for one in found
        ]
    return ConnectionsOut(connections=rows)


@api.post(f"{COURSE}/<context_id>/roster")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.output(RosterDoneOut)
@api.doc(summary="Get the roster from the platform", tags=["Staff"], security=SECURITY, responses=problems(404, 502))
def fetch_roster(course_slug: str, context_id: str) -> RosterDoneOut:
    return RosterDoneOut.model_validate(fetched_roster(context_id))


@api.delete(f"{COURSE}/<context_id>")
@access.allow_token(access.instructor_of_course, scope=STAFF)
@api.output({}, status_code=204)
@api.doc(summary="Disconnect a course from a platform", tags=["Staff"], security=SECURITY, responses=problems(404))
def disconnect(course_slug: str, context_id: str) -> tuple[str, int]:
    with backend().writing() as session:
        contexts.unlink(session, found_context(session, context_id), by=_by())
    return "", 204


def _described(body: PlatformChangeIn, issuer: str, client_id: str) -> Description:
    return Description(
        name=body.name.strip(),
        issuer=issuer.strip(),
        client_id=client_id.strip(),
        auth_url=body.auth_url.strip(),
        token_url=body.token_url.strip(),
        jwks_url=body.jwks_url.strip(),
        token_audience=body.token_audience.strip(),
        frame_origins=tuple(body.frame_origins),
    )


def _platform(row: LtiRegistration) -> PlatformOut:
    fields = {name: getattr(row, name) for name in PlatformOut.model_fields if name != "deployments"}
    return PlatformOut(**fields, deployments=[one.deployment_id for one in row.deployments])


def _by() -> Actor:
    return Actor.of(access.caller_user())
