"""PostgreSQL has no room: an upload is refused in words and leaves nothing, a result waits. Raised by the real server,
with the code that it has for that; filling its disk would end the tests of everybody else."""

from __future__ import annotations

from io import BytesIO

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from grader.accounts import service as accounts
from grader.db.models import Run, Submission
from grader.web.app import create_app
from grader.web.backend import KEY
from tests.support.world import TEST, World, graded, notebook

FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION full_disk()
"""


def fill(world: World, full: bool) -> None:
    with world.backend.engine.begin() as connection:
        connection.execute(text(FULL if full else "DROP FUNCTION full_disk CASCADE"))


def test_an_upload_is_refused_in_words_and_a_result_waits(postgres_world: World) -> None:
    world = postgres_world
    run = world.submit("x = 1").run
    world.start(run)
    with world.backend.writing() as session:
        scopes = ("read", "submit")
        token = accounts.issue_token(session, user=world.student, label="t", scopes=scopes, by=TEST).secret
    app = create_app(world.backend.settings)
    client = app.test_client()
    fill(world, True)
    try:
        refused = client.post(
            f"/api/v1/assignments/{world.assignment.slug}/submissions",
            data={"notebook": (BytesIO(notebook("x = 2")), "mine.ipynb")},
            headers={"Authorization": f"Bearer {token}"},
        )
        with pytest.raises(OperationalError, match="No space left"):  # the recorder tries again
            world.record(graded(run))
    finally:
        fill(world, False)
        app.extensions[KEY].close()
    assert (refused.status_code, refused.json["code"]) == (503, "database-unavailable")  # type: ignore[index]
    assert "Nothing was changed" in refused.json["detail"]  # type: ignore[index]
    assert refused.headers["Retry-After"]
    with world.backend.reading() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 1
        assert session.scalar(select(func.count()).select_from(Run)) == 1
    world.record(graded(run))
    assert world.submission(run.submission_id).counted_run is not None
