"""An endpoint of webhooks at a receiver of this machine, and a clock that is turned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook

from grader.db.models import WebhookDelivery, WebhookEndpoint
from grader.lms.http.addresses import Rules
from grader.lms.webhooks import queries, service
from grader.lms.webhooks.delivery import Courier
from grader.lms.webhooks.fanout import fan_out
from grader.lms.webhooks.secrets import Sealer
from grader.lms.webhooks.sending import Sender
from tests.support.receivers import Receiver, receiving
from tests.support.world import TEST, World

PUBLIC = "https://grader.example.org"
SEALER = Sealer("a-key-of-tests")


@dataclass
class Hook:
    """One endpoint at a receiver of this machine. Nothing waits: `now` is turned by hand."""

    world: World
    receiver: Receiver
    endpoint_id: str = ""
    secret: str = ""
    now: datetime = field(default_factory=lambda: datetime.now().astimezone())

    def add(self, *events: str, course: bool = True) -> service.Added:
        with self.world.backend.writing() as session:
            return service.add(
                session, course_id=self.world.course.id if course else None, url=self.receiver.url, description="",
                events=events, sealer=SEALER, by=TEST, now=self.now,
            )  # fmt: skip

    @property
    def courier(self) -> Courier:
        sender = Sender(Rules.of("127.0.0.0/8"))
        return Courier(self.world.backend.writing, SEALER, sender, lambda: self.now)

    def run(self, *, later: timedelta = timedelta()) -> int:
        self.now += later
        with self.world.backend.writing() as session:
            fan_out(session, PUBLIC, self.now)
        return self.courier.serve(self.endpoint_id)

    def endpoint(self) -> WebhookEndpoint:
        with self.world.backend.reading() as session:
            return session.get_one(WebhookEndpoint, self.endpoint_id)

    def deliveries(self) -> list[WebhookDelivery]:
        with self.world.backend.reading() as session:
            return queries.deliveries(session, self.endpoint_id, limit=100)[::-1]

    def states(self) -> list[str]:
        return [delivery.state.value for delivery in self.deliveries()]

    def events(self) -> list[str]:
        """What arrived; the signatures are checked, whatever the clock says."""
        for headers, body in self.receiver.got:
            at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
            expected = Webhook(self.secret).sign(headers["webhook-id"], at, body.decode())
            assert expected in headers["webhook-signature"].split()
        return [json.loads(body)["type"] for _, body in self.receiver.got]

    def forget(self) -> None:
        self.receiver.got.clear()


@contextmanager
def hooked(world: World) -> Iterator[Hook]:
    with receiving() as receiver:
        made = Hook(world, receiver)
        added = made.add()
        made.endpoint_id, made.secret = added.endpoint.id, added.secret
        yield made
