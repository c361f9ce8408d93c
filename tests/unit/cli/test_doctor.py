"""What the doctor makes of the sandbox's layers and of limits that nobody may ask for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import doctor
from grader.cli.health import kernels, services
from grader.cli.health.finding import NOTE, RIGHT, WRONG, Finding
from worker.environments import Environment
from worker.sandbox.answers import Layer

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("layer", "status"),
    [
        (Layer("a", True, "holds", "never shown"), RIGHT),
        (Layer("a", False, "missing", "mend it", "required"), WRONG),
        (Layer("a", False, "missing", "mend it", "preferred"), NOTE),
    ],
)
def test_a_missing_layer_is_wrong_only_where_the_policy_requires_it(
    monkeypatch: pytest.MonkeyPatch, layer: Layer, status: str
) -> None:
    monkeypatch.setattr("worker.sandbox.probe.probe", lambda environment: [layer])
    (finding,) = kernels.sandbox_findings(ROOT / "environments.toml")
    assert finding.status == status
    assert finding.fix == ("" if status == RIGHT else "mend it")


def test_an_assignment_that_asks_for_too_much_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[limits]\nwall_s = 1.0\n")
    monkeypatch.setenv("GRADER_SANDBOX_POLICY", str(policy))
    findings = services.assignment_findings(ROOT / "assignments")
    wrong = next(finding for finding in findings if finding.name == "linear-unit")
    assert wrong.status == WRONG
    assert "linear-unit/assignment.toml: limits.wall_s is" in wrong.detail
    assert f"at most 1 is allowed by {policy}" in wrong.detail


def test_the_assignments_here_ask_for_what_the_default_allows() -> None:
    assert [f for f in services.assignment_findings(ROOT / "assignments") if f.status != RIGHT] == []


def test_a_wrong_layer_ends_with_1_and_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(file: Path) -> list[Finding]:
        raise AssertionError("asked although a layer is wrong")

    monkeypatch.setattr(doctor, "sandbox_findings", lambda file: [Finding("sandbox", "network", WRONG, "open", "fix")])
    monkeypatch.setattr(doctor, "_service_findings", list)
    monkeypatch.setattr(kernels, "forked_findings", never)
    monkeypatch.setattr(kernels, "environment_findings", lambda file: [])
    told = CliRunner().invoke(doctor.doctor, ["--json"], standalone_mode=False)
    assert told.return_value == 1
    shown = json.loads(told.output)
    assert shown["ok"] is False
    assert [f["name"] for f in shown["findings"] if f["status"] == WRONG] == ["network"]


def test_no_environment_is_a_finding(tmp_path: Path) -> None:
    environment = Environment("none", tmp_path / "python")
    (tmp_path / "environments.toml").write_text(f"[[environment]]\nname = 'none'\ninterpreter = '{tmp_path}/python'\n")
    findings = kernels.sandbox_findings(tmp_path / "environments.toml")
    assert [f.status for f in findings] == [RIGHT, WRONG]
    assert str(environment.interpreter) in findings[-1].detail
