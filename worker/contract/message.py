"""What all messages have in common. Standard library only: the grader sends and reads them too."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

MESSAGE_VERSION = 1

RESULTS_QUEUE = "results"  # what workers tell of runs and of themselves


@dataclass(frozen=True)
class Message:
    """A class of messages has `from_json` beside its fields: it reads what anybody may have written."""

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
