"""What sending a grade reads from the database, and what it leaves there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from grader.db.base import new_id
from grader.db.models import LtiGradeSync, LtiLineItem, SyncState
from grader.lms.http.client import Reply
from grader.lms.lti import queries as lti
from grader.lms.lti import sync_queries as queries
from grader.lms.lti.grades import SECOND, Want, next_stamp
from grader.lms.lti.names import LINE_ITEM_SCOPE
from grader.lms.lti.sync_platform import Column, Place, excerpt
from grader.lms.lti.sync_states import FAILURES, OF_THE_PLATFORM, WAITING, Answer, Reading, Step
from grader.lms.lti.sync_wants import want_of
from grader.lms.lti.tokens import Platform
from grader.lms.webhooks import schedule
from grader.outbox import service as outbox
from grader.outbox.kinds import LTI_SYNC_FAILED

LEASE = timedelta(minutes=4)  # longer than a try: a token, a column, a look, a score, and reading it back
MOST_AHEAD = timedelta(days=1)  # no platform moves a timestamp of ours further into the future
_NOBODY = "The platform's name of this person is not known any more: the person has to come from there once."


@dataclass(frozen=True)
class Parcel:
    """All that sending needs, so that no session is held meanwhile."""

    item_id: str
    cell_id: str
    lease: str
    place: Place
    sub: str
    want: Want
    stamp: datetime
    last_stamp: datetime | None  # before this try; None: nothing was ever sent for this cell
    last_sent: float | None
    tries: int  # with this one
    ours: frozenset[float]  # scores that may stand there because we sent them
    difference: str
    overrule: bool
    submission_id: str  # of the work that counts; "": there is none
    submitted_at: datetime | None


@dataclass(frozen=True)
class Outcome:
    """`answer` None: nothing was sent, because nothing needed to be. `newer`: timestamps must be later than that."""

    step: Step
    answer: Answer | None
    reply: Reply
    sent: bool = True
    reading: Reading | None = None
    column: Column | None = None
    newer: datetime | None = None
    text: str = ""  # what was wrong, where that is not in the reply


def claim(session: Session, item_id: str, now: datetime) -> Parcel | None:
    """Take the next cell of a column. Its timestamp is fixed here and committed, so that none is used twice."""
    item = queries.item(session, item_id)
    if item is None or item.context.course_id != item.assignment.course_id:
        return None
    registration = item.context.deployment.registration
    if registration.disabled_at is not None:
        return None
    while (cell := queries.next_due(session, item_id, now)) is not None:
        stamp = next_stamp(cell.last_timestamp, now)
        link = lti.link_of_user(session, registration.id, cell.user_id)
        if link is None:
            cell.last_try_at = now  # a visit from there after this has it tried again
            enter(session, cell, item, Step(SyncState.BLOCKED_USER, _NOBODY))
        elif stamp is None:
            assert cell.last_timestamp is not None
            cell.state, cell.next_try_at = SyncState.QUEUED, cell.last_timestamp + SECOND
        else:
            return _lease(session, cell, item, link.sub, stamp, now)
        session.flush()
    return None


def _lease(session: Session, cell: LtiGradeSync, item: LtiLineItem, sub: str, stamp: datetime, now: datetime) -> Parcel:
    want = want_of(cell)
    counted = queries.counted(session, cell.user_id, item.assignment_id)
    parcel = Parcel(
        item_id=item.id,
        cell_id=cell.id,
        lease=new_id(),
        place=place_of(item, want.maximum),
        sub=sub,
        want=want,
        stamp=stamp,
        last_stamp=cell.last_timestamp,
        last_sent=cell.sent_score,
        tries=cell.tries + 1,
        ours=frozenset(score for score in (cell.sent_score, cell.acked_score) if score is not None),
        difference=cell.difference,
        overrule=cell.overrule,
        submission_id=counted.id if counted is not None else "",
        submitted_at=counted.created_at if counted is not None else None,
    )
    cell.state, cell.lease, cell.lease_until = SyncState.POSTING, parcel.lease, now + LEASE
    cell.tries, cell.last_try_at, cell.last_timestamp = parcel.tries, now, stamp
    if want.score is not None:
        cell.sent_score = want.score
    session.flush()
    return parcel


def place_of(item: LtiLineItem, maximum: float) -> Place:
    context, link = item.context, item.resource_link
    return Place(
        platform=Platform.of(context.deployment.registration),
        family=context.deployment.registration.family.lower(),
        line_items_url=context.line_items_url,
        resource_id=item.assignment_id,
        resource_link_id=link.resource_link_id if link is not None else "",
        label=item.assignment.title,
        maximum=maximum,
        can_make=LINE_ITEM_SCOPE in context.grade_scopes,
        column=Column(item.url, item.label, item.score_maximum) if item.url else None,
    )


def record(session: Session, parcel: Parcel, outcome: Outcome, now: datetime) -> bool:
    """Note the try, and what follows from it; False: leave the column alone for now.

    A lease that was lost in between changes no state.
    """
    item = queries.item(session, parcel.item_id, lock=True)
    cell = queries.cell(session, parcel.cell_id, lock=True)
    if item is None or cell is None:
        return False
    _note_column(item, outcome)
    if cell.state is not SyncState.POSTING or cell.lease != parcel.lease:
        return True
    _note_answer(cell, outcome, now)
    if not outcome.sent:
        cell.last_timestamp, cell.sent_score = parcel.last_stamp, parcel.last_sent
    step = outcome.step
    newest = want_of(cell)
    if step.acked:
        same = (newest.score, newest.draft) == (parcel.want.score, parcel.want.draft)
        cell.acked_revision = newest.revision if same else parcel.want.revision
        cell.acked_score = parcel.want.score
    cell.lease_until = None
    if (newest.score, newest.draft, newest.maximum) != (parcel.want.score, parcel.want.draft, parcel.want.maximum):
        cell.state, cell.tries, cell.problem = SyncState.QUEUED, 0, ""  # the latest wins
        cell.next_try_at = now
        return True
    enter(session, cell, item, step)
    if step.state in WAITING:
        again = schedule.next_try(parcel.tries, now, outcome.reply.headers.get("retry-after", "")[:100])
        cell.next_try_at = again or now + schedule.LONGEST_RETRY_AFTER
        if outcome.answer in OF_THE_PLATFORM or outcome.column is None:
            session.flush()
            queries.postpone(session, item.id, cell.next_try_at, cell.problem)
            return False
    return True


def _note_column(item: LtiLineItem, outcome: Outcome) -> None:
    if outcome.answer is Answer.GONE and outcome.column is not None and item.url == outcome.column.url:
        item.url = ""  # looked for anew with the next try
    elif outcome.column is not None and outcome.answer is not Answer.GONE:
        item.url, item.label, item.score_maximum = outcome.column.url, outcome.column.label, outcome.column.maximum
    item.problem = outcome.text if outcome.column is None else ""


def _note_answer(cell: LtiGradeSync, outcome: Outcome, now: datetime) -> None:
    cell.last_status = outcome.reply.status
    cell.excerpt = excerpt(outcome.reply)
    if outcome.reading is not None:
        result = outcome.reading.result
        cell.read_at = now
        cell.read_score = result.score if result is not None else None
        cell.read_maximum = result.maximum if result is not None else None
    if outcome.newer is not None and cell.last_timestamp is not None:
        cell.last_timestamp = max(cell.last_timestamp, min(outcome.newer, now + MOST_AHEAD))
    said = outcome.text or outcome.reply.problem
    if said and not outcome.step.acked:
        cell.excerpt = f"{said}\n{cell.excerpt}".strip()


def enter(session: Session, cell: LtiGradeSync, item: LtiLineItem, step: Step) -> None:
    """Put a cell into the state of `step`. A failure is told once, until the cell is well or wants something new."""
    cell.state, cell.problem, cell.difference = step.state, step.problem, step.difference
    if step.state not in WAITING:
        cell.overrule = False  # asked for once
    if step.state is SyncState.ACKED:
        cell.failure_told = False
    elif step.state in FAILURES and not cell.failure_told:
        cell.failure_told = True
        payload = {
            "sync_id": cell.id, "student_id": cell.user_id, "assignment_id": item.assignment_id,
            "platform": item.context.deployment.registration.name, "state": step.state.value, "reason": step.problem,
            "revision": cell.wanted_revision,
        }  # fmt: skip
        outbox.add(session, LTI_SYNC_FAILED, cell.id, payload)
