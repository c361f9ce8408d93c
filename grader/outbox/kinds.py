"""What an outbox row can be."""

from __future__ import annotations

RUN_JOB = "run.job"  # a job message for a worker; the payload names the run
SUBMISSION_RECEIVED = "submission.received"
SUBMISSION_GRADED = "submission.graded"
GRADE_RELEASED = "grade.released"
GRADE_CHANGED = "grade.changed"
GRADE_RETRACTED = "grade.retracted"
ROSTER_SYNCED = "roster.synced"
LTI_SYNC_FAILED = "lti.sync_failed"
WEBHOOK_DISABLED = "webhook.disabled"

# What the world outside may be told of.
EVENTS = (
    SUBMISSION_RECEIVED,
    SUBMISSION_GRADED,
    GRADE_RELEASED,
    GRADE_CHANGED,
    GRADE_RETRACTED,
    ROSTER_SYNCED,
    LTI_SYNC_FAILED,
    WEBHOOK_DISABLED,
)
