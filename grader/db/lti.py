"""LTI 1.3: the platforms (Moodle, Canvas…) that may send people here, and who and what they call by which name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grader.db.assignment import Assignment
from grader.db.base import Base, Created, Digest, Id, Ref
from grader.db.course import Course
from grader.db.user import User

NAME_LENGTH = 255  # of what a platform calls something (the specification's limit for sub, deployment and context)


class LtiKey(Base):
    """A key pair of ours. The newest signs; older ones are published until what they signed has expired."""

    __tablename__ = "lti_keys"

    id: Mapped[Id]  # also its `kid`
    private_key: Mapped[str]  # JWK, sealed
    public_key: Mapped[dict[str, Any]]  # JWK
    created_at: Mapped[Created]
    replaced_at: Mapped[datetime | None]  # since then it signs nothing


class LtiRegistration(Base):
    """A platform as it knows us: several may share an issuer (Canvas), so the client id is part of its name."""

    __tablename__ = "lti_registrations"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    id: Mapped[Id]
    name: Mapped[str]  # for people
    family: Mapped[str] = mapped_column(String(40), default="")  # "moodle", "canvas" or what it calls its product
    issuer: Mapped[str] = mapped_column(String(NAME_LENGTH))
    client_id: Mapped[str] = mapped_column(String(NAME_LENGTH))
    auth_url: Mapped[str]  # where a login goes on
    token_url: Mapped[str]
    token_audience: Mapped[str] = mapped_column(default="")  # "": the token URL
    jwks_url: Mapped[str]
    jwks: Mapped[dict[str, Any] | None]  # as fetched last
    jwks_fetched_at: Mapped[datetime | None]
    frame_origins: Mapped[list[str]]  # origins whose pages may show our LTI pages in a frame
    created_at: Mapped[Created]
    disabled_at: Mapped[datetime | None]

    deployments: Mapped[list[LtiDeployment]] = relationship(order_by="LtiDeployment.id")


class LtiInvitation(Base):
    """A one-time address with which an administrator lets one platform register itself."""

    __tablename__ = "lti_invitations"

    id: Mapped[Id]
    token_hash: Mapped[Digest] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[Created]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    registration_id: Mapped[str | None] = mapped_column(ForeignKey("lti_registrations.id"))


class LtiDeployment(Base):
    """One installation of a registration. Launches from one that nobody admitted are refused."""

    __tablename__ = "lti_deployments"
    __table_args__ = (UniqueConstraint("registration_id", "deployment_id"),)

    id: Mapped[Id]
    registration_id: Mapped[Ref] = mapped_column(ForeignKey("lti_registrations.id"))
    deployment_id: Mapped[str] = mapped_column(String(NAME_LENGTH))
    created_at: Mapped[Created]

    registration: Mapped[LtiRegistration] = relationship(back_populates="deployments")


class LtiLaunch(Base):
    """One login that we began: its state and nonce are good for one launch; then its ticket for one step more.

    `outcome` is what the next step must know: ids of the rows of the launch, and of a deep-linking request
    where the answer goes.
    """

    __tablename__ = "lti_launches"

    id: Mapped[Id]
    registration_id: Mapped[Ref] = mapped_column(ForeignKey("lti_registrations.id"))
    state_hash: Mapped[Digest] = mapped_column(unique=True)
    nonce_hash: Mapped[Digest]
    browser_hash: Mapped[Digest]  # of what only the browser that began the login holds
    target_url: Mapped[str]
    created_at: Mapped[Created]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    ticket_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    ticket_until: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]

    registration: Mapped[LtiRegistration] = relationship()


class LtiUserLink(Base):
    """Who a platform's `sub` is here. Nothing else says so: an e-mail address or a name never does."""

    __tablename__ = "lti_user_links"
    __table_args__ = (UniqueConstraint("registration_id", "sub"),)

    id: Mapped[Id]
    registration_id: Mapped[Ref] = mapped_column(ForeignKey("lti_registrations.id"))
    sub: Mapped[str] = mapped_column(String(NAME_LENGTH))
    user_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    email: Mapped[str] = mapped_column(default="")  # as the platform says; shown to staff, never matched
    created_at: Mapped[Created]
    seen_at: Mapped[datetime | None]  # the last launch; None: known from a roster alone

    user: Mapped[User] = relationship()


class LtiContext(Base):
    """A course of a platform, and the course here that an instructor linked it to."""

    __tablename__ = "lti_contexts"
    __table_args__ = (UniqueConstraint("deployment_id", "context_id"),)

    id: Mapped[Id]
    deployment_id: Mapped[Ref] = mapped_column(ForeignKey("lti_deployments.id"))  # the row, not the platform's name
    context_id: Mapped[str] = mapped_column(String(NAME_LENGTH))
    title: Mapped[str] = mapped_column(default="")
    course_id: Mapped[str | None] = mapped_column(ForeignKey("courses.id"), index=True)
    linked_at: Mapped[datetime | None]
    memberships_url: Mapped[str] = mapped_column(default="")  # names and roles; "": not offered
    line_items_url: Mapped[str] = mapped_column(default="")  # assignment and grade services; "": not offered
    grade_scopes: Mapped[list[str]]  # of assignment and grade services, as offered in the last launch
    sends_drafts: Mapped[bool] = mapped_column(default=False)  # grades go there before students see them here
    roster_synced_at: Mapped[datetime | None]
    roster_problem: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Created]

    deployment: Mapped[LtiDeployment] = relationship()
    course: Mapped[Course | None] = relationship()


class LtiResourceLink(Base):
    """A link that stands in a platform's course, and the assignment here that it opens."""

    __tablename__ = "lti_resource_links"
    __table_args__ = (UniqueConstraint("context_id", "resource_link_id"),)

    id: Mapped[Id]
    context_id: Mapped[Ref] = mapped_column(ForeignKey("lti_contexts.id"))  # the row
    resource_link_id: Mapped[str] = mapped_column(String(NAME_LENGTH))
    title: Mapped[str] = mapped_column(default="")
    assignment_id: Mapped[str | None] = mapped_column(ForeignKey("assignments.id"))
    line_item_url: Mapped[str] = mapped_column(default="")  # as the platform said in the last launch
    created_at: Mapped[Created]

    context: Mapped[LtiContext] = relationship()
    assignment: Mapped[Assignment | None] = relationship()
