"""SQL for the pages and the API about grades that go to a platform."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from grader.db.models import (
    Assignment,
    LtiContext,
    LtiDeployment,
    LtiGradeSync,
    LtiLineItem,
    LtiRegistration,
    SyncState,
    User,
)

Counts = dict[SyncState, int]


def counts(session: Session, assignment_ids: Sequence[str]) -> dict[str, Counts]:
    """Cells by assignment and state."""
    query = (
        select(LtiLineItem.assignment_id, LtiGradeSync.state, func.count())
        .join(LtiGradeSync, LtiGradeSync.line_item_id == LtiLineItem.id)
        .where(LtiLineItem.assignment_id.in_(assignment_ids))
        .group_by(LtiLineItem.assignment_id, LtiGradeSync.state)
    )
    found: dict[str, Counts] = {assignment_id: {} for assignment_id in assignment_ids}
    for assignment_id, state, number in session.execute(query):
        found[assignment_id][state] = number
    return found


def cells(
    session: Session, assignment_id: str, states: Collection[SyncState] | None = None, *, limit: int, offset: int = 0
) -> list[LtiGradeSync]:
    """The cells of an assignment, by student's name, with person, column and platform; `states` None: all."""
    where = [LtiLineItem.assignment_id == assignment_id]
    if states is not None:
        where.append(LtiGradeSync.state.in_(states))
    return _cells(session, where, limit, offset)


def differences(session: Session, course_id: str, limit: int) -> list[LtiGradeSync]:
    """Cells of a course whose platform showed something else than was sent when it was read last."""
    where = [Assignment.course_id == course_id, LtiGradeSync.difference != ""]
    return _cells(session, where, limit, 0)


def columns(session: Session, assignment_id: str) -> list[LtiLineItem]:
    """An assignment's columns, with their platforms."""
    query = (
        select(LtiLineItem)
        .where(LtiLineItem.assignment_id == assignment_id)
        .options(
            joinedload(LtiLineItem.context).joinedload(LtiContext.deployment).joinedload(LtiDeployment.registration)
        )
    )
    return list(session.scalars(query.order_by(LtiLineItem.id)))


def cell_of(session: Session, cell_id: str, assignment_id: str) -> LtiGradeSync | None:
    """One cell of the assignment, locked."""
    query = (
        select(LtiGradeSync)
        .join(LtiGradeSync.line_item)
        .where(LtiGradeSync.id == cell_id, LtiLineItem.assignment_id == assignment_id)
        .with_for_update(of=LtiGradeSync)
    )
    return session.scalar(query)


def context_of(session: Session, context_id: str, course_id: str) -> LtiContext | None:
    """One platform's course that is linked to the course, locked."""
    query = select(LtiContext).where(LtiContext.id == context_id, LtiContext.course_id == course_id)
    return session.scalar(query.with_for_update())


def _cells(session: Session, where: Sequence[ColumnElement[bool]], limit: int, offset: int) -> list[LtiGradeSync]:
    query = (
        select(LtiGradeSync)
        .join(LtiGradeSync.user)
        .join(LtiGradeSync.line_item)
        .join(LtiLineItem.assignment)
        .join(LtiLineItem.context)
        .join(LtiContext.deployment)
        .join(LtiRegistration, LtiRegistration.id == LtiDeployment.registration_id)
        .where(*where)
        .options(
            contains_eager(LtiGradeSync.user),
            contains_eager(LtiGradeSync.line_item).options(
                contains_eager(LtiLineItem.assignment),
                contains_eager(LtiLineItem.context)
                .contains_eager(LtiContext.deployment)
                .joinedload(LtiDeployment.registration),
            ),
        )
        .order_by(User.name, LtiGradeSync.id)
        .limit(limit)
        .offset(offset)
    )
    return list(session.scalars(query))
