"""Notebooks that use system calls no notebook needs. Numbers are those of x86_64."""

from __future__ import annotations

from .attack import TOOLS, Attack, escape


def calls(name: str, numbers: dict[str, tuple[int, ...]]) -> Attack:
    """Each call by number with harmless-looking arguments: refused by the filter, whatever they are."""
    lines = [
        f"result = libc.syscall({', '.join(map(str, arguments))}); number = ctypes.get_errno()\n"
        f"if result != -1 or number not in (errno.EPERM, errno.ENOSYS): raise Escaped(f'{what}: {{result}} {{number}}')"
        for what, arguments in numbers.items()
    ]
    return escape(name, "\n".join(lines), cold=True)


NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)

ATTACKS: tuple[Attack, ...] = (
    calls("make_namespaces", {f"unshare {flag:#x}": (272, flag) for flag in NAMESPACES}),
    escape(
        "make_namespaces_by_clone",
        f"for flag in {NAMESPACES!r}:\n"
        "    libc.syscall.restype = ctypes.c_long\n    pid = libc.syscall(56, ctypes.c_long(flag | 17), 0, 0, 0, 0)\n"
        "    if pid == 0: os._exit(0)\n    if pid > 0: raise Escaped(f'clone {flag:#x}')",
        "import struct\nflags = ctypes.create_string_buffer(struct.pack('8Q', 0x10000000, 0, 0, 0, 17, 0, 0, 0))\n"
        "pid = libc.syscall(435, flags, 64)\nif pid == 0: os._exit(0)\nif pid > 0: raise Escaped('clone3')",
        cold=True,
    ),
    escape(
        "enter_namespaces",
        "for name in ('mnt', 'net', 'pid', 'user', 'ipc', 'uts'):\n    for pid in (1, 'self'):\n"
        "        try: handle = os.open(f'/proc/{pid}/ns/{name}', os.O_RDONLY)\n        except OSError: continue\n"
        "        refused(f'setns {pid} {name}', syscall, 308, handle, 0)",
        cold=True,
    ),
    escape(
        "mount_and_unmount",
        "refused('mount', syscall, 165, b'none', b'/tmp', b'tmpfs', 0, None)\n"
        "refused('remount', syscall, 165, None, b'/', None, 32 | 4096, None)\n"
        "refused('bind', syscall, 165, b'/proc/1/root', b'/tmp', None, 4096, None)\n"
        "refused('proc', syscall, 165, b'proc', b'/tmp', b'proc', 0, None)\n"
        "refused('umount', syscall, 166, b'/proc', 2)\nrefused('umount data', syscall, 166, b'data.csv', 2)\n"
        "refused('pivot_root', syscall, 155, b'.', b'.')\nrefused('chroot', os.chroot, '/usr')",
        cold=True,
    ),
    calls(
        "mount_by_the_newer_calls",
        {
            "open_tree": (428, -100, 0, 1),
            "move_mount": (429, -100, 0, -100, 0, 0),
            "fsopen": (430, 0, 0),
            "fsconfig": (431, 0, 0, 0, 0, 0),
            "fsmount": (432, 0, 0, 0),
            "fspick": (433, -100, 0, 0),
            "mount_setattr": (442, -100, 0, 0, 0, 0),
        },
    ),
    calls(
        "trace_processes", {"traceme": (101, 0, 0, 0, 0), "attach": (101, 16, 1, 0, 0), "kcmp": (312, 1, 1, 0, 0, 0)}
    ),
    calls("use_io_uring", {"setup": (425, 8, 0), "enter": (426, 0, 0, 0, 0, 0, 0), "register": (427, 0, 0, 0, 0)}),
    calls("use_bpf", {"map": (321, 0, 0, 0), "load": (321, 5, 0, 0)}),
    calls("use_userfaultfd", {"userfaultfd": (323, 0)}),
    calls("use_performance_counters", {"perf_event_open": (298, 0, 0, -1, -1, 0), "lookup_dcookie": (212, 0, 0, 0)}),
    calls(
        "use_keyrings", {"add_key": (248, 0, 0, 0, 0, 0), "request_key": (249, 0, 0, 0, 0), "keyctl": (250, 0, -3, 1)}
    ),
    calls("open_files_by_handle", {"handle": (303, -100, 0, 0, 0, 0), "open": (304, 0, 0, 0)}),
    calls(
        "load_modules_and_kernels",
        {
            "init_module": (175, 0, 0, 0),
            "finit_module": (313, 0, 0, 0),
            "delete_module": (176, 0, 0),
            "kexec": (246, 0, 0, 0, 0),
            "kexec file": (320, 0, 0, 0, 0, 0),
            "reboot": (169, 0, 0, 0, 0),
        },
    ),
    calls(
        "change_the_clock",
        {"settimeofday": (164, 0, 0), "clock_settime": (227, 0, 0), "adjtimex": (159, 0), "clock_adjtime": (305, 0, 0)},
    ),
    calls(
        "change_the_machine",
        {
            "swapon": (167, 0, 0),
            "swapoff": (168, 0),
            "acct": (163, 0),
            "syslog": (103, 2, 0, 0),
            "vhangup": (153,),
            "iopl": (172, 3),
            "ioperm": (173, 0, 1, 1),
            "quotactl": (179, 0, 0, 0, 0),
        },
    ),
    escape(
        "rename_the_machine",
        "refused('host name', socket.sethostname, 'mine')\nrefused('domain', syscall, 171, b'mine', 4)",
        cold=True,
    ),
    calls("watch_every_file", {"fanotify_init": (300, 0, 0)}),
    calls(
        "use_calls_of_recent_systems",
        {
            "landlock_create_ruleset": (444, 0, 0, 1),
            "landlock_restrict_self": (446, 0, 0),
            "process_madvise": (440, 0, 0, 0, 0, 0),
            "process_mrelease": (448, 0, 0),
            "quotactl_fd": (443, 0, 0, 0, 0),
            "cachestat": (451, 0, 0, 0, 0),
            "statmount": (457, 0, 0, 0, 0),
            "listmount": (458, 0, 0, 0, 0),
            "lsm_set_self_attr": (460, 0, 0, 0, 0),
            "setxattrat": (463, -100, 0, 0, 0, 0, 0),
            "open_tree_attr": (467, -100, 0, 0, 0, 0),
            "file_setattr": (469, -100, 0, 0, 0, 0),
            "a filter that asks": (317, 1, 8, 0),
            "what filters ask": (317, 3, 0, 0),
            "sched_setattr": (314, 0, 0, 0),
            "fanotify_mark": (301, 0, 0, 0, 0, 0),
            "get_robust_list": (274, 1, 0, 0),
        },
    ),
    calls(
        "change_what_the_system_knows_of_the_process",
        {
            "its memory map": (157, 35, 1, 4096, 0, 0),
            "who buries orphans": (157, 36, 1, 0, 0, 0),
            "who may trace it": (157, 0x59616D61, -1, 0, 0, 0),
            "dispatch of calls": (157, 59, 1, 0, 0, 0),
            "merging of pages": (157, 67, 1, 0, 0, 0),
            "speculation": (157, 53, 0, 0, 0, 0),
            "core scheduling": (157, 62, 1, 0, 0, 0),
            "the clock of the processor": (157, 26, 2, 0, 0, 0),
        },
    ),
    calls(
        "use_memory_that_nobody_counts",
        {
            "memfd": (319, 0, 0),
            "memfd_secret": (447, 0),
            "vmsplice": (278, 0, 0, 0, 0),
            "move_pages": (279, 0, 0, 0, 0, 0, 0),
            "migrate_pages": (256, 0, 0, 0, 0),
        },
    ),
    calls("change_personality", {"personality": (135, 0x0040000), "modify_ldt": (154, 0, 0, 0), "uselib": (134, 0)}),
    Attack(
        "call_with_the_x32_bit",
        (TOOLS, "libc.syscall(ctypes.c_long(0x40000000 + 39))"),
        ("ok", "died"),
        reason="by signal 31",
        cold=True,
    ),
    Attack(
        "call_as_a_program_of_32_bits",
        # mov eax, 20 (getpid of i386); int 0x80; ret
        (
            TOOLS,
            "import mmap\ncode = mmap.mmap(-1, 4096, prot=7)\ncode.write(bytes.fromhex('b814000000cd80c3'))\n"
            "at = ctypes.addressof(ctypes.c_char.from_buffer(code))\nprint(ctypes.CFUNCTYPE(ctypes.c_int)(at)())",
        ),
        ("ok", "died"),
        reason="by signal (31|11)",
        cold=True,
    ),
)
