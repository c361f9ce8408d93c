"""The system calls that a kernel does not get: a filter in the form that Linux takes, written by hand.

It is no list of what may be used, which would break with every new library, but of what no notebook needs and what
has carried most attacks on Linux: namespaces and mounts, tracing, keys, bpf, io_uring, kernel modules, clocks; and of
memory that no other limit counts (memfd, System V). A refused call gets EPERM; code for another architecture is killed.
"""

from __future__ import annotations

import errno
import os
import platform
import struct
from collections.abc import Sequence
from dataclasses import dataclass

LOAD_WORD, JUMP_EQUAL, JUMP_ANY_BIT, JUMP_NOT_BELOW, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
NUMBER_AT, ARCHITECTURE_AT, FIRST_AT, SECOND_AT = 0, 4, 16, 24  # in struct seccomp_data, low words
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
X32_BIT = 0x40000000
NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
SOCKET_FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6 (both of the jail's own empty network), netlink
TERMINAL_TRICKS = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into the terminal that somebody else reads

# name, its number on x86_64, its number on aarch64
# setsid: without control groups the scheduler is fair between sessions, so a jail must stay one session
REFUSED = """
ptrace 101 117 | process_vm_readv 310 270 | process_vm_writev 311 271 | kcmp 312 272 | pidfd_getfd 438 438 |
process_madvise 440 440 | mount 165 40 | umount2 166 39 | pivot_root 155 41 | chroot 161 51 |
move_mount 429 429 | open_tree 428 428 | fsopen 430 430 | fsconfig 431 431 | fsmount 432 432 | fspick 433 433 |
mount_setattr 442 442 | setns 308 268 | unshare 272 97 | kexec_load 246 104 | kexec_file_load 320 294 |
reboot 169 142 | init_module 175 105 | finit_module 313 273 | delete_module 176 106 | swapon 167 224 |
swapoff 168 225 | acct 163 89 | quotactl 179 60 | quotactl_fd 443 443 | add_key 248 217 | request_key 249 218 |
keyctl 250 219 | bpf 321 280 | perf_event_open 298 241 | userfaultfd 323 282 | io_uring_setup 425 425 |
io_uring_enter 426 426 | io_uring_register 427 427 | name_to_handle_at 303 264 | open_by_handle_at 304 265 |
fanotify_init 300 262 | lookup_dcookie 212 18 | vhangup 153 58 | syslog 103 116 | settimeofday 164 170 |
clock_settime 227 112 | clock_adjtime 305 266 | adjtimex 159 171 | personality 135 92 | vmsplice 278 75 |
migrate_pages 256 238 | move_pages 279 239 | memfd_secret 447 447 | memfd_create 319 279 | setsid 112 157 |
mknodat 259 33 | shmget 29 194 | msgget 68 186 | mq_open 240 180 | iopl 172 - | ioperm 173 - |
modify_ldt 154 - | uselib 134 - | ustat 136 - | sysfs 139 - | _sysctl 156 - | mknod 133 -
"""


@dataclass(frozen=True)
class Architecture:
    audit: int
    refused: tuple[int, ...]
    clone: int
    clone3: int
    socket: int
    ioctl: int
    has_x32: bool


def refused_calls(column: int) -> dict[str, int]:
    """Name -> number on one architecture: column 1 or 2 of the table above."""
    rows = [row.split() for row in REFUSED.replace("\n", " ").split("|") if row.strip()]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


ARCHITECTURES = {
    "x86_64": Architecture(0xC000003E, tuple(refused_calls(1).values()), 56, 435, 41, 16, True),
    "aarch64": Architecture(0xC00000B7, tuple(refused_calls(2).values()), 220, 435, 198, 29, False),
}


def filter_descriptor() -> int | None:
    """A descriptor from which bubblewrap reads the filter; None on a machine for which we have none."""
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        return None
    descriptor = os.memfd_create("filter", os.MFD_CLOEXEC)
    os.write(descriptor, build_filter(architecture))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def build_filter(architecture: Architecture) -> bytes:
    """The program, as an array of struct sock_filter."""
    refuse, unknown = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS
    program = [_load(ARCHITECTURE_AT), _jump(JUMP_EQUAL, architecture.audit, 1, 0), _return(KILL), _load(NUMBER_AT)]
    if architecture.has_x32:
        program += _if(JUMP_NOT_BELOW, X32_BIT, [_return(KILL)])
    for number in architecture.refused:
        program += _if(JUMP_EQUAL, number, [_return(refuse)])
    # its flags lie in memory, where no filter can look; libraries then fall back to clone
    program += _if(JUMP_EQUAL, architecture.clone3, [_return(unknown)])
    program += _if(JUMP_EQUAL, architecture.clone, _flags(NEW_NAMESPACES, refuse))
    program += _if(JUMP_EQUAL, architecture.socket, _families(SOCKET_FAMILIES))
    program += _if(JUMP_EQUAL, architecture.ioctl, _requests(TERMINAL_TRICKS, refuse))
    return b"".join([*program, _return(ALLOW)])


def _flags(bits: int, verdict: int) -> list[bytes]:
    return [_load(FIRST_AT), _jump(JUMP_ANY_BIT, bits, 0, 1), _return(verdict), _return(ALLOW)]


def _families(allowed: Sequence[int]) -> list[bytes]:
    checks = [part for family in allowed for part in _if(JUMP_EQUAL, family, [_return(ALLOW)])]
    return [_load(FIRST_AT), *checks, _return(ERRNO | errno.EAFNOSUPPORT)]


def _requests(refused: Sequence[int], verdict: int) -> list[bytes]:
    checks = [part for request in refused for part in _if(JUMP_EQUAL, request, [_return(verdict)])]
    return [_load(SECOND_AT), *checks, _return(ALLOW)]


def _if(test: int, value: int, body: Sequence[bytes]) -> list[bytes]:
    """Every body ends with a return, so the accumulator after it is as it was before."""
    return [_jump(test, value, 0, len(body)), *body]


def _load(offset: int) -> bytes:
    return struct.pack("=HBBI", LOAD_WORD, 0, 0, offset)


def _jump(test: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("=HBBI", test, if_true, if_false, value)


def _return(verdict: int) -> bytes:
    return struct.pack("=HBBI", RETURN, 0, 0, verdict)
