"""The system calls with which a forked kernel shuts itself in, and the order of what it does with them.

Two processes live in the new namespaces. Process 1, the jailer, keeps the right to mount until the kernel has been
given its order, and then gives up everything; process 2, the kernel, gives up everything at once.
"""

import ctypes
import fcntl
import os
import socket
import stat
import struct

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x02000000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE, MNT_DETACH = 0x4000, 1 << 18, 2
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 4, 22, 24, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL, SECCOMP_MODE_FILTER, CAPABILITY_VERSION_3 = 4, 2, 0x20080522
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
LAST_CAPABILITY = 63

libc = ctypes.CDLL(None, use_errno=True)
libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]
libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4


class FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def checked(result, what):
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags):
    checked(libc.unshare(flags), f"unshare {flags:#x}")


def enter(namespace, kind):
    checked(libc.setns(namespace, kind), "setns")


def mount(source, target, kind, flags, data=None):
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    checked(libc.mount(*texts, flags, None if data is None else data.encode()), f"mount {target}")


def bind_read_only(source, target):
    mount(source, target, None, MS_BIND)
    mount(None, target, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)


def devices_read_only():
    """They work as before, but nobody can give one another time: every kernel of the machine would see it."""
    for folder, _, names in os.walk("/dev"):
        for path in (os.path.join(folder, name) for name in names):
            if stat.S_ISCHR(os.lstat(path).st_mode):
                mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID)


def detach(target):
    checked(libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def hide():
    """Nobody of the same user may look into this process's memory."""
    checked(libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl dumpable")


def separate():
    """Namespaces of its own for this process, the jailer: mounts, ipc, host name, network, control groups."""
    unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    loopback_up()


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH22x", b"lo", IFF_UP | IFF_RUNNING)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)


def own_user_namespace(uid, gid):
    """No right outside it, and none inside once `surrender` has run. Needs a process of one thread."""
    unshare(CLONE_NEWUSER)
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{uid} {uid} 1\n")
    write("/proc/self/gid_map", f"{gid} {gid} 1\n")
    write("/proc/sys/user/max_user_namespaces", "0")


def surrender(instructions):
    """Gives up every capability for ever, and takes on the system call filter (`instructions`: b"" for none)."""
    for capability in range(LAST_CAPABILITY + 1):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == -1:
            break  # the system knows no more of them
    checked(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl ambient")
    header, nothing = struct.pack("Ii", CAPABILITY_VERSION_3, 0), bytes(24)
    checked(libc.capset(header, nothing), "capset")
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl no new privileges")
    if instructions:
        take_filter(instructions)


def take_filter(instructions):
    """From now on, on top of any filter before it. Needs to have given up new privileges."""
    kept = ctypes.create_string_buffer(instructions, len(instructions))
    program = FilterProgram(len(instructions) // 8, ctypes.cast(kept, ctypes.c_void_p))
    checked(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(program), 0, 0), "seccomp")


def write(path, text):
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def close_all_but(kept):
    """Every descriptor from 3 on that is not in `kept`."""
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, os.sysconf("SC_OPEN_MAX"))


def silence():
    """The parent's standard streams are files of the worker's: nobody but the parent writes there."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)


def collapse():
    """Puts this process's memory into huge pages where it fits: forking and ending its children gets cheaper."""
    huge, advice = 2 << 20, 25  # MADV_COLLAPSE, Linux 6.1
    with open("/proc/self/maps", encoding="ascii") as file:
        lines = file.read().splitlines()
    for line in lines:
        fields = line.split()
        if fields[1] != "rw-p" or (len(fields) > 5 and fields[5].startswith("[stack")):
            continue
        first, last = (int(text, 16) for text in fields[0].split("-"))
        first, last = -(-first // huge) * huge, last // huge * huge
        if last > first:
            libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), advice)
