"""The system calls that a kernel gets: a filter in the form that Linux takes, written by hand.

The policy lists what may be used, found by running real notebooks (`python -m tools.syscalls`). Everything else gets
EPERM; a number that no system knew when this was written, and calls for which libraries have a second way, get
ENOSYS; code for another architecture is killed.
"""

from __future__ import annotations

import errno
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from worker.sandbox.bpf import (
    JUMP_ANY_BIT,
    JUMP_EQUAL,
    JUMP_NOT_BELOW,
    Program,
    give,
    load,
    mask,
    one_of,
    search,
    when,
    when_not,
)
from worker.sandbox.errors import SandboxUnavailable
from worker.sandbox.policy import Policy, current_policy
from worker.sandbox.syscalls import numbers

NUMBER_AT, ARCHITECTURE_AT, FIRST_AT, SECOND_AT, THIRD_AT = 0, 4, 16, 24, 32  # in struct seccomp_data, low words
ALLOW, KILL, ERRNO, ASK = 0x7FFF0000, 0x80000000, 0x00050000, 0x7FC00000
REFUSE = ERRNO | errno.EPERM
ABSENT = ERRNO | errno.ENOSYS
X32_BIT = 0x40000000
NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
ANY_PERSONALITY = 0xFFFFFFFF  # asks, and changes nothing
OF_ITSELF, PRIO_PROCESS, IOPRIO_WHO_PROCESS = 0, 0, 1

FAMILIES = {"unix": 1, "inet": 2, "inet6": 10, "netlink": 16}
INTERNET = ("inet", "inet6")
TYPE_BITS, STREAM, DATAGRAM, TCP_OR_UDP = 0xF, 1, 2, (0, 6, 17)
ROUTE = 0  # the netlink protocol that tells which network interfaces there are
REQUESTS = {  # of ioctl: typing into a terminal that somebody else reads, taking a terminal over
    "TIOCSTI": 0x5412,
    "TIOCLINUX": 0x541C,
    "TIOCSCTTY": 0x540E,
    "TIOCSETD": 0x5423,
    "TIOCCONS": 0x541D,
}
COMMANDS = {"SETLEASE": 1024, "NOTIFY": 1026}  # of fcntl: to be told when others open or read a file
OPTIONS = {  # of prctl
    "SET_PDEATHSIG": 1,
    "GET_PDEATHSIG": 2,
    "GET_DUMPABLE": 3,
    "SET_DUMPABLE": 4,
    "SET_NAME": 15,
    "GET_NAME": 16,
    "GET_SECCOMP": 21,
    "SET_SECCOMP": 22,
    "CAPBSET_READ": 23,
    "SET_TIMERSLACK": 29,
    "GET_TIMERSLACK": 30,
    "SET_NO_NEW_PRIVS": 38,
    "GET_NO_NEW_PRIVS": 39,
    "SET_THP_DISABLE": 41,
    "GET_THP_DISABLE": 42,
    "SET_VMA": 0x53564D41,
}


@dataclass(frozen=True)
class Architecture:
    name: str
    audit: int
    has_x32: bool


ARCHITECTURES = {
    "x86_64": Architecture("x86_64", 0xC000003E, True),
    "aarch64": Architecture("aarch64", 0xC00000B7, False),
}


def filter_descriptor(*, gpu: bool = False) -> int | None:
    """A descriptor from which bubblewrap reads the filter. None on a machine for which there is none, where the
    policy does not require one; raises SandboxUnavailable where it does."""
    architecture = this_architecture()
    return None if architecture is None else in_memory(build_filter(architecture, current_policy(), gpu=gpu))


def this_architecture() -> Architecture | None:
    """None where there are no filters for this machine and the policy requires none; else raises SandboxUnavailable."""
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None and current_policy().layers.system_call_filter == "required":
        known = " or ".join(ARCHITECTURES)
        raise SandboxUnavailable(
            f"There is no filter of system calls for {platform.machine()}.", f"Use a machine with {known}."
        )
    return architecture


def in_memory(content: bytes) -> int:
    descriptor = os.memfd_create("filter", os.MFD_CLOEXEC)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def build_filter(
    architecture: Architecture,
    policy: Policy,
    *,
    gpu: bool = False,
    refusal: int = REFUSE,
    unnoticed: Iterable[str] | None = None,
) -> bytes:
    """The program, as an array of struct sock_filter. `refusal` is the verdict on what is not allowed; `unnoticed`
    replaces the list of what is allowed, whatever its arguments are."""
    known = numbers(architecture.name)
    rules = policy.system_calls
    allowed = {*rules.allow, *rules.also_allow, *(policy.gpu.also_allow if gpu else ())}
    verdicts: dict[int, Program] = {number: [give(refusal)] for number in known.values()}
    verdicts |= {known[name]: [give(ABSENT)] for name in rules.absent if name in known}
    if unnoticed is None:
        verdicts |= {known[name]: [give(ALLOW)] for name in allowed if name in known}
        verdicts |= {known[name]: body for name, body in _looked_into(policy, refusal).items() if name in known}
    else:
        verdicts |= {known[name]: [give(ALLOW)] for name in unnoticed if name in known}
    program = [load(ARCHITECTURE_AT), *when_not(JUMP_EQUAL, architecture.audit, [give(KILL)]), load(NUMBER_AT)]
    if architecture.has_x32:
        program += when(JUMP_NOT_BELOW, X32_BIT, [give(KILL)])
    return b"".join([*program, *search(_leaves(verdicts))])


def _leaves(verdicts: Mapping[int, Program]) -> list[tuple[int, Program]]:
    """Neighbours with the same verdict become one leaf; numbers without a name are absent."""
    leaves: list[tuple[int, Program]] = []
    for number in range(max(verdicts) + 2):
        body = verdicts.get(number, [give(ABSENT)])
        if not leaves or leaves[-1][1] != body:
            leaves.append((number, body))
    return leaves


def _looked_into(policy: Policy, refusal: int) -> dict[str, Program]:
    """The calls that are allowed with some arguments alone."""
    rules = policy.system_calls
    return {
        "clone": [load(FIRST_AT), *when(JUMP_ANY_BIT, NEW_NAMESPACES, [give(refusal)]), give(ALLOW)],
        "socket": _socket(policy.sockets.families, refusal),
        "socketpair": [load(FIRST_AT), *one_of([FAMILIES["unix"]], ALLOW, refusal)],
        "ioctl": [load(SECOND_AT), *one_of([REQUESTS[name] for name in rules.refused_ioctl], refusal, ALLOW)],
        "prctl": [load(FIRST_AT), *one_of([OPTIONS[name] for name in rules.prctl], ALLOW, refusal)],
        "personality": [load(FIRST_AT), *one_of([ANY_PERSONALITY], ALLOW, refusal)],
        "fcntl": [load(SECOND_AT), *one_of([COMMANDS[name] for name in rules.refused_fcntl], refusal, ALLOW)],
        # a limit of another process can end it
        "prlimit64": [load(FIRST_AT), *one_of([OF_ITSELF], ALLOW, refusal)],
        # of one process, not of all of a user or a group
        "setpriority": [load(FIRST_AT), *one_of([PRIO_PROCESS], ALLOW, refusal)],
        "getpriority": [load(FIRST_AT), *one_of([PRIO_PROCESS], ALLOW, refusal)],
        "ioprio_get": [load(FIRST_AT), *one_of([IOPRIO_WHO_PROCESS], ALLOW, refusal)],
    }


def _socket(families: Sequence[str], refusal: int) -> Program:
    no_such_family = ERRNO | errno.EAFNOSUPPORT if refusal == REFUSE else refusal
    body: Program = [load(FIRST_AT)]
    for family in families:
        body += when(JUMP_EQUAL, FAMILIES[family], _kinds(family, refusal))
    return [*body, give(no_such_family)]


def _kinds(family: str, refusal: int) -> Program:
    """No raw sockets, and no protocols that nobody needs in a jail without a network."""
    if family in INTERNET:
        kind = [load(SECOND_AT), mask(TYPE_BITS)]
        checks = when_not(JUMP_EQUAL, STREAM, when_not(JUMP_EQUAL, DATAGRAM, [give(refusal)]))
        return [*kind, *checks, load(THIRD_AT), *one_of(TCP_OR_UDP, ALLOW, refusal)]
    if family == "netlink":
        return [load(THIRD_AT), *one_of([ROUTE], ALLOW, refusal)]
    return [give(ALLOW)]
