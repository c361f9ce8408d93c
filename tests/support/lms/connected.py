"""A course that is connected to a platform on this machine: grades change here, arrive there, and a clock is turned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from grader.db.models import (
    Grade,
    LtiContext,
    LtiDeployment,
    LtiGradeSync,
    LtiLineItem,
    LtiRegistration,
    LtiResourceLink,
    LtiUserLink,
    OutboxMessage,
    SyncState,
    User,
)
from grader.gradebook import overrides
from grader.gradebook.overrides import Decision
from grader.lms.http.addresses import Rules
from grader.lms.http.client import Client
from grader.lms.lti import sync_queries, sync_service
from grader.lms.lti.keys import Signer
from grader.lms.lti.names import SCOPES
from grader.lms.lti.services import Services
from grader.lms.lti.sync import Courier
from grader.lms.lti.sync_platform import Gradebook as Remote
from grader.lms.lti.sync_reconciling import Auditor, Reconciled
from grader.lms.lti.sync_wants import catch_up, hear
from grader.lms.lti.tokens import Tokens
from grader.lms.webhooks.fanout import fan_out
from grader.outbox.kinds import LTI_SYNC_FAILED
from tests.support.lms.gradebook import Cell, Gradebook
from tests.support.lms.platform import Platform, running
from tests.support.world import TEST, World

PUBLIC = "https://grader.example.org"


class Unsigned:
    """In place of the signer: making keys is slow, and what a token is asked for with is tested elsewhere."""

    def sign(self, claims: dict[str, Any]) -> str:
        return "an.assertion.of-tests"


def remote(rules: str = "127.0.0.0/8") -> Remote:
    """`rules`: which addresses the services may have; that of the token is always reached."""
    tokens = Tokens(Client(Rules.of("127.0.0.0/8"), 30.0), cast(Signer, Unsigned()))
    return Remote(Services(Client(Rules.of(rules), 30.0), tokens))


@dataclass
class Connected:
    """Ada is the platform's "u-ada", Bob its "u-bob". Nothing waits: `now` is turned by hand."""

    world: World
    platform: Platform
    family: str
    remote: Remote = field(default_factory=remote)
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=250_000))
    context_id: str = ""

    # --- here ------------------------------------------------------------------------------------------------

    def connect(self, *, link_to_assignment: bool = True, line_item_url: str = "") -> None:
        world = self.world
        with world.backend.writing() as session:
            registration = LtiRegistration(
                name="Campus", family=self.family, issuer=f"{self.platform.url}/{self.family}", client_id="grader",
                auth_url=f"{self.platform.url}/auth", token_url=f"{self.platform.url}/token",
                jwks_url=f"{self.platform.url}/jwks", frame_origins=[],
            )  # fmt: skip
            session.add(registration)
            session.flush()
            deployment = LtiDeployment(registration_id=registration.id, deployment_id="1")
            session.add(deployment)
            session.flush()
            context = LtiContext(
                deployment_id=deployment.id, context_id="2", title="Deep learning", course_id=world.course.id,
                linked_at=self.now, line_items_url=self.platform.line_items_url, grade_scopes=list(SCOPES),
            )  # fmt: skip
            session.add(context)
            session.flush()
            session.add(
                LtiResourceLink(
                    context_id=context.id, resource_link_id="77", line_item_url=line_item_url,
                    assignment_id=world.assignment.id if link_to_assignment else None,
                )
            )  # fmt: skip
            for user, sub in ((world.student, "u-ada"), (world.other, "u-bob")):
                session.add(
                    LtiUserLink(
                        registration_id=registration.id, sub=sub, user_id=user.id, seen_at=self.now, email="a@b.org"
                    )
                )
            self.context_id = context.id

    def give(self, score: float | None, *, student: User | None = None, excused: bool = False) -> None:
        """An instructor sets the grade, excuses, or (None) takes back what was set."""
        with self.world.backend.writing() as session:
            self.decide(session, score, student=student, excused=excused)

    def decide(
        self, session: Session, score: float | None, *, student: User | None = None, excused: bool = False
    ) -> None:
        student = student or self.world.student
        grade = session.scalar(select(Grade).where(Grade.student_id == student.id))
        decision = Decision(score, excused, "a test" if score is not None or excused else "")
        overrides.decide(
            session, assignment=self.world.assignment, student=student, decision=decision,
            expected=grade.revision if grade is not None else 0, by=TEST,
        )  # fmt: skip

    def show(self, shown: bool) -> None:
        with self.world.backend.writing() as session:
            overrides.show_grades(session, assignment=self.world.assignment, shown=shown, by=TEST)

    # --- in between ------------------------------------------------------------------------------------------

    @property
    def courier(self) -> Courier:
        return Courier(self.world.backend.writing, self.remote, lambda: self.now)

    def hear(self) -> None:
        with self.world.backend.writing() as session:
            fan_out(session, PUBLIC, self.now, listener=hear)

    def turn(self, seconds: float = 2.0) -> int:
        """What the sweeper and the task do, `seconds` later; tells how many scores were tried."""
        self.now += timedelta(seconds=seconds)
        self.hear()
        with self.world.backend.reading() as session:
            due = sync_queries.due_items(session, self.now)
        return sum(self.courier.serve(item_id) for item_id in due)

    def catch_up(self) -> int:
        with self.world.backend.writing() as session:
            return catch_up(session, self.now)

    def settle(self, turns: int = 40) -> None:
        """Let all that is to be tried be tried, each when it is due."""
        for _ in range(turns):
            self.turn()
            with self.world.backend.reading() as session:
                waiting = session.scalars(
                    select(LtiGradeSync.next_try_at).where(
                        LtiGradeSync.state.in_([SyncState.QUEUED, SyncState.RETRY, SyncState.CONFLICT])
                    )
                ).all()
            if not waiting:
                return
            self.now = max(self.now, min(waiting))
        raise AssertionError("it is tried for ever")

    def settle_after(self, wait: timedelta) -> None:
        self.now += wait
        self.settle()

    def reconcile(self) -> Reconciled:
        with self.world.backend.reading() as session:
            [item_id] = session.scalars(select(LtiLineItem.id)).all()
        self.now += timedelta(seconds=5)
        return Auditor(self.world.backend.writing, self.remote, lambda: self.now).reconcile(item_id)

    def send_again(self, student: User | None = None) -> None:
        with self.world.backend.writing() as session:
            cell = sync_queries.cell(session, self.cell(student).id, lock=True)
            assert cell is not None
            sync_service.send_again(session, cell, by=TEST, now=self.now)

    def cell(self, student: User | None = None) -> LtiGradeSync:
        student = student or self.world.student
        with self.world.backend.reading() as session:
            return session.scalars(select(LtiGradeSync).where(LtiGradeSync.user_id == student.id)).one()

    def state(self, student: User | None = None) -> str:
        return self.cell(student).state.value

    def failures(self) -> list[str]:
        """The states of which the world outside was told, oldest first."""
        with self.world.backend.reading() as session:
            query = select(OutboxMessage).where(OutboxMessage.kind == LTI_SYNC_FAILED).order_by(OutboxMessage.id)
            return [message.payload["state"] for message in session.scalars(query)]

    # --- there -----------------------------------------------------------------------------------------------

    def there(self, sub: str = "u-ada", column: int = 1) -> Cell:
        return self.platform.gradebook.columns[column].cell(sub)


@contextmanager
def connected(world: World, gradebook: Gradebook, family: str) -> Iterator[Connected]:
    gradebook.students |= {"u-ada", "u-bob"}
    with running(gradebook) as platform:
        found = Connected(world, platform, family)
        gradebook.clock = lambda: found.now
        found.connect()
        yield found
