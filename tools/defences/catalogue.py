"""Every defence of the sandbox. A defence that moves takes its entry along: a test holds that all edits apply."""

from __future__ import annotations

from tools.defences.checks import CHECKER
from tools.defences.defence import Defence
from tools.defences.rights import PRIVILEGES, RESOURCES
from tools.defences.walls import MOUNTS, NAMESPACES
from tools.defences.watch import GRADER, WATCHING

DEFENCES: tuple[Defence, ...] = (*NAMESPACES, *MOUNTS, *RESOURCES, *PRIVILEGES, *WATCHING, *GRADER, *CHECKER)
