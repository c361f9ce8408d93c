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
from grader.outbox.service import NEW_JOBS, Dispatched, JobWriter, dispatch_pending
from grader.progress import ProgressReader
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
    provider: Provider | None  # of single sign-on

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        """Nothing is contacted yet: a database or broker that is down shows with the first use."""
        engine = make_engine(settings.database_url)
        sessions = make_sessions(engine)
        secret_key = settings.secret_key.get_secret_value()
        return cls(
            settings=settings,
            engine=engine,
            sessions=sessions,
            blobs=open_store(settings.blob_url),
            signer=Signer(secret_key, lifetime_s=settings.blob_ticket_s),
            broker=JobBroker(settings.broker_url),
            progress=ProgressReader(settings.progress_url),
            rules=GradingRules.of(settings),
            webhooks=Webhooks.of(settings),
            lti=Lti.of(Rules.of(settings.webhook_networks), secret_key, lambda: unit_of_work(sessions)),
            provider=Provider.of(settings),
        )

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One use case: committed at the end, or rolled back by an exception; then its jobs are sent.

        Sending takes at most about a second and never raises: with the broker down the sweeper does it later.
        """
        with unit_of_work(self.sessions) as session:
            after_commit(session, lambda: self._send_new(session), key=NEW_JOBS)
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with read_only(self.sessions) as session:
            yield session

    def dispatch(self, only: list[str] | None = None) -> Dispatched:
        """Send the jobs that are due, or those of the rows `only`."""
        writer = JobWriter(self.signer, self.settings.internal_url)
        return dispatch_pending(self.sessions, self.broker.publish, writer, only=only)

    def _send_new(self, session: Session) -> None:
        rows = session.info.pop(NEW_JOBS, [])
        if rows:
            self.dispatch(rows)

    def close(self) -> None:
        self.progress.close()
        self.broker.close()
        self.engine.dispose()
