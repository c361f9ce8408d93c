"""An assignment's metadata as the database keeps it: all that the service needs without the package's files."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

from assignments.metadata import AnswerField, CheckSpec, Metadata
from worker.contract import Limits, Queue


@dataclass(frozen=True)
class Release:
    """What was published of an assignment. `digest` is that of the package's files."""

    slug: str
    title: str
    digest: str
    max_score: float
    summary: str = ""
    queue: Queue = Queue.CPU
    limits: Limits = dataclasses.field(default_factory=Limits)
    answers: tuple[AnswerField, ...] = ()
    checks: tuple[CheckSpec, ...] = ()

    @classmethod
    def from_metadata(cls, metadata: Metadata) -> Self:
        return cls(
            slug=metadata.slug,
            title=metadata.title,
            digest=metadata.version,
            max_score=metadata.max_score,
            summary=metadata.summary,
            # An assignment that can do without a GPU ("gpu-or-cpu") never waits for one.
            queue=Queue.GPU if metadata.device == "gpu" else Queue.CPU,
            limits=Limits(**dataclasses.asdict(metadata.limits)),
            answers=metadata.answers,
            checks=metadata.checks,
        )

    def to_details(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_details(cls, details: dict[str, Any]) -> Self:
        """What `to_details` wrote, by this release of the service or an older one."""
        known = {field.name for field in dataclasses.fields(cls)}
        raw = {key: value for key, value in details.items() if key in known}
        raw["queue"] = Queue(raw.get("queue", Queue.CPU))
        raw["limits"] = Limits(**raw.get("limits", {}))
        raw["answers"] = tuple(AnswerField(**a) for a in raw.get("answers", ()))
        raw["checks"] = tuple(CheckSpec(**{**c, "watches": tuple(c["watches"])}) for c in raw.get("checks", ()))
        return cls(**raw)
