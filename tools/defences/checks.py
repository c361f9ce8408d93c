"""What keeps instructors' checks apart from the worker and from each other."""

from __future__ import annotations

from tools.defences.defence import Defence, Edit

JAIL = "worker/checker/jail.py"
PARENT = "worker/checker/inside/parent.py"
OUTCOMES = "worker/checker/outcomes.py"
FRAMES = "worker/checker/inside/frames.py"
CHECKS = "worker/checker/checks.py"
LIMITS = "worker/checker/limits.py"
SEEN, HOSTILE, CHECKING = (
    "tests/checker/test_jail.py",
    "tests/checker/test_hostile_checks.py",
    "tests/checker/test_checking.py",
)
UNSHARED = ("user", "pid", "net", "ipc", "uts")
RESOURCES = {
    "AS": '"AS": self.address_space_mib * MIB,',
    "CPU": '"CPU": self.processor_s,',
    "NOFILE": '"NOFILE": self.open_files,',
    "FSIZE": '"FSIZE": 0,',
    "CORE": '"CORE": 0,',
    "NPROC": '"NPROC": 0,',
}


def _line(file: str, old: str, new: str = "") -> tuple[Edit, ...]:
    return (Edit(file, old, new),)


def _namespaces(without: str = "") -> str:
    listed = ", ".join(f'"--unshare-{name}"' for name in UNSHARED if name != without)
    return f"*({listed}),"


HOSTNAME = _line(JAIL, ', "--hostname", "checker"')

CHECKER = (
    *(
        Defence(
            f"checks: {name} namespace",
            _line(JAIL, _namespaces(), _namespaces(name)) + (HOSTNAME if name == "uts" else ()),
            (SEEN,),
            "namespace",
        )
        for name in UNSHARED
        if name not in ("user",)  # without it bubblewrap makes none of the others
    ),
    Defence(
        "checks: no capabilities",
        _line(JAIL, '"--cap-drop", "ALL"', '"--cap-add", "CAP_SYS_ADMIN"'),
        (SEEN,),
        "capabilities",
    ),
    Defence("checks: session of its own", _line(JAIL, '"--new-session", '), (SEEN,), "session"),
    Defence("checks: stripped environment", _line(JAIL, '"--clearenv", '), (SEEN,), "environment"),
    Defence(
        "checks: no /proc",
        _line(JAIL, "[*shown[:proc], *shown[proc + 2 :]]", "shown"),
        (SEEN, HOSTILE),
        "proc or processes",
    ),
    Defence(
        "checks: nothing to write to",
        _line(JAIL, 'for place in (bubblewrap.HOME, "/dev/shm", "/dev", "/"):', "for place in ():"),
        (SEEN, HOSTILE),
        "write or leaves",
    ),
    Defence(
        "checks: filter of system calls",
        _line(PARENT, "self.isolate.take_filter(self.instructions)", "pass"),
        (SEEN, HOSTILE),
        "filter or kills or raises or signal",
    ),
    *(Defence(f"checks: limit {name}", _line(LIMITS, line), (SEEN,), "limit") for name, line in RESOURCES.items()),
    Defence(
        "checks: descriptors of the parent closed",
        _line(PARENT, "self.isolate.close_all_but({channel, trace})", "pass"),
        (HOSTILE,),
        "descriptor",
    ),
    Defence(
        "checks: standard streams of the parent closed",
        _line(PARENT, "self.isolate.silence()", "pass"),
        (HOSTILE,),
        "descriptor",
    ),
    Defence(
        "checks: ends with the worker",
        (Edit(JAIL, '"--die-with-parent", '), Edit(PARENT, "os._exit(0)", "return")),
        (CHECKING,),
        "outlives",
    ),
    Defence(
        "checks: fraction from 0 to 1",
        _line(OUTCOMES, "if not 0 <= fraction <= 1:", "if False:"),
        (HOSTILE,),
        "protocol or outcome",
    ),
    Defence("checks: no NaN", _line(FRAMES, ", parse_constant=_refuse"), (HOSTILE,), "protocol or outcome"),
    Defence(
        "checks: an outcome has its fields and no others",
        _line(OUTCOMES, "if set(words) != FIELDS:", "if False:"),
        (HOSTILE,),
        "protocol",
    ),
    Defence(
        "checks: an outcome is that of the check asked for",
        _line(OUTCOMES, 'if words["number"] != number:', "if False:"),
        (HOSTILE,),
        "protocol",
    ),
    Defence(
        "checks: known conclusions alone",
        _line(OUTCOMES, 'if words["conclusion"] not in set(Conclusion):', "if False:"),
        (HOSTILE,),
        "protocol or outcome",
    ),
    Defence(
        "checks: texts of limited length",
        _line(OUTCOMES, "if len(value) > most:", "if False:"),
        (HOSTILE,),
        "protocol",
    ),
    Defence("checks: well-formed questions", _line(CHECKS, "if not well_formed:", "if False:"), (HOSTILE,), "protocol"),
    Defence(
        "checks: messages of limited size",
        _line(FRAMES, "if text > MAX_TEXT_BYTES or data > MAX_DATA_BYTES:", "if False:"),
        ("tests/unit/worker/checker/test_frames.py",),
    ),
    Defence(
        "checks: a check has a time to compute",
        _line("worker/checker/process.py", "max(0.0, allowed_s - self.spent_s)", "None"),
        (HOSTILE,),
        "sleeps",
    ),
)
