"""Messages survive the trip as JSON, and hostile ones are refused by name."""

import json

import pytest

from worker.contract import (
    CellSummary,
    CheckResult,
    GradeStatus,
    JobMessage,
    Limits,
    MessageError,
    Queue,
    ResultMessage,
    Seconds,
    StartedMessage,
    Verdict,
)

JOB = JobMessage(
    run_id="r",
    submission_id="s",
    lease="l",
    assignment="a",
    assignment_version="v",
    digest="d",
    blob_url="http://x/",
    limits=Limits(wall_s=3.5, processes=9),
    queue=Queue.GPU,
    answers={"k": "0.951"},
    attempt=2,
)
RESULT = ResultMessage(
    run_id="r",
    lease="l",
    status=GradeStatus.GRADED,
    score=1.5,
    max_score=2.0,
    checks=(CheckResult("k", "t", 1.5, 2.0, Verdict.PARTIAL, "m", "minus-sign", "staff", 31.25),),
    seconds=Seconds(1.0, 0.75, 0.25),
    cells=(CellSummary(3, "error", 0.1, "ValueError: x"),),
    notices=("n",),
    executed="a" * 64,
)


@pytest.mark.parametrize("message", [JOB, RESULT, StartedMessage("r", "l", "w")])
def test_a_message_survives_the_trip_as_json(message: JobMessage | ResultMessage | StartedMessage) -> None:
    assert type(message).from_json(json.loads(json.dumps(message.to_json()))) == message


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"score": float("nan")}, "score"),
        ({"score": True}, "score"),
        ({"executed": "../etc/passwd"}, "executed"),
        ({"score": -1}, "score"),
        ({"status": "splendid"}, "status"),
        ({"run_id": ""}, "run_id"),
        ({"run_id": 7}, "run_id"),
        ({"checks": "none"}, "checks"),
        ({"checks": [{}] * 201}, "checks"),
        ({"checks": [{"key": "k", "points": 3, "max_points": 2, "verdict": "passed"}]}, "points"),
        ({"seconds": None}, "seconds"),
        ({"version": 99}, "version"),
    ],
)
def test_a_malformed_result_is_refused_by_the_name_of_the_field(change: dict[str, object], named: str) -> None:
    with pytest.raises(MessageError, match=named):
        ResultMessage.from_json({**RESULT.to_json(), **change})


def test_limits_that_no_worker_can_keep_are_refused() -> None:
    with pytest.raises(MessageError, match="wall_s"):
        JobMessage.from_json({**JOB.to_json(), "limits": {"wall_s": -1}})


def test_long_texts_are_cut() -> None:
    assert len(ResultMessage.from_json({**RESULT.to_json(), "staff_text": "x" * 10**6}).staff_text) == 4_000


def test_what_students_see_holds_no_staff_text() -> None:
    assert "staff" not in json.dumps(RESULT.checks[0].public())
