"""What the policy says holds in the real jail, for kernels from nothing and for forked ones."""

from __future__ import annotations

import asyncio
import platform
from pathlib import Path

import pytest

from worker.contract import Limits
from worker.kernels.session import NotebookSession, SandboxUnavailable, SessionSpec
from worker.sandbox import policy as policies
from worker.sandbox import starting
from worker.sandbox.policy import LimitsRefused, PolicyError
from worker.sandbox.syscalls import numbers

from .conftest import Runner

ALLOWED_NOWHERE = ("setsid", "keyctl", "inotify_init1", "bpf", "unshare", "memfd_create", "seccomp", "sched_setattr")
CALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    return os.strerror(ctypes.get_errno()) if libc.syscall(number, *arguments) == -1 else "worked"
"""
WRITABLE = """
import os
found = []
for process in (name for name in os.listdir('/proc') if name.isdigit()):
    try:
        names = os.listdir(f'/proc/{process}/fd')
    except OSError:
        continue
    for name in names:
        try:
            target = os.readlink(f'/proc/{process}/fd/{name}')
        except OSError:
            continue
        if target.startswith('/') and target != '/dev/null':
            found.append((process, name, target))
print(found)
"""


@pytest.fixture
def policy_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    """`policy_of(text)` makes it the administrator's file."""

    def use(text: str) -> Path:
        path = tmp_path / "policy.toml"
        path.write_text(text)
        monkeypatch.setenv(policies.VARIABLE, str(path))
        policies._load_once.cache_clear()
        return path

    return use


def start_only(spec: SessionSpec) -> None:
    async def scenario() -> None:
        async with NotebookSession(spec):
            pass

    asyncio.run(scenario())


def test_calls_that_no_notebook_needs_are_refused(run: Runner) -> None:
    known = numbers(platform.machine())
    questions = [f"print(call({known[name]}, 0, 0, 0, 0, 0))" for name in ALLOWED_NOWHERE]
    ran = run(CALL, *questions)
    assert [ran.text(index).strip() for index in range(1, len(questions) + 1)] == ["Operation not permitted"] * len(
        questions
    )


def test_calls_that_nobody_knows_are_absent(run: Runner) -> None:
    assert "Function not implemented" in run(CALL, "print(call(7777))").text(1)


def test_raw_and_exotic_sockets_are_refused(run: Runner) -> None:
    ran = run(
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)",
        "socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)",
        "socket.socket(40, socket.SOCK_STREAM)",
    )
    assert ran.statuses == ["error"] * 4
    assert all("Operation not permitted" in ran.text(index) for index in range(3))
    assert "not supported" in ran.text(3)


def test_no_process_of_a_jail_holds_a_file_of_the_machine(run: Runner) -> None:
    """Through /proc, one process of the jail could open what another holds."""
    assert run(WRITABLE).text(0).strip() == "[]"


def test_computing_time_is_limited_on_all_processors_together(run: Runner, policy_of: object) -> None:
    policy_of("[resources]\nprocessors = 0.025\n")  # type: ignore[operator]
    ran = run("while True: pass", wall_s=200, cell_s=190)
    assert ran.statuses == ["died"]
    assert ran.reason == "used more than 5 s of computing time, on all processors together"


def test_signals_and_timers_are_limited(run: Runner, policy_of: object) -> None:
    policy_of("[resources]\npending_signals = 64\n")  # type: ignore[operator]
    number = numbers(platform.machine())["timer_create"]
    source = CALL + f"print([call({number}, 1, None, bytes(8)) for _ in range(99)])"
    assert "temporarily unavailable" in run(source).text(0)


def test_memory_is_told_also_of_a_short_notebook(run: Runner) -> None:
    assert run("x = bytes(1)").usage.peak_memory_mib > 1
    assert 40 < run("x = bytearray(40 << 20)").usage.peak_memory_mib < 400


def test_files_are_limited_as_the_policy_says(run: Runner, policy_of: object) -> None:
    policy_of("[resources]\nfiles = 200\n")  # type: ignore[operator]
    source = "import time\nfor i in range(400): open(f'f{i}', 'w').close()\ntime.sleep(50)"
    assert run(source).reason == "wrote more than 200 files"


def test_more_than_the_administrator_allows_is_refused(spec: SessionSpec, policy_of: object) -> None:
    path = policy_of("[limits]\nmemory_mib = 500\n")  # type: ignore[operator]
    with pytest.raises(LimitsRefused) as caught:
        start_only(spec)
    assert f"limits.memory_mib is 600, and at most 500 is allowed by {path}" in caught.value.reason


def test_a_policy_that_cannot_be_used_is_no_sandbox(spec: SessionSpec, policy_of: object) -> None:
    path = policy_of("[resources]\nopen_files = 'many'\n")  # type: ignore[operator]
    with pytest.raises(PolicyError, match=rf"{path}: resources\.open_files"):
        start_only(spec)


def test_required_control_groups_that_cannot_be_had_are_no_sandbox(
    spec: SessionSpec, policy_of: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy_of("[layers]\ncontrol_groups = 'required'\n")  # type: ignore[operator]
    monkeypatch.setattr(starting, "hierarchies", lambda: ())
    with pytest.raises(SandboxUnavailable, match="control groups"):
        start_only(spec)


def test_the_default_allows_what_assignments_ask_for_by_default() -> None:
    policies.check_limits(Limits(), "assignment.toml")
