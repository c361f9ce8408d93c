"""A disk that is full: a real gunicorn and a real recorder on a small one. Nothing is half kept, nothing is lost."""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import redis

from grader.accounts import service as accounts
from grader.audit.service import Actor
from grader.db.models import Run
from grader.embedded_redis import EmbeddedRedis
from grader.wiring import Backend
from tests.integration.conftest import SECRET
from tests.support.notebooks import notebook
from tests.support.recorder import ResultSender, eventually
from tests.support.running_service import free_port
from tests.support.small_disk import SmallDisk
from tests.support.world import graded, make_world
from worker.contract import JobMessage

UPLOADS = "/api/v1/assignments/{}/submissions"
SIZE_MIB = 16
WEB = (sys.executable, "-m", "gunicorn", "grader.web.wsgi:app", "--worker-class", "gthread", "--threads", "4")


@dataclass
class Service:
    disk: SmallDisk
    client: httpx.Client
    uploads: str
    broker: EmbeddedRedis
    recorder_log: Path

    def upload(self, source: str) -> httpx.Response:
        return self.client.post(self.uploads, files={"notebook": ("mine.ipynb", notebook(source))})

    def is_up(self) -> bool:
        with suppress(httpx.TransportError):
            ready = self.client.get("/readyz").status_code == 200
            return ready and " ready." in self.recorder_log.read_text()
        return False

    def job(self) -> JobMessage:
        """The only one that waits for a worker."""
        with redis.Redis.from_url(self.broker.url) as client:
            [raw] = client.lrange("cpu", 0, -1)  # type: ignore[misc]
        [job, *_] = json.loads(b64decode(json.loads(raw)["body"]))[0]
        return JobMessage.from_json(job)


@pytest.fixture
def service(
    make_database: Callable[[str], str],
    redis_server: EmbeddedRedis,
    connect: Callable[[str, str], Backend],
    tmp_path: Path,
) -> Iterator[Service]:
    template = tmp_path / "template"
    template.mkdir()
    backend = connect(make_database("sqlite"), redis_server.broker_url)
    world = make_world(backend)
    with backend.writing() as session:
        scopes, by = ("read", "submit"), Actor.system("test")
        token = accounts.issue_token(session, user=world.student, label="t", scopes=scopes, by=by).secret
    backend.engine.dispose()
    (tmp_path / "grader.db").rename(template / "grader.db")
    home, url = tmp_path / "disk", f"http://127.0.0.1:{free_port()}"
    home.mkdir()
    environ = {
        "GRADER_HOME": str(home),
        "GRADER_SECRET_KEY": SECRET,
        "GRADER_BROKER_URL": redis_server.broker_url,
        "GRADER_PUBLIC_URL": url,
        "GRADER_SWEEP_S": "0.5",
        "PYTHONUNBUFFERED": "1",
    }
    headers = {"Authorization": f"Bearer {token}"}
    with ExitStack() as stack:
        disk = stack.enter_context(SmallDisk(home, SIZE_MIB))
        client = stack.enter_context(httpx.Client(base_url=url, headers=headers, timeout=90))
        disk.copy(template)
        disk.start([*WEB, "--bind", url.removeprefix("http://"), "--no-control-socket"], environ, tmp_path / "web.log")
        recorder_log = tmp_path / "recorder.log"
        disk.start([sys.executable, "-m", "grader.cli.main", "recorder"], environ, recorder_log)
        service = Service(disk, client, UPLOADS.format(world.assignment.slug), redis_server, recorder_log)
        assert eventually(service.is_up), f"{(tmp_path / 'web.log').read_text()}\n{recorder_log.read_text()}"
        yield service


def test_a_full_disk_refuses_uploads_and_delays_results_and_loses_nothing(service: Service) -> None:
    accepted = service.upload("x = 1")
    assert accepted.status_code == 202
    address, job, kept = accepted.json()["url"], service.job(), service.disk.files("blobs")

    service.disk.fill()
    refused = service.upload("x = 2")
    assert refused.status_code == 503, refused.text
    assert "hand it in again in a few minutes" in refused.json()["detail"]
    assert int(refused.headers["Retry-After"]) > 0
    assert service.disk.files("blobs") == kept, "something was left of what was refused"
    assert service.client.get("/readyz").status_code == 503
    sender = ResultSender(service.broker.broker_url)
    sender.result(graded(Run(id=job.run_id, lease=job.lease), 7.0))
    sender.close()
    assert eventually(lambda: "Retry in" in service.recorder_log.read_text()), service.recorder_log.read_text()
    assert service.client.get(address).json()["status"] == "queued"  # and what there is can be read

    service.disk.make_room()
    assert eventually(lambda: bool(service.client.get(address).json()["status"] == "graded"))
    assert service.client.get(address).json()["score"] == 7.0
    assert service.upload("x = 2").status_code == 202
    assert len(service.disk.files("blobs")) == len(kept) + 1
