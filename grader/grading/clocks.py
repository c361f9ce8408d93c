"""What is mended when the machine's clock was set back."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from grader.db.models import OutboxMessage, Run, RunStatus
from grader.grading.rules import GradingRules

log = logging.getLogger(__name__)

_LONGEST_CLAIM = timedelta(minutes=1)  # of a row that is being sent (grader.queueing)


def mend_set_back(session: Session, last_at: datetime, now: datetime, rules: GradingRules) -> bool:
    """Bring near what was written before the clock was set back, if it was; tells whether.

    Otherwise a run whose worker died, and a job that waits, would lie there for as long as the clock jumped.
    Only times that nobody could have written by the clock of now are changed: what is on its way goes on.
    """
    if last_at - now <= rules.lease:
        return False
    waits = max(rules.retry_wait(rules.max_attempts), _LONGEST_CLAIM)
    running = update(Run).where(Run.status == RunStatus.RUNNING, Run.lease_expires_at > now + rules.lease)
    sent = update(Run).where(Run.status == RunStatus.QUEUED, Run.dispatched_at > now)
    owed = update(OutboxMessage).where(OutboxMessage.dispatched_at.is_(None), OutboxMessage.next_try_at > now + waits)
    for statement in (
        running.values(lease_expires_at=now + rules.lease),
        sent.values(dispatched_at=now),
        owed.values(next_try_at=now),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    log.warning("the clock was set back by %.0f s; leases and jobs were brought near", (last_at - now).total_seconds())
    return True
