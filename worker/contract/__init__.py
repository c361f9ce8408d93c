"""The messages between the grader and its workers, and the names that both sides use.

Standard library only: the grader imports this package and nothing else of `worker`. Every message is a
frozen dataclass with `to_json` / `from_json`; `from_json` treats what it gets as hostile, because a result
message travels through a broker that many machines can write to.
"""

from worker.contract.fields import MAX_TEXT, MessageError
from worker.contract.holding import (
    HEARTBEAT_S,
    LEASE_S,
    TASK_HANDED_BACK,
    TASK_HEARTBEAT,
    TASK_STARTED,
    HandBack,
    HandedBackMessage,
    StartedMessage,
)
from worker.contract.job import TASK_GRADE, JobMessage, Limits, Queue
from worker.contract.message import MESSAGE_VERSION, RESULTS_QUEUE
from worker.contract.progress import Progress, progress_channel
from worker.contract.result import (
    MAX_EXECUTED_BYTES,
    TASK_RESULT,
    CellSummary,
    CheckResult,
    Failure,
    GradeStatus,
    ResultMessage,
    Seconds,
    Stage,
    Verdict,
)

__all__ = [
    "HEARTBEAT_S",
    "LEASE_S",
    "MAX_EXECUTED_BYTES",
    "MAX_TEXT",
    "MESSAGE_VERSION",
    "RESULTS_QUEUE",
    "TASK_GRADE",
    "TASK_HANDED_BACK",
    "TASK_HEARTBEAT",
    "TASK_RESULT",
    "TASK_STARTED",
    "CellSummary",
    "CheckResult",
    "Failure",
    "GradeStatus",
    "HandBack",
    "HandedBackMessage",
    "JobMessage",
    "Limits",
    "MessageError",
    "Progress",
    "Queue",
    "ResultMessage",
    "Seconds",
    "Stage",
    "StartedMessage",
    "Verdict",
    "progress_channel",
]
