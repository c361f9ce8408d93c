"""What an outbox row can be."""

from __future__ import annotations

RUN_JOB = "run.job"  # a job message for a worker; the payload names the run
SUBMISSION_GRADED = "submission.graded"
GRADE_RELEASED = "grade.released"
GRADE_CHANGED = "grade.changed"
GRADE_RETRACTED = "grade.retracted"
