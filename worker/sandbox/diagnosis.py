"""Says, from what bubblewrap complained about, what to change on the machine."""

from __future__ import annotations

from pathlib import Path

from worker.sandbox.errors import KernelStartError, SandboxUnavailable

APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
CLONE = Path("/proc/sys/kernel/unprivileged_userns_clone")
MOST = Path("/proc/sys/user/max_user_namespaces")

APPARMOR_FIX = (
    "Install the distribution's bubblewrap and give it the AppArmor profile of deploy/apparmor/ "
    "(`cp deploy/apparmor/grader-bwrap /etc/apparmor.d/ && apparmor_parser -r /etc/apparmor.d/grader-bwrap` as root), "
    "or run `sysctl kernel.apparmor_restrict_unprivileged_userns=0` as root."
)
DOCKER_FIX = (
    "In a container, use the `security_opt` of docker-compose.yml: `--security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined --security-opt systempaths=unconfined` "
    "(or a seccomp profile that allows clone, unshare, mount and pivot_root)."
)
CGROUP_FIX = (
    "Run the worker under systemd with the units of deploy/systemd/ (Delegate=yes), in a container with its own "
    "writable control groups, or as root."
)
COMPLAINTS = (
    "new namespace",
    "uid map",
    "gid map",
    "RTM_NEWADDR",
    "Can't mount proc",
    "Can't mount tmpfs",
    "pivot_root",
    "unshare",
    "stage: mount",
    "max_user_namespaces",
    "make / slave",
)


def start_failure(complaint: str) -> SandboxUnavailable | KernelStartError:
    """The error for a jail that ended before its kernel said anything. `complaint`: bubblewrap's last words."""
    text = complaint.strip().splitlines()[-1] if complaint.strip() else "it said nothing"
    if not any(known in complaint for known in COMPLAINTS):
        return KernelStartError(f"The kernel's jail did not start: {text[:500]}")
    reason = f"The sandbox cannot be made on this machine: {text[:300]}."
    return SandboxUnavailable(reason, _fix(complaint))


def _fix(complaint: str) -> str:
    if _setting(CLONE) == 0:
        return "Run `sysctl kernel.unprivileged_userns_clone=1` as root."
    if _setting(MOST) == 0:
        return "Run `sysctl user.max_user_namespaces=15000` as root."
    if _setting(APPARMOR) == 1:
        return APPARMOR_FIX
    if _in_container() or "Can't mount proc" in complaint or "stage:" in complaint:
        return DOCKER_FIX
    if "No space left" in complaint or "ENOSPC" in complaint:
        return "Run `sysctl user.max_user_namespaces=15000` as root; nested containers count too."
    return "Allow user namespaces to the user that runs the worker. " + DOCKER_FIX


def _setting(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _in_container() -> bool:
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
