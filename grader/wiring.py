"""The parts of the grader put together for one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from grader.broker import JobBroker
from grader.db.engine import make_engine
from grader.db.session import Sessions, after_commit, make_sessions, read_only, unit_of_work
from grader.grading.rules import GradingRules
from grader.lms.http.addresses import Rules
from grader.lms.lti.parts import Lti
from grader.lms.webhooks.secrets import Sealer
from grader.lms.webhooks.sending import Sender
from grader.oidc.provider import Provider
from grader.outbox.service import WOKEN, JobWriter
from grader.progress import ProgressReader
from grader.queueing.dispatching import Dispatched, Dispatcher
from grader.queueing.window import AHEAD_S
from grader.settings import Settings
from grader.signing import Signer
from grader.storage import BlobStore, open_store


@dataclass(frozen=True)
class Webhooks:
    sealer: Sealer
    sender: Sender

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(Sealer(settings.secret_key.get_secret_value()), Sender(Rules.of(settings.webhook_networks)))


@dataclass(frozen=True)
class Backend:
    """Make it after forking: its connections belong to one process."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    blobs: BlobStore
    signer: Signer
    broker: JobBroker
    progress: ProgressReader
    rules: GradingRules
    webhooks: Webhooks
    lti: Lti
    dispatcher: Dispatcher
    provider: Provider | None  # of single sign-on

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        """Nothing is contacted yet: a database or broker that is down shows with the first use."""
        engine = make_engine(settings.database_url)
        sessions = make_sessions(engine)
        secret_key = settings.secret_key.get_secret_value()
        signer = Signer(secret_key, lifetime_s=settings.blob_ticket_s)
        broker = JobBroker(settings.broker_url)
        return cls(
            settings=settings,
            engine=engine,
            sessions=sessions,
            blobs=open_store(settings.blob_url),
            signer=signer,
            broker=broker,
            progress=ProgressReader(settings.progress_url),
            rules=GradingRules.of(settings),
            webhooks=Webhooks.of(settings),
            lti=Lti.of(Rules.of(settings.webhook_networks), secret_key, lambda: unit_of_work(sessions)),
            dispatcher=Dispatcher(
                sessions,
                broker.publish,
                JobWriter(signer, settings.internal_url),
                settings.queue_window,
                AHEAD_S,
            ),
            provider=Provider.of(settings),
        )

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One use case: committed at the end, or rolled back by an exception; then its jobs are sent.

        Sending takes at most about a second and never raises: with the broker down the sweeper does it later.
        """
        with unit_of_work(self.sessions) as session:
            after_commit(session, lambda: self._dispatch_woken(session), key=WOKEN)
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with read_only(self.sessions) as session:
            yield session

    def dispatch(self) -> Dispatched:
        """Hand out the jobs that are due and have room."""
        return self.dispatcher.dispatch()

    def _dispatch_woken(self, session: Session) -> None:
        if queues := session.info.pop(WOKEN, None):
            self.dispatcher.dispatch(queues)

    def close(self) -> None:
        self.progress.close()
        self.broker.close()
        self.engine.dispose()
