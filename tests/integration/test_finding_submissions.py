from __future__ import annotations

import pytest

from grader.db.models import SubmissionStatus
from grader.submissions import queries
from grader.submissions.filters import SubmissionFilter
from tests.support.world import World, graded, rejected


@pytest.fixture
def five(world: World) -> list[str]:
    """Ada: 4 of 10, then 9 of 10, then queued. Bob: rejected, then 6 of 10 as `100%_sure.ipynb`."""
    first, second = world.submit("a"), world.submit("b")
    world.record(graded(first.run, 4.0))
    world.record(graded(second.run, 9.0))
    third = world.submit("c")
    fourth = world.submit("d", student=world.other)
    world.record(rejected(fourth.run))
    fifth = world.submit("e", student=world.other, filename="100%_sure.ipynb")
    world.record(graded(fifth.run, 6.0))
    return [accepted.submission.id for accepted in (first, second, third, fourth, fifth)]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, [4, 3, 2, 1, 0]),
        ({"statuses": (SubmissionStatus.GRADED,)}, [4, 1, 0]),
        ({"statuses": (SubmissionStatus.QUEUED, SubmissionStatus.REJECTED)}, [3, 2]),
        ({"text": "BOB"}, [4, 3]),
        ({"text": "ada@exam"}, [2, 1, 0]),
        ({"text": "100%_s"}, [4]),
        ({"text": "%"}, [4]),
        ({"text": "_"}, [4]),
        ({"latest_only": True}, [4, 2]),
        ({"latest_only": True, "statuses": (SubmissionStatus.GRADED,)}, [4]),
        ({"score_min": 5}, [4, 1]),
        ({"score_max": 6}, [4, 0]),
        ({"score_min": 4, "score_max": 4}, [0]),
        ({"assignment_id": "another"}, []),
    ],
)
def test_submissions_are_found_by_what_is_asked_of_them(
    world: World, five: list[str], conditions: dict[str, object], expected: list[int]
) -> None:
    filters = SubmissionFilter(**{"assignment_id": world.assignment.id, **conditions})  # type: ignore[arg-type]
    with world.backend.reading() as session:
        page = queries.find(session, filters)
        assert [five.index(row.submission.id) for row in page.rows] == expected
        assert page.total == len(expected)
        assert queries.ids_of(session, filters) == [five[i] for i in reversed(expected)]


def test_a_page_holds_its_part_and_the_total_is_of_all(world: World, five: list[str]) -> None:
    filters = SubmissionFilter(world.assignment.id)
    with world.backend.reading() as session:
        page = queries.find(session, filters, limit=2, offset=2)
    assert [five.index(row.submission.id) for row in page.rows] == [2, 1]
    assert page.total == 5
    assert (page.rows[1].score, page.rows[1].max_score, page.rows[1].seconds_total) == (9.0, 10.0, 1.5)
    assert (page.rows[0].score, page.rows[0].student.name) == (None, "Ada")


def test_a_student_sees_their_own_newest_first(world: World, five: list[str]) -> None:
    with world.backend.reading() as session:
        mine = queries.of_student(session, student_id=world.student.id, assignment_id=world.assignment.id)
    assert [five.index(s.id) for s in mine] == [2, 1, 0]
    assert [s.counted_run.score if s.counted_run else None for s in mine] == [None, 9.0, 4.0]
    assert mine[0].assignment.title == "Loss 1"


def test_the_page_of_a_submission_needs_no_more_queries(world: World) -> None:
    accepted = world.submit()
    world.record(graded(accepted.run, 7.0))
    found = world.submission(accepted.submission.id)  # its session is closed
    assert found.counted_run is not None
    assert [check.diagnosis for check in found.counted_run.checks] == ["minus-sign"]
    assert [run.version.number for run in found.runs] == [1]
    assert queries.latest_run(found).id == accepted.run.id
    assert (found.student.name, found.version.number) == ("Ada", 1)
