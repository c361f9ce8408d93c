from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from grader.settings import Settings
from worker.contract import LEASE_S


@dataclass(frozen=True)
class GradingRules:
    """How long to wait for whom, and how often to try."""

    lease_s: float = LEASE_S
    sweep_s: float = 5.0
    dispatch_grace_s: float = 15.0
    max_attempts: int = 4  # failures of ours
    quarantine_after: int = 3  # workers that died at one notebook
    first_retry_s: float = 5.0  # after a failure of ours; four times as long after each further one

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            lease_s=settings.lease_s,
            sweep_s=settings.sweep_s,
            dispatch_grace_s=settings.dispatch_grace_s,
            max_attempts=settings.max_attempts,
            quarantine_after=settings.quarantine_after,
        )

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_s)

    def retry_wait(self, attempt: int) -> timedelta:
        """How long to wait after `attempt` failed: a fault of the whole service must not use up all tries at once."""
        return timedelta(seconds=self.first_retry_s * 4 ** (attempt - 1))
