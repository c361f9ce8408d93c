"""Names and roles: the roster of a platform's course becomes people of the course here."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from sqlalchemy.orm import Session

from grader.audit import service as audit
from grader.audit.service import Actor
from grader.courses import queries as courses
from grader.db.lti import NAME_LENGTH
from grader.db.models import LtiContext, Role
from grader.jose.id_tokens import person_name
from grader.lms.http.client import Reply
from grader.lms.lti import people, queries, roles
from grader.lms.lti.addresses import origin
from grader.lms.lti.errors import InvalidPlatform, RosterFailed
from grader.lms.lti.names import MEMBERSHIP_SCOPE
from grader.lms.lti.services import Services
from grader.lms.lti.tokens import Platform
from grader.people import service as roster

ACCEPT = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MOST_PAGES = 50
MOST_PEOPLE = 5_000
TOTAL_S = 25.0
_NEXT = re.compile(r"<([^<>]+)>\s*;[^,<]*\brel=\"?next\b", re.IGNORECASE)


@dataclass(frozen=True)
class Member:
    sub: str
    name: str
    email: str
    role: Role
    active: bool


@dataclass(frozen=True)
class Synced:
    """How many were new here, changed, were left as they are, and left the platform's course (and stay here)."""

    new: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0


def fetch(
    services: Services, platform: Platform, url: str, monotonic: Callable[[], float] = time.monotonic
) -> list[Member]:
    """All pages of the roster. Slow: hold no session. Raises RosterFailed."""
    if not url:
        raise RosterFailed("The platform offers no roster (names and roles) for this course. Switch it on there.")
    found: dict[str, Member] = {}
    end, page, home = monotonic() + TOTAL_S, url, _origin(url)
    for _ in range(MOST_PAGES):
        if monotonic() > end:
            raise RosterFailed("The platform takes too long to hand out its roster. Nothing was changed.")
        reply = services.call(platform, "GET", page, scopes=(MEMBERSHIP_SCOPE,), accept=ACCEPT)
        for raw in _members(reply):
            member = _member(raw)
            if member is not None:
                found[member.sub] = member
        if len(found) > MOST_PEOPLE:
            raise RosterFailed(f"The roster has more than {MOST_PEOPLE} people. Nothing was changed.")
        following = _NEXT.search(reply.headers.get("link", ""))
        if following is None:
            return list(found.values())
        page = urljoin(page, following[1])
        if _origin(page) != home:  # the token is for that platform alone
            raise RosterFailed("The roster goes on at another server, where it is not followed. Nothing was changed.")
    raise RosterFailed(f"The roster has more than {MOST_PAGES} pages. Nothing was changed.")


def apply(session: Session, context: LtiContext, members: list[Member], *, by: Actor, now: datetime) -> Synced:
    """Everybody of the roster becomes a member of the course; nobody is ever taken out. Raises RosterFailed."""
    course, registration_id = context.course, context.deployment.registration_id
    if course is None:
        raise RosterFailed("This course is not connected any more. Nothing was changed.")
    known = queries.user_links(session, registration_id, [member.sub for member in members])
    enrolled = {e.user_id: e.role for e in courses.people_of(session, course.id)}
    new = changed = same = gone = 0
    for member in members:
        link = known.get(member.sub)
        if not member.active:
            gone += link is not None and link.user_id in enrolled
            continue
        if link is None:
            link = people.new_account(
                session, registration_id=registration_id, sub=member.sub, name=member.name, email=member.email,
                by=by, now=now,
            )  # fmt: skip
        people.note(link, name=member.name, email=member.email)
        before = enrolled.get(link.user_id)
        after = people.enrol(session, user=link.user, course=course, role=member.role, by=by).role
        new, changed, same = new + (before is None), changed + (before not in (None, after)), same + (before is after)
    context.roster_synced_at, context.roster_problem = now, ""
    done = Synced(new, changed, same, gone)
    audit.record(session, by, "lti.roster-synced", "lti_context", context.id, after=dict(vars(done)))
    roster.tell_synced(session, course=course, source="lti", changed=new + changed)
    return done


def _members(reply: Reply) -> list[Any]:
    if reply.status is None:
        raise RosterFailed(f"The platform's roster was not reached. {reply.problem}")
    if not reply.succeeded:
        raise RosterFailed(f"Instead of its roster, the platform answered with status {reply.status}.")
    try:
        found = json.loads(reply.body) if reply.complete else None
        members = found["members"] if found is not None else None
    except (ValueError, KeyError, TypeError, RecursionError):
        members = None
    if not isinstance(members, list):
        raise RosterFailed("What the platform handed out is no roster, or broke off. Nothing was changed.")
    return members


def _member(raw: Any) -> Member | None:
    """None for somebody without a name of the platform's or without a role in the course."""
    if not isinstance(raw, dict):
        return None
    sub, given = raw.get("user_id"), raw.get("roles")
    if not isinstance(sub, str) or not 0 < len(sub) <= NAME_LENGTH or not sub.isprintable():
        return None
    if not isinstance(given, list):
        return None
    role = roles.course_role(one for one in given if isinstance(one, str))
    if role is None:
        return None
    email = raw.get("email")
    plain = email if isinstance(email, str) and len(email) <= NAME_LENGTH and email.isprintable() else ""
    return Member(sub, person_name(raw), plain, role, raw.get("status", "Active") == "Active")


def _origin(url: str) -> str:
    try:
        return origin(url)
    except InvalidPlatform as error:
        raise RosterFailed(f"{error} Nothing was changed.") from None
