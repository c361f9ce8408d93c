"""What one checker may use: what instructors' code needs to compute, and nothing with which it could do more."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20

# Reading what is in the jail, memory, time, and the pipe and channel that are open already. Not here, and therefore
# refused: processes, threads, programs, sockets, changing the limits, and signals to others (also those that fcntl and
# ioctl can have the system send).
SYSTEM_CALLS = (
    *("read", "readv", "pread64", "write", "writev", "close", "dup", "lseek", "poll", "ppoll"),
    *("recvfrom", "recvmsg", "sendto", "sendmsg"),
    *("open", "openat", "access", "faccessat", "faccessat2", "stat", "fstat", "lstat", "newfstatat", "statx", "getcwd"),
    *("getdents", "getdents64", "readlink", "readlinkat", "statfs", "fstatfs", "fadvise64"),
    *("brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "mincore", "futex", "membarrier", "rseq"),
    *("clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times", "getrusage"),
    *("getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "uname", "sysinfo", "getrandom"),
    *("sched_yield", "sched_getaffinity", "getcpu", "set_robust_list", "get_robust_list"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "exit", "exit_group"),
)


@dataclass(frozen=True)
class CheckerLimits:
    """`computing_s` is for each check, the kernel's time for its answers not counted; the rest for each checker."""

    computing_s: float = 60.0
    load_s: float = 30.0
    processor_s: int = 1_800
    address_space_mib: int = 3_072
    open_files: int = 64

    def resources(self) -> dict[str, int]:
        """RLIMIT name -> value."""
        return {
            "AS": self.address_space_mib * MIB,
            "CPU": self.processor_s,
            "NOFILE": self.open_files,
            "FSIZE": 0,
            "CORE": 0,
            "NPROC": 0,
        }
