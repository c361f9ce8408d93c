from __future__ import annotations

import io
import json
import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from grader.accounts import service as accounts
from grader.cli.main import run
from grader.db.models import Assignment, AuditEntry, Base, Blob, Course, Enrolment, Grade, Run, Submission, User
from grader.retention import forgetting, purging, rules
from grader.retention.errors import InvalidRetention, NotOnlyAStudent
from grader.storage import BlobMissing, relative_path
from tests.integration.conftest import SECRET
from tests.support.world import TEST, World, graded, notebook

YEARS = timedelta(days=3 * 365)
HOURS = timedelta(hours=2)


def grade(world: World, source: str, *, student: User | None = None, executed: bytes = b"") -> Submission:
    accepted = world.submit(source, student=student)
    world.start(accepted.run)
    world.record(graded(accepted.run))
    if executed:
        digest = world.backend.blobs.put(executed)
        with world.backend.writing() as session:
            session.add(Blob(digest=digest, size_bytes=len(executed)))
            session.flush()
            found = session.get(Run, accepted.run.id)
            assert found is not None
            found.executed_digest = digest
    return accepted.submission


def age(world: World, by: timedelta = YEARS) -> None:
    """Everything was done so much earlier, also in the store."""
    with world.backend.writing() as session:
        for model, names in (
            (Submission, ("created_at",)), (Run, ("created_at", "finished_at")), (Blob, ("created_at",)),
            (Assignment, ("created_at",)), (Course, ("created_at",)),
        ):  # fmt: skip
            for row in session.scalars(select(model)):
                for name in names:
                    if getattr(row, name) is not None:
                        setattr(row, name, getattr(row, name) - by)
    old = (datetime.now(UTC) - by).timestamp()
    for path in stored(world):
        os.utime(path, (old, old))


def stored(world: World) -> list[Path]:
    return [path for path in (world.backend.settings.home / "blobs").rglob("*") if path.is_file()]


def keep(world: World, executed_months: int | None, files_months: int | None) -> None:
    with world.backend.writing() as session:
        rules.set_rule(session, executed_months=executed_months, files_months=files_months, by=TEST)


def apply(world: World) -> rules.Plan:
    with world.backend.writing() as session:
        return rules.apply(session, world.now, TEST)


def purge(world: World) -> int:
    return purging.purge(world.backend.sessions, world.backend.blobs, world.now + HOURS)


def test_without_a_rule_everything_that_somebody_has_is_kept(world: World) -> None:
    grade(world, "x = 1", executed=b"executed")
    age(world)
    with world.backend.reading() as session:
        assert rules.plan(session, world.now).nothing
    assert apply(world).nothing
    assert purge(world) == 0
    assert len(stored(world)) == 2


def test_old_executed_notebooks_go_and_grades_stay(world: World) -> None:
    submission = grade(world, "x = 1", executed=b"executed")
    keep(world, 12, None)
    with world.backend.reading() as session:
        assert rules.plan(session, world.now).nothing, "it is of today"
    age(world)
    with world.backend.reading() as session:
        planned = rules.plan(session, world.now)
    assert (planned.executed, planned.files, planned.size_bytes, planned.courses) == (1, 1, 8, ())
    assert apply(world) == planned
    assert len(stored(world)) == 2, "the store lets it go only later"
    assert purge(world) == 1
    assert [path.name for path in stored(world)] == [submission.digest]
    found = world.submission(submission.id)
    assert found.counted_run is not None
    assert (found.counted_run.executed_digest, found.counted_run.score) == (None, 7.0)
    assert found.counted_run.executed_removed_at == world.now
    kept = world.grade()
    assert kept is not None
    assert kept.score == 7.0


def test_handed_in_files_go_long_after_the_course_has_ended(world: World) -> None:
    submission = grade(world, "x = 1")
    keep(world, None, 24)
    age(world)
    with world.backend.writing() as session:
        assignment = session.get(Assignment, world.assignment.id)
        assert assignment is not None
        assignment.due_at = world.now
    assert apply(world).nothing, "the course is not over"
    with world.backend.writing() as session:
        assignment = session.get(Assignment, world.assignment.id)
        assert assignment is not None
        assignment.due_at = world.now - YEARS
    assert apply(world).courses == ("dl",)
    assert purge(world) == 1
    with pytest.raises(BlobMissing):
        world.backend.blobs.get(submission.digest)
    with world.backend.reading() as session:
        tombstone = session.get(Blob, submission.digest)
        assert tombstone is not None
        assert tombstone.purged_at is not None
    assert world.submission(submission.id).counted_run is not None


def test_the_file_of_a_run_that_waits_or_runs_is_kept(world: World) -> None:
    submission = grade(world, "x = 1")
    keep(world, None, 24)
    age(world)
    [again] = world.rerun(submission.id)
    assert apply(world).files == 0, "it waits"
    world.start(again)
    assert apply(world).files == 0, "a worker may be about to fetch it"
    world.record(graded(again))
    assert apply(world).files == 1


def test_a_run_that_was_begun_while_its_file_was_removed_has_it(world: World) -> None:
    submission = grade(world, "x = 1")
    keep(world, None, 24)
    age(world)
    world.rerun(submission.id)
    with world.backend.writing() as session:  # as a transaction does that did not see the run yet
        session.get_one(Blob, submission.digest).removed_at = world.now
    assert purge(world) == 0
    assert world.backend.blobs.get(submission.digest) == notebook("x = 1")
    with world.backend.reading() as session:
        assert session.get_one(Blob, submission.digest).removed_at is None


def test_what_was_removed_and_is_handed_in_again_is_there_again(world: World) -> None:
    submission = grade(world, "x = 1")
    keep(world, None, 24)
    age(world)
    apply(world)
    purge(world)
    again = world.submit("x = 1", student=world.other).submission
    assert again.digest == submission.digest
    assert world.backend.blobs.get(again.digest) == notebook("x = 1")
    assert purge(world) == 0
    with world.backend.reading() as session:
        blob = session.get(Blob, again.digest)
        assert blob is not None
        assert blob.removed_at is None


def test_a_file_that_is_handed_in_while_it_is_removed_stays(world: World) -> None:
    """The upload had stored the file before, and commits its row after the rule was applied."""
    submission = grade(world, "x = 1")
    age(world)
    with world.backend.writing() as session:
        blob = session.get(Blob, submission.digest)
        assert blob is not None
        blob.removed_at = world.now
        found = session.get(Submission, submission.id)
        assert found is not None
        found.created_at = world.now
    assert purge(world) == 0
    assert world.backend.blobs.get(submission.digest) == notebook("x = 1")


def test_what_nobody_names_goes_after_a_day(world: World) -> None:
    digest = world.backend.blobs.put(b"of a result that was refused")
    with world.backend.writing() as session:
        session.add(Blob(digest=digest, size_bytes=5))
    assert apply(world).nothing
    age(world, timedelta(days=2))
    assert apply(world).files == 1
    assert purge(world) == 1
    assert stored(world) == []
    with world.backend.reading() as session:
        assert session.get(Blob, digest) is None


@pytest.mark.parametrize("months", [0, -1, 1201])
def test_a_rule_that_makes_no_sense_is_refused(world: World, months: int) -> None:
    with pytest.raises(InvalidRetention), world.backend.writing() as session:
        rules.set_rule(session, executed_months=months, files_months=None, by=TEST)


def test_months_are_those_of_the_calendar() -> None:
    day = datetime(2026, 3, 31, 10, tzinfo=UTC)
    assert rules.months_before(day, 1).date().isoformat() == "2026-02-28"
    assert rules.months_before(day, 3).date().isoformat() == "2025-12-31"
    assert rules.months_before(day, 25).date().isoformat() == "2024-02-29"


def forget(world: World, user: User) -> forgetting.Forgotten:
    with world.backend.writing() as session:
        found = session.get(User, user.id)
        assert found is not None
        return forgetting.forget(session, found, by=TEST, now=world.now)


def test_nothing_of_a_person_remains(world: World) -> None:
    with world.backend.writing() as session:
        ada = session.get(User, world.student.id)
        assert ada is not None
        ada.name = "Ada Lovelace"
        accounts.issue_token(session, user=ada, label="of Ada Lovelace", scopes=["read"], by=TEST)
        session.add(AuditEntry(actor_id=None, actor="cli:root", action="user.renamed", object_type="course",
                               object_id="c", after={"to": "Ada Lovelace", "who": ["ADA@example.org"]}))  # fmt: skip
        session.add(AuditEntry(actor_id=None, actor="user:nada@example.org", action="x", object_type="course",
                               object_id="c"))  # fmt: skip
    secret = grade(world, "name = 'Ada Lovelace'", executed=b"Ada's output")
    same = [grade(world, "x = 1"), grade(world, "x = 1", student=world.other)]
    age(world, timedelta(days=3))
    done = forget(world, world.student)
    assert done.files == 2
    assert done.shared == 0
    with world.backend.reading() as session:
        whole = json.dumps(
            [
                [str(value) for value in row]
                for table in Base.metadata.tables.values()
                for row in session.execute(select(table))
            ]
        )
        assert "Lovelace" not in whole
        assert "ada@example.org" not in whole.replace("nada@example.org", "").lower()
        assert "nada@example.org" in whole, "another's address was taken too"
        assert [row.student_id for row in session.scalars(select(Submission))] == [world.other.id]
        kept = session.scalars(select(Grade).where(Grade.student_id == world.student.id)).one()
        assert (kept.score, kept.submission_id) == (7.0, None)
        assert session.scalar(select(Enrolment.id).where(Enrolment.user_id == world.student.id))
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.forgotten")).one()
        assert entry.object_id == world.student.id
    assert purge(world) == 2
    assert [path.name for path in stored(world)] == [same[1].digest], "the other student's file, and no other"
    assert not any(b"Ada" in path.read_bytes() for path in stored(world))
    with pytest.raises(BlobMissing):
        world.backend.blobs.get(secret.digest)


def test_everything_is_handed_out_before(world: World) -> None:
    submission = grade(world, "x = 1", executed=b"executed")
    grade(world, "y = 2", student=world.other)
    with world.backend.reading() as session:
        user = session.get(User, world.student.id)
        assert user is not None
        packed = forgetting.export(session, world.backend.blobs, user)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = archive.namelist()
        texts = {name: archive.read(name) for name in names}
    assert json.loads(texts["account.json"])["email"] == "ada@example.org"
    assert [row["id"] for row in json.loads(texts["submissions.json"])] == [submission.id]
    assert json.loads(texts["grades.json"])[0]["score"] == 7.0
    assert json.loads(texts["check_results.json"])[0]["message"] == "The sign is wrong."
    files = {name: text for name, text in texts.items() if name.startswith("files/")}
    assert sorted(files.values()) == sorted([notebook("x = 1"), b"executed"])
    assert not any(b"bob@example.org" in text or b"y = 2" in text for text in texts.values())


def test_who_teaches_is_not_forgotten(world: World) -> None:
    with pytest.raises(NotOnlyAStudent):
        forget(world, world.instructor)


def test_the_commands(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = world.backend.settings
    for name, value in {
        "HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": SECRET,
    }.items():
        monkeypatch.setenv(f"GRADER_{name}", value)
    submission = grade(world, "x = 1", executed=b"executed")
    age(world)
    assert run(["retention", "set", "--executed-months", "12"]) == 0
    assert run(["retention", "show"]) == 0
    assert "12 months" in capsys.readouterr().out
    assert run(["retention", "apply", "--dry-run"]) == 0
    assert len(stored(world)) == 2
    assert run(["retention", "apply"]) == 0
    assert world.submission(submission.id).runs[0].executed_digest is None
    file = tmp_path / "ada.zip"
    assert run(["user", "forget", "ada@example.org", "--export", str(file), "--yes"]) == 0
    assert zipfile.ZipFile(file).testzip() is None
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(["user", "forget", "ines@example.org", "--no-export", "--yes"]) == 1
    assert run(["user", "forget", "bob@example.org", "--yes"]) == 2
    assert (settings.home / "blobs" / relative_path(submission.digest)).exists(), "it goes an hour later"
