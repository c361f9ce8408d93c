from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, joinedload

from grader.db.models import (
    AuditEntry,
    LtiContext,
    LtiDeployment,
    LtiInvitation,
    LtiKey,
    LtiLaunch,
    LtiRegistration,
    LtiResourceLink,
    LtiUserLink,
)


def keys_in_force(session: Session) -> list[LtiKey]:
    """Keys that sign, or soon will; the newest first."""
    query = select(LtiKey).where(LtiKey.replaced_at.is_(None)).order_by(LtiKey.created_at.desc(), LtiKey.id.desc())
    return list(session.scalars(query))


def published_keys(session: Session, replaced_after: datetime) -> list[LtiKey]:
    query = select(LtiKey).where(or_(LtiKey.replaced_at.is_(None), LtiKey.replaced_at > replaced_after))
    return list(session.scalars(query.order_by(LtiKey.created_at.desc(), LtiKey.id.desc())))


def registrations(session: Session) -> list[LtiRegistration]:
    query = select(LtiRegistration).options(joinedload(LtiRegistration.deployments)).order_by(LtiRegistration.name)
    return list(session.scalars(query).unique())


def registration(session: Session, registration_id: str) -> LtiRegistration | None:
    return session.get(LtiRegistration, registration_id, options=[joinedload(LtiRegistration.deployments)])


def registrations_of(session: Session, issuer: str, client_id: str) -> list[LtiRegistration]:
    """Those of an issuer that are in use; with a client id at most one."""
    query = select(LtiRegistration).where(LtiRegistration.issuer == issuer, LtiRegistration.disabled_at.is_(None))
    if client_id:
        query = query.where(LtiRegistration.client_id == client_id)
    return list(session.scalars(query))


def registration_named(session: Session, issuer: str, client_id: str) -> LtiRegistration | None:
    query = select(LtiRegistration).where(LtiRegistration.issuer == issuer, LtiRegistration.client_id == client_id)
    return session.scalar(query)


def deployment(session: Session, registration_id: str, deployment_id: str) -> LtiDeployment | None:
    query = select(LtiDeployment).where(
        LtiDeployment.registration_id == registration_id, LtiDeployment.deployment_id == deployment_id
    )
    return session.scalar(query)


def invitation(session: Session, token_hash: str) -> LtiInvitation | None:
    return session.scalar(select(LtiInvitation).where(LtiInvitation.token_hash == token_hash))


def open_invitations(session: Session, now: datetime) -> list[LtiInvitation]:
    query = select(LtiInvitation).where(LtiInvitation.used_at.is_(None), LtiInvitation.expires_at > now)
    return list(session.scalars(query.order_by(LtiInvitation.id.desc())))


def launch_of_state(session: Session, state_hash: str) -> LtiLaunch | None:
    query = select(LtiLaunch).where(LtiLaunch.state_hash == state_hash).options(joinedload(LtiLaunch.registration))
    return session.scalar(query)


def launch_of_ticket(session: Session, ticket_hash: str, now: datetime) -> LtiLaunch | None:
    query = select(LtiLaunch).where(LtiLaunch.ticket_hash == ticket_hash, LtiLaunch.ticket_until > now)
    return session.scalar(query.options(joinedload(LtiLaunch.registration)))


def use_state(session: Session, launch_id: str, now: datetime) -> bool:
    """Whether it was free until now: of several that try at once, one is told so."""
    query = update(LtiLaunch).where(LtiLaunch.id == launch_id, LtiLaunch.used_at.is_(None)).values(used_at=now)
    return bool(session.execute(query).rowcount)  # type: ignore[attr-defined]


def end_ticket(session: Session, launch_id: str, ticket_hash: str) -> bool:
    """Whether the ticket was good until now."""
    query = update(LtiLaunch).where(LtiLaunch.id == launch_id, LtiLaunch.ticket_hash == ticket_hash)
    return bool(session.execute(query.values(ticket_hash=None)).rowcount)  # type: ignore[attr-defined]


def forget_launches(session: Session, expired_before: datetime) -> None:
    session.execute(delete(LtiLaunch).where(LtiLaunch.expires_at < expired_before))


def user_link(session: Session, registration_id: str, sub: str) -> LtiUserLink | None:
    query = select(LtiUserLink).where(LtiUserLink.registration_id == registration_id, LtiUserLink.sub == sub)
    return session.scalar(query.options(joinedload(LtiUserLink.user)))


def user_links(session: Session, registration_id: str, subs: Sequence[str]) -> dict[str, LtiUserLink]:
    found: dict[str, LtiUserLink] = {}
    for start in range(0, len(subs), 500):
        query = select(LtiUserLink).where(
            LtiUserLink.registration_id == registration_id, LtiUserLink.sub.in_(subs[start : start + 500])
        )
        found |= {link.sub: link for link in session.scalars(query.options(joinedload(LtiUserLink.user)))}
    return found


def link_of_user(session: Session, registration_id: str, user_id: str) -> LtiUserLink | None:
    """Who the user is on that platform; where there are several, whoever came last."""
    query = (
        select(LtiUserLink)
        .where(LtiUserLink.registration_id == registration_id, LtiUserLink.user_id == user_id)
        .order_by(LtiUserLink.seen_at.is_(None), LtiUserLink.seen_at.desc(), LtiUserLink.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def context(session: Session, deployment_row_id: str, context_id: str) -> LtiContext | None:
    query = select(LtiContext).where(LtiContext.deployment_id == deployment_row_id, LtiContext.context_id == context_id)
    return session.scalar(query.options(joinedload(LtiContext.course)))


def context_by_id(session: Session, row_id: str) -> LtiContext | None:
    query = select(LtiContext).where(LtiContext.id == row_id)
    return session.scalar(query.options(*_WITH_ALL))


def contexts_of_course(session: Session, course_id: str) -> list[LtiContext]:
    """Those linked to a course, with the platform of each."""
    query = select(LtiContext).where(LtiContext.course_id == course_id).order_by(LtiContext.id)
    return list(session.scalars(query.options(*_WITH_ALL)))


_WITH_ALL = (
    joinedload(LtiContext.deployment).joinedload(LtiDeployment.registration),
    joinedload(LtiContext.course),
)


def resource_link(session: Session, context_row_id: str, resource_link_id: str) -> LtiResourceLink | None:
    query = select(LtiResourceLink).where(
        LtiResourceLink.context_id == context_row_id, LtiResourceLink.resource_link_id == resource_link_id
    )
    return session.scalar(query)


def refusals(session: Session, registration_id: str, limit: int = 20) -> list[AuditEntry]:
    """The launches that were refused last, newest first."""
    query = (
        select(AuditEntry)
        .where(
            AuditEntry.object_type == "lti_registration",
            AuditEntry.object_id == registration_id,
            AuditEntry.action == "lti.refused",
        )
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def contexts_of_registration(session: Session, registration_id: str) -> list[LtiContext]:
    query = select(LtiContext).join(LtiContext.deployment).where(LtiDeployment.registration_id == registration_id)
    return list(session.scalars(query.options(joinedload(LtiContext.course)).order_by(LtiContext.id)))


def resource_links_of(session: Session, context_row_id: str) -> list[LtiResourceLink]:
    query = select(LtiResourceLink).where(LtiResourceLink.context_id == context_row_id).order_by(LtiResourceLink.id)
    return list(session.scalars(query.options(joinedload(LtiResourceLink.assignment))))
