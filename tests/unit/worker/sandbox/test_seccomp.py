"""The filter of system calls, run by a machine of our own: what each call gets, on both architectures."""

from __future__ import annotations

import errno
import socket
from dataclasses import replace

import pytest

from worker.sandbox.errors import SandboxUnavailable
from worker.sandbox.policy import DEFAULT, Policy, load_policy
from worker.sandbox.seccomp import (
    ABSENT,
    ALLOW,
    ARCHITECTURES,
    ASK,
    FAMILIES,
    KILL,
    NEW_NAMESPACES,
    OPTIONS,
    REFUSE,
    REQUESTS,
    Architecture,
    build_filter,
    filter_descriptor,
)
from worker.sandbox.syscalls import numbers

from .filter_machine import Verdict, run

MOST_STEPS = 16  # a list walked from its start would take hundreds
NO_FAMILY = 0x00050000 | errno.EAFNOSUPPORT
# what has carried attacks on Linux, or reaches what no limit counts
DANGEROUS = """
ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd process_madvise mount umount2 pivot_root chroot
move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr setns unshare kexec_load kexec_file_load reboot
init_module finit_module delete_module swapon swapoff acct quotactl quotactl_fd add_key request_key keyctl bpf
perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register name_to_handle_at open_by_handle_at
fanotify_init lookup_dcookie vhangup syslog settimeofday clock_settime clock_adjtime adjtimex vmsplice
migrate_pages move_pages memfd_secret memfd_create setsid mknodat shmget shmat msgget semget mq_open setuid setgid
setresuid setgroups sethostname landlock_create_ruleset seccomp inotify_init1 mlockall sched_setattr
get_robust_list ioprio_set cachestat
"""


@pytest.fixture(params=["x86_64", "aarch64"])
def architecture(request: pytest.FixtureRequest) -> Architecture:
    return ARCHITECTURES[request.param]


@pytest.fixture
def policy() -> Policy:
    return load_policy(DEFAULT)


class Filtered:
    def __init__(self, architecture: Architecture, policy: Policy, **how: object) -> None:
        self._architecture = architecture
        self._numbers = numbers(architecture.name)
        self._program = build_filter(architecture, policy, **how)  # type: ignore[arg-type]

    def verdict(self, name: str, *arguments: int) -> int:
        return self.number(self._numbers[name], *arguments).value

    def number(self, number: int, *arguments: int) -> Verdict:
        return run(self._program, self._architecture.audit, number, *arguments)


@pytest.fixture
def calls(architecture: Architecture, policy: Policy) -> Filtered:
    return Filtered(architecture, policy)


def test_what_notebooks_need_is_allowed(architecture: Architecture, policy: Policy, calls: Filtered) -> None:
    conditional = {"clone", "socket", "socketpair", "prctl", "personality", "ioprio_get"}
    plain = [name for name in policy.system_calls.allow if name in numbers(architecture.name)]
    assert len(plain) > 150
    assert [name for name in plain if name not in conditional and calls.verdict(name) != ALLOW] == []


def test_everything_else_is_refused(architecture: Architecture, policy: Policy, calls: Filtered) -> None:
    listed = {*policy.system_calls.allow, *policy.system_calls.absent}
    for name, number in numbers(architecture.name).items():
        if name not in listed:
            assert calls.number(number).value == REFUSE, name


@pytest.mark.parametrize("name", DANGEROUS.split())
def test_what_has_carried_attacks_is_refused(architecture: Architecture, calls: Filtered, name: str) -> None:
    if name in numbers(architecture.name):
        assert calls.verdict(name) == REFUSE


def test_clone3_and_numbers_without_a_name_are_absent(calls: Filtered) -> None:
    assert calls.verdict("clone3") == ABSENT
    assert calls.number(400).value == ABSENT
    assert calls.number(9_999).value == ABSENT


def test_another_architecture_is_killed(architecture: Architecture, policy: Policy) -> None:
    program = build_filter(architecture, policy)
    i386 = 0x40000003
    assert run(program, i386, 1).value == KILL


def test_the_x32_bit_is_killed(policy: Policy) -> None:
    calls = Filtered(ARCHITECTURES["x86_64"], policy)
    assert calls.number(0x40000000 | 39).value == KILL
    assert calls.number(0xFFFFFFFF).value == KILL


@pytest.mark.parametrize("bit", [1 << n for n in range(32) if NEW_NAMESPACES >> n & 1])
def test_clone_makes_processes_and_no_namespaces(calls: Filtered, bit: int) -> None:
    assert calls.verdict("clone", 0x3D0F00) == ALLOW  # as a thread is made
    assert calls.verdict("clone", 0x11 | bit) == REFUSE


def test_sockets(calls: Filtered) -> None:
    stream, datagram, raw, nonblocking = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, 0x80800
    for family in (FAMILIES["inet"], FAMILIES["inet6"]):
        assert calls.verdict("socket", family, stream | nonblocking, 0) == ALLOW
        assert calls.verdict("socket", family, datagram, 17) == ALLOW
        assert calls.verdict("socket", family, raw, 1) == REFUSE
        assert calls.verdict("socket", family, stream, 132) == REFUSE  # SCTP
        assert calls.verdict("socket", family, stream, 262) == REFUSE  # MPTCP
    assert calls.verdict("socket", FAMILIES["unix"], stream) == ALLOW
    assert calls.verdict("socket", FAMILIES["netlink"], raw, 0) == ALLOW
    assert calls.verdict("socket", FAMILIES["netlink"], raw, 12) == REFUSE  # netfilter
    for family in (17, 38, 40, 44):  # packet, alg, vsock, xdp
        assert calls.verdict("socket", family, stream, 0) == NO_FAMILY
    assert calls.verdict("socketpair", FAMILIES["unix"], stream) == ALLOW
    assert calls.verdict("socketpair", 30, stream) == REFUSE


def test_ioctl_prctl_and_personality(calls: Filtered) -> None:
    assert calls.verdict("ioctl", 0, 0x5401) == ALLOW
    assert [name for name, number in REQUESTS.items() if calls.verdict("ioctl", 0, number) != REFUSE] == []
    assert [name for name, number in OPTIONS.items() if calls.verdict("prctl", number) != ALLOW] == ["SET_SECCOMP"]
    for option in (8, 24, 28, 47, 35, 59, 62):  # KEEPCAPS, CAPBSET_DROP, SECUREBITS, CAP_AMBIENT, MM, SYSCALL_USER…
        assert calls.verdict("prctl", option) == REFUSE
    assert calls.verdict("personality", 0xFFFFFFFF) == ALLOW
    assert calls.verdict("personality", 0x0040000) == REFUSE  # no address space randomisation


def test_limits_and_priorities_of_others_are_left_alone(calls: Filtered) -> None:
    assert calls.verdict("prlimit64", 0, 7) == ALLOW
    assert [pid for pid in (1, 2, 77, 2**32 - 1) if calls.verdict("prlimit64", pid, 7) != REFUSE] == []
    for name in ("getpriority", "setpriority"):  # of a process; of a group, of a user
        assert [calls.verdict(name, kind) for kind in range(3)] == [ALLOW, REFUSE, REFUSE]
    assert [calls.verdict("ioprio_get", kind) for kind in (1, 2, 3)] == [ALLOW, REFUSE, REFUSE]


def test_nobody_is_told_who_reads_a_folder(calls: Filtered) -> None:
    assert [command for command in (1024, 1026) if calls.verdict("fcntl", 3, command) != REFUSE] == []
    for command in (*range(17), 36, 37, 38, 1025, 1030, 1031, 1032, 1033, 1034):  # F_DUPFD … F_OFD_SETLKW, pipes, seals
        assert calls.verdict("fcntl", 3, command) == ALLOW


def test_it_takes_few_steps(architecture: Architecture, calls: Filtered) -> None:
    steps = {name: calls.number(number).steps for name, number in numbers(architecture.name).items()}
    looked_into = {"clone", "socket", "socketpair", "ioctl", "prctl", "personality", "fcntl", "prlimit64"}
    looked_into |= {"getpriority", "setpriority", "ioprio_get"}
    assert max(steps[name] for name in steps if name not in looked_into) <= MOST_STEPS
    assert max(steps.values()) <= 3 * MOST_STEPS


def test_additions_count_where_they_are_meant(architecture: Architecture, policy: Policy) -> None:
    more = replace(policy, system_calls=replace(policy.system_calls, also_allow=("setsid",)))
    assert Filtered(architecture, more).verdict("setsid") == ALLOW
    assert Filtered(architecture, policy).verdict("memfd_create") == REFUSE
    assert Filtered(architecture, policy, gpu=True).verdict("memfd_create") == ALLOW


def test_an_observed_kernel_is_asked_about_what_others_are_refused(architecture: Architecture, policy: Policy) -> None:
    observed = Filtered(architecture, policy, refusal=ASK)
    assert observed.verdict("setsid") == ASK
    assert observed.verdict("socket", 40, 1) == ASK
    assert observed.verdict("read") == ALLOW
    assert observed.verdict("clone3") == ABSENT


def test_an_unknown_machine_has_no_sandbox_where_a_filter_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(SandboxUnavailable, match="riscv64") as caught:
        filter_descriptor()
    assert "x86_64" in caught.value.fix
