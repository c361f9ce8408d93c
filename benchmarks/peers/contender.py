"""One way of grading, as the measurement sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

# Share of the points of each checked function, from 0 to 1. Of a tool that executes and does not grade: one entry
# "executed", 1 when the notebook ran to its end and printed the right numbers.
Marks: TypeAlias = Mapping[str, float]


class Contender(Protocol):
    """`stage` and `marks` are not timed, `run` is."""

    name: str
    what: str  # one line for the table's legend
    grades: bool  # whether it can tell a right notebook from a wrong one

    def prepare(self) -> None:
        """Environment and assignment in the tool's own format. Reuses what is there."""

    def stage(self, notebooks: Sequence[Path]) -> None:
        """Hand the notebooks in, the way that the tool wants them."""

    def run(self) -> Sequence[float] | None:
        """Grade what was staged. Seconds of each submission where the tool's own process tells them, else None."""

    def marks(self) -> list[Marks]:
        """Of the last run, in the order of the staged notebooks. Raises PeerError when there are none."""

    def close(self) -> None:
        """End what `prepare` started."""


class PeerError(Exception):
    """A tool did not do what it is compared for. The text names the tool and shows its last lines."""


@dataclass(frozen=True)
class Case:
    """A notebook to compare on."""

    key: str
    title: str
    assignment: str
    functions: tuple[str, ...]  # that every tool checks
    solved: Path
    wrong: Path  # like `solved`, but for one function
    wrong_function: str
