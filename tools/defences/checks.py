"""The jail in which an assignment's checks are carried out."""

from __future__ import annotations

from tools.defences.defence import Defence, Edit

CHECKS = ("tests/checker/test_jail.py",)
OUTER = "worker/checker/jail.py"
INSIDE = "worker/checker/inside/parent.py"


def checks(name: str, chosen: str, file: str, old: str, new: str = "") -> Defence:
    return Defence(f"checks: {name}", (Edit(file, old, new),), CHECKS, chosen)


CHECKER = (
    checks("network namespace", "namespace", OUTER, '"--unshare-net", '),
    checks("process namespace", "namespace", OUTER, '"--unshare-pid", '),
    checks("ipc namespace", "namespace", OUTER, '"--unshare-ipc", '),
    checks("new session", "session", OUTER, '"--new-session", '),
    checks(
        "nothing to write to", "write_to", OUTER, '        arguments += ["--remount-ro", place]\n', "        pass\n"
    ),
    checks(
        "system call filter",
        "filter",
        INSIDE,
        "                self.isolate.take_filter(self.instructions)\n",
        "                pass\n",
    ),
    checks(
        "resource limits",
        "limit_of",
        INSIDE,
        "            self.resources.apply_limits(self.limits)\n",
        "            pass\n",
    ),
)
