"""docker-compose.yml: valid, without secrets, and with the separation that the design asks for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
SCHEMA = json.loads((ROOT / "tests/support/compose-spec.json").read_text())
ONE_SHOT = {"migrate"}
WORKERS = ("worker-cpu", "worker-gpu")
ENDING_S = 15  # of a worker that has handed back what it had


def test_it_is_valid_by_the_compose_specification() -> None:
    jsonschema.Draft201909Validator(SCHEMA).validate(yaml.safe_load(TEXT))


def test_the_schema_would_notice_a_mistake() -> None:
    wrong = yaml.safe_load(TEXT)
    wrong["services"]["web"]["helthcheck"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft201909Validator(SCHEMA).validate(wrong)


@pytest.mark.parametrize("profile", [[], ["--profile", "gpu"]])
def test_compose_itself_accepts_it_without_an_env_file(profile: list[str], tmp_path: Path) -> None:
    command = _compose()
    if command is None:
        pytest.skip("no docker compose here")
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    (tmp_path / "deploy").mkdir()
    done = subprocess.run(
        [*command, *profile, "config", "-q"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_it_has_every_part_of_the_service() -> None:
    assert set(SERVICES) == {"migrate", "web", "recorder", *WORKERS, "postgres", "redis", "objects"}
    assert SERVICES["worker-gpu"]["profiles"] == ["gpu"]


def test_everything_that_keeps_running_has_a_health_check() -> None:
    assert [name for name in SERVICES if name not in ONE_SHOT and "healthcheck" not in SERVICES[name]] == []


def test_no_secret_has_a_default() -> None:
    wanted = re.findall(r"(?<!\$)\$\{(\w*(?:PASSWORD|SECRET|ACCESS_KEY)\w*)(:?[-?][^}]*)?\}", TEXT)
    assert wanted
    assert [name for name, default in wanted if default != ":-"] == []


def test_no_value_that_looks_like_a_secret_stands_in_the_file() -> None:
    named = re.findall(r"(?im)^\s*\w*(?:password|secret|_key)\w*:\s*(\S+)", TEXT)
    assert [value for value in named if not value.startswith("${")] == []


def test_every_variable_without_a_default_is_explained_in_the_example() -> None:
    wanted = set(re.findall(r"\$\{(\w+):-\}", TEXT))
    given = set(re.findall(r"(?m)^(\w+)=", (ROOT / ".env.example").read_text()))
    assert wanted - given == set()


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_knows_the_broker_and_no_other_secret(name: str) -> None:
    environment = SERVICES[name]["environment"]
    harmless = {"NVIDIA_DRIVER_CAPABILITIES", "GRADER_LOG", "OTEL_EXPORTER_OTLP_ENDPOINT"}
    assert set(environment) - harmless == {"WORKER_BROKER_URL", "WORKER_NODE", "WORKER_STOP_S"}


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_has_the_time_to_hand_back_what_it_cannot_finish(name: str) -> None:
    assert SERVICES[name]["stop_grace_period"] == "3m"
    assert int(SERVICES[name]["environment"]["WORKER_STOP_S"]) + ENDING_S <= 180


def test_whoever_is_told_to_stop_hears_it() -> None:
    """A shell that is the first process passes no signal on: it has to become what it starts."""
    shells = {
        name: service["command"][2] for name, service in SERVICES.items() if service.get("command", [""])[0] == "sh"
    }
    assert shells.keys() == {"migrate", "redis"}
    for command in shells.values():
        assert re.search(r"&& exec [^|&;]+$", command), command
        assert "|" not in command


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_may_make_sandboxes_and_is_not_privileged(name: str) -> None:
    worker = SERVICES[name]
    assert {"seccomp:unconfined", "apparmor:unconfined"} <= set(worker["security_opt"])
    assert not worker.get("privileged")
    assert worker["cap_drop"] == ["ALL"]
    assert "cap_add" not in worker


def test_only_the_web_is_reached_from_outside_and_by_default_from_this_machine_alone() -> None:
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["web"]
    assert SERVICES["web"]["ports"] == ["${GRADER_BIND:-127.0.0.1:8000}:8000"]


def test_the_images_run_as_an_ordinary_user() -> None:
    stages = re.split(r"(?m)^FROM ", (ROOT / "deploy/Dockerfile").read_text())[1:]
    assert len(stages) == 2
    assert all(re.findall(r"(?m)^USER (\w+)", stage)[-1] == "grader" for stage in stages)


def test_what_the_images_copy_is_there() -> None:
    for line in re.findall(r"(?m)^COPY (.+)$", (ROOT / "deploy/Dockerfile").read_text()):
        assert all((ROOT / source).exists() for source in line.split()[:-1]), line


def _compose() -> list[str] | None:
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0:
        return [docker, "compose"]
    return [found] if (found := shutil.which("docker-compose")) else None
