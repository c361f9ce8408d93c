"""What an entry of the catalogue says: the cells of a hostile notebook, and what must have become of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from worker.contract import Limits
from worker.pipeline.request import Grading

# Times as long as a slow and busy machine may need; an attack that does not end by itself has shorter ones.
LIMITS = Limits(wall_s=200, cell_s=100, call_s=100, memory_mib=400, scratch_mib=24, output_mib=2, processes=30)

# The first cell of notebooks that try to get out: each try is expected to be refused, and a try that is not refused
# is an error of its cell that begins with this word.
ESCAPED = "Escaped"
TOOLS = """
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)

class Escaped(Exception):
    pass

def syscall(number, *arguments):
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    libc.syscall.restype = ctypes.c_long
    result = libc.syscall(ctypes.c_long(number), *wide)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def refused(what, action, *arguments, **options):
    try:
        got = action(*arguments, **options)
    except Exception:
        return
    raise Escaped(f"{what}: {got!r}"[:300])
"""


@dataclass(frozen=True)
class Attack:
    name: str  # what it tries
    cells: tuple[str, ...]
    ends: tuple[str, ...] = ()  # for each cell its status, alternatives with "|"; empty: whatever
    reason: str = ""  # pattern: why the kernel ended early, as its student is told
    error: str = ""  # pattern: found in the error of one of the cells
    points: float = 0.0  # it gets no more than these
    least: float = 0.0  # and no less: what it computed honestly counts all the same
    accomplice: tuple[str, ...] = ()  # another hostile notebook, graded at the same time
    limits: Mapping[str, float] = field(default_factory=dict)  # other than LIMITS
    cold: bool = False  # tried also in a kernel that was started from nothing
    alone: bool = False  # takes so much of the machine that no other attack is tried meanwhile

    def allowed(self) -> Limits:
        return replace(LIMITS, **self.limits)  # type: ignore[arg-type]

    def complaints(self, grading: Grading) -> list[str]:
        """Everything that is not as it must be."""
        found = []
        if grading.status.value != "graded":
            found.append(f"it is {grading.status.value}: {grading.reason} {grading.staff_text}")
        if not self.least <= grading.score <= self.points:
            found.append(f"it got {grading.score} points: {[(c.key, c.verdict.value) for c in grading.checks]}")
        errors = [cell.error for cell in grading.cells]
        statuses = [cell.status for cell in grading.cells]
        found += [f"it got out: {error}" for error in errors if error.startswith(ESCAPED)]
        if self.ends and not (
            len(statuses) == len(self.ends)
            and all(status in end.split("|") for status, end in zip(statuses, self.ends, strict=True))
        ):
            found.append(f"its cells ended as {statuses}, not {list(self.ends)}: {errors}")
        notices = " ".join(grading.notices)
        if not re.search(self.reason, notices):
            found.append(f"its end is told as {notices!r}")
        if self.error and not any(re.search(self.error, error) for error in errors):
            found.append(f"its errors are {errors}")
        return found


def escape(name: str, *tries: str, **options: object) -> Attack:
    """A notebook whose first cell holds TOOLS; every later one must run through, because all its tries are refused."""
    ends = ("ok",) * (len(tries) + 1)
    return Attack(name, (TOOLS, *tries), ends, **options)  # type: ignore[arg-type]
