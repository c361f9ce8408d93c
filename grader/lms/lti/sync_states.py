"""What follows from a platform's answer: one function from a cell and what was answered to the cell's next state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grader.db.models import SyncState
from grader.lms.lti.grades import CANVAS, KEEPS_OVERRIDES, Match, Result, Want, compare

# States in which somebody must look; each is told once as `lti.sync_failed`.
FAILURES = frozenset({SyncState.OVERRIDDEN, SyncState.BLOCKED_USER, SyncState.DEAD})
WAITING = frozenset({SyncState.QUEUED, SyncState.RETRY, SyncState.CONFLICT})


class Answer(StrEnum):
    """What an answer of a platform means, whatever its status."""

    ACCEPTED = "accepted"
    STALE = "stale"  # it says that it has something as new or newer
    NOT_A_STUDENT = "not_a_student"
    SLOW_DOWN = "slow_down"
    AWAY = "away"  # no answer, or one from a gateway: nothing that this cell could help
    FAULT = "fault"  # it failed at this score: a locked item, say
    NO_ACCESS = "no_access"
    GONE = "gone"  # there is no such line item
    REFUSED = "refused"


# How often a wanted revision is tried before it is given up.
MOST_TRIES = {
    Answer.STALE: 6, Answer.SLOW_DOWN: 10, Answer.AWAY: 10, Answer.FAULT: 5, Answer.NO_ACCESS: 4, Answer.GONE: 3,
    Answer.REFUSED: 2,
}  # fmt: skip
# What one cell met, every cell of the platform's gradebook would meet.
OF_THE_PLATFORM = frozenset({Answer.SLOW_DOWN, Answer.AWAY})

_WHY = {
    Answer.STALE: "The platform keeps saying that it has a newer grade, and shows another one than ours.",
    Answer.SLOW_DOWN: "The platform asks to send more slowly.",
    Answer.AWAY: "The platform cannot be reached, or lets us in no longer.",
    Answer.FAULT: "The platform failed to store the grade. The most usual reason is that the grade or its column is "
    "locked there: unlock it and send again.",
    Answer.NO_ACCESS: "The platform does not let the service write grades. Allow grade synchronisation for the tool "
    "there and send again.",
    Answer.GONE: "The platform has no such column any more.",
    Answer.REFUSED: "The platform refuses the grade.",
}
_NOT_A_STUDENT = (
    "The platform takes no grade for this person: not (or no longer) a student of the course there. It is sent again "
    "after the person's next visit from there, or when somebody asks for it."
)


@dataclass(frozen=True)
class Reading:
    """A result that was read back. `match` is against what was sent."""

    result: Result | None
    match: Match


@dataclass(frozen=True)
class Step:
    """`problem` is for people; "" where all is well. `acked`: the platform has the revision that was sent."""

    state: SyncState
    problem: str = ""
    acked: bool = False
    difference: str = ""


def classify(status: int | None, body: str, family: str) -> Answer:
    """What a platform means by a status. `body`: how the answer begins."""
    text = body.lower()
    if status is None or status in (408, 502, 503, 504):
        return Answer.AWAY
    if 200 <= status < 300:
        return Answer.ACCEPTED
    if status == 409 or (status == 400 and "timestamp" in text and "submitted_at" not in text):
        return Answer.STALE
    if status == 429 or (status == 403 and (family == CANVAS or "rate limit" in text)):
        return Answer.SLOW_DOWN
    if status in (401, 403):
        return Answer.NO_ACCESS
    if status in (404, 410):
        return Answer.GONE
    if status == 422:  # Canvas has other reasons for it too, which the next try does not give it
        return Answer.REFUSED if "attempt" in text or "score" in text else Answer.NOT_A_STUDENT
    if status == 400 and family != CANVAS:
        return Answer.NOT_A_STUDENT
    return Answer.FAULT if status >= 500 else Answer.REFUSED


def decide(want: Want, answer: Answer, reading: Reading | None, tries: int) -> Step:
    """The next state of a cell for which `want` was sent and answered. `tries` counts this one.

    `reading` is what was read back after an answer of ACCEPTED or STALE; None where that could not be read.
    """
    if answer is Answer.ACCEPTED:
        return _accepted(want, reading)
    if answer is Answer.STALE and reading is not None and reading.match in (Match.SAME, Match.CLIPPED):
        return _accepted(want, reading)  # an earlier try had arrived
    if answer is Answer.NOT_A_STUDENT:
        return Step(SyncState.BLOCKED_USER, _NOT_A_STUDENT)
    if tries >= MOST_TRIES[answer]:
        return Step(SyncState.DEAD, f"Given up after {tries} tries. {_WHY[answer]}")
    if answer is Answer.STALE:
        return Step(SyncState.CONFLICT, "The platform says that it has a newer grade; ours is sent again.")
    return Step(SyncState.RETRY, _WHY[answer])


def _accepted(want: Want, reading: Reading | None) -> Step:
    if reading is None:
        return Step(SyncState.ACKED, "Accepted; what the platform now shows could not be read back.", acked=True)
    if reading.match is Match.SAME:
        return Step(SyncState.ACKED, acked=True)
    if reading.match is Match.CLIPPED:
        assert reading.result is not None
        return Step(SyncState.ACKED, f"The platform cut it down to {_shown(reading.result)}.", acked=True)
    if reading.match is Match.NOTHING:
        return Step(SyncState.ACKED, "Accepted, but the platform shows no grade (yet).", acked=True)
    assert reading.result is not None
    text = difference(want, reading.result)
    return Step(SyncState.OVERRIDDEN, text, acked=True, difference=text)


def difference(want: Want, result: Result | None) -> str:
    """How what the platform shows differs from what was sent, for people."""
    if result is None or result.score is None:
        return "The platform shows no grade, although ours had been accepted: somebody removed it there."
    if want.score is None:
        return (
            f"The grade was taken back, but the platform still shows {_shown(result)}: a teacher's own grade stands "
            "there. Remove it there if it should go."
        )
    return f"The platform shows {_shown(result)}: a teacher's own grade there stands above ours."


def _shown(result: Result) -> str:
    return f"{result.score:g}" if not result.maximum else f"{result.score:g} of {result.maximum:g}"


def must_look(want: Want, family: str, *, overrule: bool) -> bool:
    """Whether to read what the platform holds first, because sending could erase a teacher's own grade."""
    return want.score is None or (family not in KEEPS_OVERRIDES and not overrule)


def look_first(want: Want, result: Result | None, ours: frozenset[float], column_maximum: float | None) -> Step | None:
    """What follows from that look; None: send. `ours`: the scores that may stand there because we sent them."""
    nothing = result is None or result.score is None
    if nothing and want.score is None and 0.0 not in ours:  # a zero of ours may be there unseen
        return Step(SyncState.ACKED, acked=True)
    is_ours = any(
        compare(Want(0, score, want.maximum), result, column_maximum) in (Match.SAME, Match.CLIPPED) for score in ours
    )
    if nothing or is_ours:
        return None
    assert result is not None
    text = f"The platform shows {_shown(result)}, which is not what was sent before: a teacher's own grade, left alone."
    return Step(SyncState.OVERRIDDEN, text, difference=text)
