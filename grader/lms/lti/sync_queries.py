"""SQL of grade passback: which cells of which platforms a grade belongs to, and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, or_, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from grader.db.base import new_id
from grader.db.inserting import insert_or_ignore
from grader.db.models import (
    Assignment,
    Enrolment,
    Grade,
    LtiContext,
    LtiDeployment,
    LtiGradeSync,
    LtiLineItem,
    LtiRegistration,
    LtiResourceLink,
    LtiUserLink,
    Role,
    Submission,
    SyncState,
)
from grader.lms.lti.names import SCORE_SCOPE
from grader.lms.lti.sync_states import WAITING

Selected = TypeVar("Selected")

READ_BACK = (SyncState.ACKED, SyncState.OVERRIDDEN)


def contexts_of(session: Session, grade: Grade) -> list[LtiContext]:
    """The platforms' courses whose gradebooks hold this grade."""
    query = select(LtiContext).select_from(Grade).where(Grade.id == grade.id)
    query = _reach(query).options(contains_eager(LtiContext.deployment).contains_eager(LtiDeployment.registration))
    return list(session.scalars(query.order_by(LtiContext.id)))


def grades_to_note(session: Session, limit: int) -> list[Grade]:
    """Grades that some cell has not heard of: given before the course was connected, or whose news was missed."""
    query = _reach(select(Grade))
    query = query.outerjoin(
        LtiLineItem, and_(LtiLineItem.context_id == LtiContext.id, LtiLineItem.assignment_id == Grade.assignment_id)
    ).outerjoin(
        LtiGradeSync, and_(LtiGradeSync.line_item_id == LtiLineItem.id, LtiGradeSync.user_id == Grade.student_id)
    )
    shown = or_(Assignment.grades_hidden.is_(False), LtiContext.sends_drafts.is_(True))
    unknown = and_(LtiGradeSync.id.is_(None), Grade.score.is_not(None), shown)
    query = query.where(or_(unknown, LtiGradeSync.wanted_revision < Grade.revision))
    return list(session.scalars(query.order_by(Grade.id).distinct().limit(limit)))


def _reach(query: Select[Selected]) -> Select[Selected]:
    """From grades to the contexts that take them: linked to the course, the assignment placed, the student known."""
    link = and_(LtiUserLink.registration_id == LtiRegistration.id, LtiUserLink.user_id == Grade.student_id)
    student = and_(
        Enrolment.user_id == Grade.student_id,
        Enrolment.course_id == Assignment.course_id,
        Enrolment.role == Role.STUDENT,
    )
    # A link to the whole course (no assignment) stands for all of its assignments.
    placed = and_(
        LtiResourceLink.context_id == LtiContext.id,
        or_(LtiResourceLink.assignment_id.is_(None), LtiResourceLink.assignment_id == Assignment.id),
    )
    return (
        query.join(Assignment, Assignment.id == Grade.assignment_id)
        .join(LtiContext, LtiContext.course_id == Assignment.course_id)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .join(LtiRegistration, LtiRegistration.id == LtiDeployment.registration_id)
        .where(
            LtiRegistration.disabled_at.is_(None),
            cast(LtiContext.grade_scopes, String).contains(SCORE_SCOPE, autoescape=True),
            exists().where(link),
            exists().where(student),
            exists().where(placed),
        )
    )


def counted(session: Session, student_id: str, assignment_id: str) -> Submission | None:
    """The work that counts; None where somebody gave the grade by hand."""
    query = select(Submission).join(Grade, Grade.submission_id == Submission.id)
    return session.scalar(query.where(Grade.student_id == student_id, Grade.assignment_id == assignment_id))


def line_item(session: Session, context: LtiContext, assignment: Assignment) -> LtiLineItem:
    """The column's row, made if there is none. What the platform said at a launch is taken over."""
    link = session.scalar(
        select(LtiResourceLink)
        .where(LtiResourceLink.context_id == context.id, LtiResourceLink.assignment_id == assignment.id)
        .order_by((LtiResourceLink.line_item_url == "").asc(), LtiResourceLink.id)
        .limit(1)
    )
    insert_or_ignore(session, LtiLineItem, {"context_id": context.id, "assignment_id": assignment.id})
    query = select(LtiLineItem).where(LtiLineItem.context_id == context.id, LtiLineItem.assignment_id == assignment.id)
    found = session.scalars(query).one()
    if link is not None and found.resource_link_id is None:
        found.resource_link_id = link.id
        found.url = found.url or link.line_item_url
    return found


def lock_cell(session: Session, item_id: str, user_id: str, values: dict[str, object] | None) -> LtiGradeSync | None:
    """A student's cell, locked; made with `values` if there is none, or (None) left unmade."""
    if values is not None:
        insert_or_ignore(session, LtiGradeSync, {"line_item_id": item_id, "user_id": user_id, **values})
    query = select(LtiGradeSync).where(LtiGradeSync.line_item_id == item_id, LtiGradeSync.user_id == user_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def due_items(session: Session, now: datetime) -> list[str]:
    """Ids of columns in which something is due and nobody is at work."""
    query = _served(select(LtiGradeSync.line_item_id)).where(_due(now), _free(now)).distinct()
    return list(session.scalars(query))


def items_to_reconcile(session: Session, since: datetime, limit: int) -> list[str]:
    """Ids of columns whose results have not been read back since then."""
    stale = or_(LtiLineItem.reconciled_at.is_(None), LtiLineItem.reconciled_at < since)
    query = _served(select(LtiGradeSync.line_item_id)).where(
        LtiLineItem.url != "", LtiLineItem.created_at < since, stale, LtiGradeSync.acked_revision.is_not(None)
    )
    return list(session.scalars(query.distinct().limit(limit)))


def take_turn(session: Session, item_id: str, now: datetime, until: datetime) -> str | None:
    """Have the column to oneself; None when somebody else has."""
    lease = new_id()
    query = update(LtiLineItem).where(LtiLineItem.id == item_id, _free(now))
    session.execute(query.values(lease=lease, lease_until=until).execution_options(synchronize_session=False))
    held = session.scalar(select(LtiLineItem.lease).where(LtiLineItem.id == item_id))
    return lease if held == lease else None


def keep_turn(session: Session, item_id: str, lease: str, until: datetime | None) -> bool:
    """Prolong a turn, or (None) end it; False when it was lost."""
    query = update(LtiLineItem).where(LtiLineItem.id == item_id, LtiLineItem.lease == lease)
    values = {"lease": lease if until else "", "lease_until": until}
    session.execute(query.values(values).execution_options(synchronize_session=False))
    return session.scalar(select(LtiLineItem.lease).where(LtiLineItem.id == item_id)) == lease


def next_due(session: Session, item_id: str, now: datetime) -> LtiGradeSync | None:
    """The cell whose turn is next, locked. One that failed goes first: while the platform is away, it alone probes."""
    query = (
        select(LtiGradeSync)
        .join(LtiGradeSync.line_item)
        .where(LtiGradeSync.line_item_id == item_id, _due(now))
        .order_by(LtiGradeSync.next_try_at, LtiGradeSync.tries.desc(), LtiGradeSync.id)
        .limit(1)
        .with_for_update(of=LtiGradeSync)
        .execution_options(populate_existing=True)
    )
    return session.scalar(query)


def postpone(session: Session, item_id: str, until: datetime, problem: str) -> None:
    """Nothing more goes to the column before `until`: what one cell met there, all would meet."""
    query = update(LtiGradeSync).where(
        LtiGradeSync.line_item_id == item_id, LtiGradeSync.state.in_(WAITING), LtiGradeSync.next_try_at < until
    )
    values = {"next_try_at": until, "problem": problem}
    session.execute(query.values(values).execution_options(synchronize_session=False))


def item(session: Session, item_id: str, *, lock: bool = False) -> LtiLineItem | None:
    """With its context, registration and assignment."""
    query = (
        select(LtiLineItem)
        .where(LtiLineItem.id == item_id)
        .join(LtiLineItem.context)
        .join(LtiContext.deployment)
        .options(
            contains_eager(LtiLineItem.context)
            .contains_eager(LtiContext.deployment)
            .joinedload(LtiDeployment.registration),
            joinedload(LtiLineItem.assignment),
            joinedload(LtiLineItem.resource_link),
        )
        .execution_options(populate_existing=True)
    )
    return session.scalar(query.with_for_update(of=LtiLineItem) if lock else query)


def cell(session: Session, cell_id: str, *, lock: bool = False) -> LtiGradeSync | None:
    query = select(LtiGradeSync).where(LtiGradeSync.id == cell_id).execution_options(populate_existing=True)
    return session.scalar(query.with_for_update() if lock else query)


def cells_read_back(session: Session, item_id: str) -> list[LtiGradeSync]:
    """Cells that the platform acknowledged, locked."""
    query = select(LtiGradeSync).where(
        LtiGradeSync.line_item_id == item_id,
        LtiGradeSync.state.in_(READ_BACK),
        LtiGradeSync.acked_revision.is_not(None),
    )
    return list(session.scalars(query.order_by(LtiGradeSync.id).with_for_update()))


def blocked_and_seen_again(session: Session) -> list[LtiGradeSync]:
    """Cells of people whom the platform refused and who came from there again since; locked."""
    query = (
        _served(select(LtiGradeSync))
        .join(
            LtiUserLink,
            and_(LtiUserLink.registration_id == LtiRegistration.id, LtiUserLink.user_id == LtiGradeSync.user_id),
        )
        .where(LtiGradeSync.state == SyncState.BLOCKED_USER, LtiUserLink.seen_at > LtiGradeSync.last_try_at)
        .with_for_update(of=LtiGradeSync)
    )
    return list(session.scalars(query).unique())


def grades_of_context(session: Session, context: LtiContext) -> Sequence[Grade]:
    query = select(Grade).join(Grade.assignment).where(Assignment.course_id == context.course_id)
    return session.scalars(query.order_by(Grade.id)).all()


def _served(query: Select[Selected]) -> Select[Selected]:
    """Cells of columns that are still connected: to this course, on a platform that is not disabled."""
    return (
        query.join(LtiLineItem, LtiLineItem.id == LtiGradeSync.line_item_id)
        .join(Assignment, Assignment.id == LtiLineItem.assignment_id)
        .join(
            LtiContext,
            and_(LtiContext.id == LtiLineItem.context_id, LtiContext.course_id == Assignment.course_id),
        )
        .join(LtiDeployment, LtiDeployment.id == LtiContext.deployment_id)
        .join(LtiRegistration, LtiRegistration.id == LtiDeployment.registration_id)
        .where(LtiRegistration.disabled_at.is_(None))
    )


def _due(now: datetime) -> ColumnElement[bool]:
    waits = and_(LtiGradeSync.state.in_(WAITING), LtiGradeSync.next_try_at <= now)
    lost = and_(LtiGradeSync.state == SyncState.POSTING, LtiGradeSync.lease_until <= now)
    return or_(waits, lost)


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(LtiLineItem.lease_until.is_(None), LtiLineItem.lease_until <= now)
