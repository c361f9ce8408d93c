from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from grader.backup import archive, making, restoring, rows
from grader.backup.errors import BackupDamaged, BackupError
from grader.cli.main import run
from grader.cli.service.running import claim
from grader.db import migrate
from grader.db.engine import make_engine
from grader.db.models import Base, Blob, Run, Submission
from grader.embedded_redis import EmbeddedRedis
from grader.storage import BlobMissing, FolderStore, relative_path
from grader.wiring import Backend
from tests.integration.conftest import SECRET
from tests.support.databases import postgres_database
from tests.support.world import World, graded, make_world, notebook


def make(world: World, path: Path) -> making.Made:
    return making.make_file(world.backend.engine, world.backend.blobs, SECRET, path)


@pytest.fixture
def worked(world: World) -> World:
    """With a graded submission, one that waits, and texts that databases are known to disagree about."""
    run_ = world.submit("x = 'ü\\x00'", answers={"ratio": "1.2"}).run
    world.start(run_)
    world.record(graded(run_))
    world.submit("y = 2", student=world.other, filename="naïve \N{SNOWMAN}.ipynb")
    return world


def all_rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return {
                name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
                for name, table in Base.metadata.tables.items()
            }
    finally:
        engine.dispose()


@pytest.fixture
def target(worked: World, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of the other kind."""
    if worked.backend.engine.dialect.name == "postgresql":
        yield f"sqlite:///{tmp_path}/restored.db"
        return
    with postgres_database(request.getfixturevalue("postgres_url")) as url:
        yield url


def test_every_row_and_file_comes_back_on_the_other_database(worked: World, target: str, tmp_path: Path) -> None:
    made = make(worked, tmp_path / "a.backup")
    store = FolderStore(tmp_path / "restored-blobs")
    restoring.restore(tmp_path / "a.backup", target, store)
    before, after = all_rows(worked.backend.settings.database_url), all_rows(target)
    assert after == before
    assert sum(map(len, before.values())) == made.rows
    assert before["check_results"], "nothing was graded: the comparison says little"
    assert store.get(worked.submit("y = 2").submission.digest) == notebook("y = 2")
    assert migrate.current_revision(target) == migrate.head_revision()
    assert migrate.differences(target) == []


def test_what_is_uploaded_meanwhile_is_whole_or_not_there(worked: World, tmp_path: Path) -> None:
    begun, stop = threading.Event(), threading.Event()

    def upload() -> None:
        number = 0
        while not stop.is_set() and number < 40:
            number += 1
            worked.submit(f"z = {number}", student=worked.other)
            begun.set()

    uploading = threading.Thread(target=upload)
    uploading.start()
    try:
        assert begun.wait(60)
        made = [make(worked, tmp_path / f"{number}.backup") for number in range(3)]
    finally:
        stop.set()
        uploading.join()
    assert made[0].files >= 3
    url, store = f"sqlite:///{tmp_path}/restored.db", FolderStore(tmp_path / "restored-blobs")
    restoring.restore(tmp_path / "2.backup", url, store)
    engine = make_engine(url)
    with engine.connect() as connection:
        submissions = connection.execute(select(Submission.id, Submission.digest)).all()
        runs = connection.scalars(select(Run.submission_id)).all()
    engine.dispose()
    assert sorted(row.id for row in submissions) == sorted(runs)
    for row in submissions:
        store.get(row.digest)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.9, 0.999])
def test_a_backup_that_was_cut_off_is_refused(one_backup: Path, tmp_path: Path, share: float) -> None:
    whole = one_backup.read_bytes()
    ending = whole.rindex(b"checksums.json")  # what follows it are the last member and padding
    (tmp_path / "cut").write_bytes(whole[: int(ending * share)])
    with pytest.raises(BackupDamaged):
        restoring.check(tmp_path / "cut")


def test_a_backup_with_one_wrong_byte_is_refused_and_nothing_changes(
    one_backup: Path, tmp_path: Path, empty_target: str
) -> None:
    whole = bytearray(one_backup.read_bytes())
    place = whole.index(b'"nbformat"')
    whole[place] ^= 1
    (tmp_path / "wrong").write_bytes(whole)
    with pytest.raises(BackupDamaged, match=r"damaged or missing: 'blobs/[0-9a-f/]+'\. Take"):
        restoring.restore(tmp_path / "wrong", empty_target, FolderStore(tmp_path / "b"))
    assert migrate.current_revision(empty_target) is None
    assert not (tmp_path / "b").exists()


def test_a_folder_that_is_not_there_is_named(world: World, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=f"no folder {tmp_path}/missing: make it"):
        make(world, tmp_path / "missing" / "file.tar")


@pytest.mark.parametrize("text", [b"", b"no backup at all" * 100])
def test_another_file_is_not_taken_for_a_backup(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "other").write_bytes(text)
    with pytest.raises(BackupDamaged):
        restoring.check(tmp_path / "other")


def written(path: Path, *, revision: str = "0016", parts: int = 1, version: int = archive.VERSION) -> Path:
    """A small backup of an older or a newer version, with one person."""
    columns = {"id": "text", "email": "text", "name": "text", "password_hash": "text", "active": "flag",
               "admin": "flag", "created_at": "time"}  # fmt: skip
    table = {"name": "users", "columns": columns, "key": ["id"], "late": []}
    row = json.dumps(["u1", "eva@example.org", "Eva", None, True, False, "2026-01-01T10:00:00+00:00"])
    manifest = {"format": archive.FORMAT, "version": version, "revision": revision, "tables": [table], "made_at": ""}
    with path.open("wb") as file, archive.Writer(file, mtime=0) as writer:
        writer.add(archive.FIRST, json.dumps(manifest).encode())
        for number in range(parts):
            writer.add(f"{archive.TABLES}users/{number:06}.jsonl.gz", gzip.compress(row.encode()))
        writer.finish({"rows": {"users": parts}, "files": 0, "gone": []})
    return path


def people(url: str) -> list[str]:
    return [row[1] for row in all_rows(url)["users"]]


def test_an_older_backup_is_brought_up_to_todays_tables(tmp_path: Path, empty_target: str) -> None:
    restoring.restore(written(tmp_path / "old"), empty_target, FolderStore(tmp_path / "b"))
    assert people(empty_target) == ["eva@example.org"]
    assert migrate.current_revision(empty_target) == migrate.head_revision()


@pytest.mark.parametrize("newer", [{"revision": "9999"}, {"version": archive.VERSION + 1}])
def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path, empty_target: str, newer: dict[str, Any]) -> None:
    with pytest.raises(BackupError, match=r"this version of the grader reads|newer version"):
        restoring.restore(written(tmp_path / "new", **newer), empty_target, FolderStore(tmp_path / "b"))
    assert migrate.current_revision(empty_target) is None


def test_a_system_in_use_is_replaced_only_when_asked_and_as_a_whole_or_not_at_all(
    worked: World, tmp_path: Path
) -> None:
    url, store = worked.backend.settings.database_url, FolderStore(tmp_path / "b")
    before = all_rows(url)
    worked.backend.engine.dispose()
    with pytest.raises(BackupError, match="--replace"):
        restoring.restore(written(tmp_path / "old"), url, store)
    assert all_rows(url) == before
    with pytest.raises(IntegrityError):
        restoring.restore(written(tmp_path / "twice", parts=2), url, store, replace=True)
    assert all_rows(url) == before
    restoring.restore(tmp_path / "old", url, store, replace=True)
    assert people(url) == ["eva@example.org"]


def test_a_file_that_the_store_has_lost_stops_the_backup(small_world: World, tmp_path: Path) -> None:
    digest = small_world.submit("x = 1").submission.digest
    (tmp_path / "home" / "blobs" / relative_path(digest)).unlink()
    with pytest.raises(BackupError, match=digest):
        make(small_world, tmp_path / "a.backup")
    assert not list(tmp_path.glob("*a.backup*"))


def test_a_file_that_was_removed_on_purpose_does_not(small_world: World, tmp_path: Path) -> None:
    digest = small_world.submit("x = 1").submission.digest
    with small_world.backend.writing() as session:
        blob = session.get(Blob, digest)
        assert blob is not None
        blob.removed_at = small_world.now
    assert make(small_world, tmp_path / "a.backup").files == 0
    store = FolderStore(tmp_path / "b")
    restoring.restore(tmp_path / "a.backup", f"sqlite:///{tmp_path}/restored.db", store)
    with pytest.raises(BlobMissing):
        store.get(digest)


@pytest.fixture
def empty_target(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/restored.db"


@pytest.fixture
def small_world(
    make_database: Callable[[str], str], connect: Callable[[str, str], Backend], redis_server: EmbeddedRedis
) -> World:
    world = make_world(connect(make_database("sqlite"), redis_server.broker_url))
    world.submit("x = 1")
    return world


@pytest.fixture
def one_backup(small_world: World, tmp_path: Path) -> Path:
    make(small_world, tmp_path / "one.backup")
    return tmp_path / "one.backup"


def test_the_commands(
    small_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = small_world.backend.settings
    monkeypatch.setenv("GRADER_HOME", str(settings.home))
    monkeypatch.setenv("GRADER_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("GRADER_SECRET_KEY", SECRET)
    file = tmp_path / "all.backup"
    assert run(["backup", str(file)]) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert SECRET.encode() not in file.read_bytes()
    assert run(["backup", str(file)]) == 2
    capsys.readouterr()
    assert run(["restore", str(file), "--check"]) == 0
    assert "It is whole" in capsys.readouterr().out
    into = ["--database", f"sqlite:///{tmp_path}/again.db", "--blobs", str(tmp_path / "again-blobs")]
    assert run(["restore", str(file)]) == 1
    assert "not empty" in capsys.readouterr().err
    with claim(settings.home, "http://127.0.0.1:8000"):
        assert run(["restore", str(file), "--replace", "--yes"]) == 1
    assert "already running: http://127.0.0.1:8000" in capsys.readouterr().err
    monkeypatch.setenv("GRADER_SECRET_KEY", "another" * 8)
    assert run(["restore", str(file), *into]) == 0
    assert "another secret key" in capsys.readouterr().out
    assert (tmp_path / "again.db").stat().st_mode & 0o077 == 0, "nobody else on this machine reads it"
    assert all_rows(f"sqlite:///{tmp_path}/again.db")["users"] == all_rows(settings.database_url)["users"]


def test_every_kind_of_column_has_a_way_back() -> None:
    kinds = {kind for table in rows.description() for kind in table["columns"].values()}
    assert kinds <= rows.KINDS.keys()
    late = {table["name"]: table["late"] for table in rows.description() if table["late"]}
    assert late == {"submissions": ["counted_run_id"], "runs": ["compared_id"]}
