from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from assignments.policy import DatesSpec
from grader.accounts import service as accounts
from grader.courses import service as courses
from grader.db.models import Blob, OutboxMessage, Source, Submission, SubmissionStatus
from grader.outbox.kinds import RUN_JOB
from grader.policies.errors import HandInRefused
from grader.signing import BlobTicket
from grader.submissions import service as submissions
from grader.submissions.errors import AnswersRefused, AssignmentNotOpen, NotebookRefused, NotEnrolled
from grader.time import utc_now
from tests.support.world import RELEASE, TEST, World, graded, notebook


def counts(world: World) -> tuple[int, int, int]:
    with world.backend.reading() as session:
        return (
            len(list(session.scalars(select(Submission)))),
            len(list(session.scalars(select(Blob)))),
            len(list(session.scalars(select(OutboxMessage).where(OutboxMessage.kind == RUN_JOB)))),
        )


def test_an_accepted_notebook_is_stored_recorded_and_queued_together(world: World) -> None:
    accepted = world.submit("x = 42", answers={"ratio": " 1.221 ", "volume": ""}, filename="C:\\me\\mine.ipynb")
    digest = hashlib.sha256(notebook("x = 42")).hexdigest()
    found = world.submission(accepted.submission.id)
    assert (found.digest, found.filename, found.answers) == (digest, "mine.ipynb", {"ratio": "1.221"})
    assert (found.number, found.status, found.source) == (1, SubmissionStatus.QUEUED, Source.WEB)
    assert found.assignment.course.slug == "dl"
    assert [run.number for run in found.runs] == [1]
    assert submissions.read_notebook_file(world.backend.blobs, found) == notebook("x = 42")
    assert counts(world) == (1, 1, 1)


def test_the_same_file_again_is_a_submission_of_its_own_and_says_so(world: World) -> None:
    first = world.submit("x = 1")
    other = world.submit("x = 2")
    again = world.submit("x = 1")
    assert (first.same_as, other.same_as) == (None, None)
    assert again.same_as is not None
    assert again.same_as.id == first.submission.id
    assert [s.submission.number for s in (first, other, again)] == [1, 2, 3]
    assert counts(world) == (3, 2, 3)


def test_the_same_file_of_another_student_is_nobodys_business(world: World) -> None:
    world.submit("x = 1")
    assert world.submit("x = 1", student=world.other).same_as is None


@pytest.mark.parametrize("data", [b"", b"not json", b"[]", b'{"cells": []}', b"PK\x03\x04zip", notebook() * 2])
def test_what_is_no_notebook_is_refused_with_a_reason_and_leaves_nothing(world: World, data: bytes) -> None:
    with pytest.raises(NotebookRefused) as refused:
        submissions.receive(world.backend.blobs, data=data, filename="x.ipynb", max_bytes=1 << 20)
    assert refused.value.detail_code
    assert refused.value.reason == str(refused.value) != ""
    assert counts(world) == (0, 0, 0)


def test_a_file_above_the_limit_is_refused(world: World) -> None:
    with pytest.raises(NotebookRefused) as refused:
        submissions.receive(world.backend.blobs, data=notebook("#" * 5000), filename="x.ipynb", max_bytes=4096)
    assert refused.value.detail_code == "too-large"


@pytest.mark.parametrize("answers", [{"nonsense": "1"}, {"ratio": "1" * 201}])
def test_answers_that_the_assignment_does_not_ask_for_are_refused(world: World, answers: dict[str, str]) -> None:
    with pytest.raises(AnswersRefused) as refused:
        world.submit(answers=answers)
    assert refused.value.key in answers
    assert counts(world)[0] == 0


def test_nobody_outside_the_course_hands_in(world: World) -> None:
    with world.backend.writing() as session:
        stranger = accounts.create_user(session, email="eve@example.org", name="Eve", by=TEST)
    with pytest.raises(NotEnrolled):
        world.submit(student=stranger)


def test_students_hand_in_only_what_is_published_and_open_while_staff_may_try_it(world: World) -> None:
    dates = DatesSpec(opens_at=utc_now() + timedelta(hours=1))
    with world.backend.writing() as session:
        world.assignment = courses.publish_assignment(
            session, course=world.course, release=RELEASE, dates=dates, by=TEST
        ).assignment
    with pytest.raises(HandInRefused, match="It opens on"):
        world.submit()
    assert world.submit(student=world.instructor).submission.number == 1
    with world.backend.writing() as session:
        world.assignment = courses.publish_assignment(
            session, course=world.course, release=RELEASE, published=False, by=TEST
        ).assignment
    with pytest.raises(AssignmentNotOpen):
        world.submit()


def test_a_workers_ticket_opens_its_notebook_until_the_run_has_ended(world: World) -> None:
    accepted = world.submit()
    backend, run = world.backend, accepted.run
    ticket = backend.signer.sign(BlobTicket(run.id, accepted.submission.digest))

    def opened(token: str) -> bytes | None:
        with backend.reading() as session:
            return submissions.open_blob(session, backend.blobs, backend.signer, token)

    assert opened(ticket) == notebook()
    world.start(run)
    assert opened(ticket) == notebook()
    assert opened(ticket[:-2] + "xx") is None
    assert opened(backend.signer.sign(BlobTicket(run.id, "0" * 64))) is None
    world.record(graded(run))
    assert opened(ticket) is None
