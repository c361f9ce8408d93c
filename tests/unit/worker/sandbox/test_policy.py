"""Reading the sandbox's policy: the default, and what an administrator changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from worker.contract import Limits
from worker.sandbox import policy
from worker.sandbox.limits import cpu_limit_s, kernel_resources
from worker.sandbox.policy import DEFAULT, LimitsRefused, PolicyError, check_limits, current_policy, load_policy


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "policy.toml"
    monkeypatch.setenv(policy.VARIABLE, str(path))
    return path


def test_the_default_can_be_used() -> None:
    found = load_policy(DEFAULT)
    assert found.layers.system_call_filter == "required"
    assert {field.name for field in dataclasses.fields(found.limits)} == {
        field.name for field in dataclasses.fields(Limits)
    }


def test_an_administrators_file_replaces_values_and_leaves_the_others(file: Path) -> None:
    file.write_text("[resources]\nopen_files = 256\n[system_calls]\nalso_allow = ['setsid']\n")
    found, default = current_policy(), load_policy(DEFAULT)
    assert found.resources.open_files == 256
    assert found.system_calls.also_allow == ("setsid",)
    assert found.system_calls.allow == default.system_calls.allow
    assert found.limits == default.limits


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[resorces]\n", "resorces: there is no such table; there are layers"),
        ("resources = 3\n", "resources: must be a table"),
        ("[resources]\nopen_file = 3\n", "resources.open_file: there is no such key; there are open_files"),
        ("[resources]\nopen_files = 3\n", "resources.open_files: Input should be greater than or equal to 64, got 3"),
        ("[resources]\nopen_files = true\n", "resources.open_files: Input should be a valid integer"),
        ("[layers]\ncontrol_groups = 'never'\n", "layers.control_groups: Input should be 'required' or 'preferred'"),
        ("[limits]\nwall_s = inf\n", "limits.wall_s"),
        ("[system_calls]\nalso_allow = ['mont']\n", "system_calls.also_allow.0: .*no system call 'mont'"),
        ("[sockets]\nfamilies = ['vsock']\n", "sockets.families.0"),
        ("[devices]\nnodes = ['../sda']\n", "devices.nodes.0"),
        ("[layers\n", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(file: Path, text: str, complaint: str) -> None:
    file.write_text(text)
    with pytest.raises(PolicyError, match=complaint) as caught:
        load_policy(file)
    assert str(file) in caught.value.reason


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(PolicyError, match=f"{file}: cannot be read"):
        load_policy(file)


def test_an_assignment_may_ask_up_to_the_maximum_and_no_further(file: Path) -> None:
    file.write_text("[limits]\nwall_s = 100.0\n")
    check_limits(Limits(wall_s=100), "a/assignment.toml")
    with pytest.raises(LimitsRefused) as caught:
        check_limits(Limits(wall_s=101), "a/assignment.toml")
    told = str(caught.value)
    assert told.startswith(f"a/assignment.toml: limits.wall_s is 101, and at most 100 is allowed by {file}.")
    assert policy.VARIABLE in told


def test_resource_limits_follow_the_policy(file: Path) -> None:
    file.write_text("[resources]\nopen_files = 100\nprocessors = 1.5\naddress_space_margin_mib = 24\nlocked_kib = 8\n")
    limits = Limits(wall_s=11, memory_mib=1000)
    found = kernel_resources(limits, jailed=True)
    assert found["NOFILE"] == 100
    assert cpu_limit_s(limits) == 17
    assert 17 < found["CPU"] < 60
    assert found["AS"] == 1024 << 20
    assert found["MEMLOCK"] == 8 << 10
    assert found["CORE"] == 0
    assert found["NPROC"] >= limits.processes


def test_a_kernel_with_a_gpu_has_no_limit_on_its_address_space() -> None:
    assert "AS" not in kernel_resources(Limits(), jailed=True, gpu=True)
