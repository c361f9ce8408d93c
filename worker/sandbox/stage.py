"""Run as root, in a process of its own, just before bubblewrap: gives root up.

Real root inside a user namespace escapes the process limit and owns the machine's files, so the jail is made by an
ordinary user. That user may not be able to reach the interpreter (below a home folder of mode 0700, say): whatever
the jail needs is first mounted, in a mount namespace that nobody else sees, below a folder that anyone may enter.

Arguments: uid, gid, number of mounts N, N host paths, then the command, in which "@0" … "@N-1" at the start of an
argument stand for the places where the mounts are. Standard library only, no package imports: started with -I -S.
"""

import ctypes
import os
import shutil
import stat
import sys

STAGE = "/tmp"
CLONE_NEWNS = 0x20000
MS_REC, MS_PRIVATE, MS_BIND, MS_NOSUID, MS_NODEV = 0x4000, 1 << 18, 0x1000, 2, 4

libc = ctypes.CDLL(None, use_errno=True)


def mount(source: bytes | None, target: bytes, kind: bytes | None, flags: int, data: bytes | None = None) -> None:
    if libc.mount(source, target, kind, ctypes.c_ulong(flags), data) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {target.decode()}: {os.strerror(number)}")


def stage(paths: list[str]) -> list[str]:
    """Where each of the paths can now be reached by anyone in this process."""
    if libc.unshare(CLONE_NEWNS) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"unshare: {os.strerror(number)}")
    mount(None, b"/", None, MS_REC | MS_PRIVATE)
    opened = [os.open(path, os.O_PATH | os.O_CLOEXEC) for path in paths]  # before STAGE covers some of them
    mount(b"tmpfs", STAGE.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=0755,size=512m")
    return [bind(descriptor, f"{STAGE}/{number}") for number, descriptor in enumerate(opened)]


def bind(descriptor: int, place: str) -> str:
    source, mode = f"/proc/self/fd/{descriptor}", os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        os.mkdir(place)
    elif mode & stat.S_IROTH:
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o644))
    else:  # a file that only root may read, which the jail is nevertheless to show
        shutil.copyfile(source, place)
        os.chmod(place, 0o444)
        return place
    mount(source.encode(), place.encode(), None, MS_BIND)
    return place


def main(arguments: list[str]) -> None:
    uid, gid, count = (int(text) for text in arguments[:3])
    places = stage(arguments[3 : 3 + count])
    command = [replaced(text, places) for text in arguments[3 + count :]]
    os.chdir("/")
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    os.execv(command[0], command)  # noqa: S606


def replaced(text: str, places: list[str]) -> str:
    if not text.startswith("@"):
        return text
    number, slash, rest = text[1:].partition("/")
    return places[int(number)] + slash + rest


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as problem:
        sys.stderr.write(f"stage: {problem}\n")
        sys.exit(71)
