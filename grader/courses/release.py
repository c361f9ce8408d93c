"""An assignment's metadata as the database keeps it: all that the service needs without the package's files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from assignments.metadata import AnswerField, CheckSpec, LeaderboardSpec, Metadata
from assignments.policy import DatesSpec, PolicySpec
from worker.contract import Limits, Queue

EITHER = "gpu-or-cpu"


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
    policy: PolicySpec = dataclasses.field(default_factory=PolicySpec)
    dates: DatesSpec = dataclasses.field(default_factory=DatesSpec)
    leaderboard: LeaderboardSpec | None = None
    device: str = "cpu"  # "cpu", "gpu" or EITHER, as the assignment asks
    gpu_memory_mib: int = 0  # of a GPU; 0: as much as an ordinary notebook needs
    # Of questions whose points were set in the course: those of the package, in which workers count.
    package_points: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_metadata(cls, metadata: Metadata) -> Self:
        return cls(
            slug=metadata.slug,
            title=metadata.title,
            digest=metadata.version,
            max_score=metadata.max_score,
            summary=metadata.summary,
            # Where a run of EITHER waits is decided anew for each (grader.queueing.routing).
            queue=Queue.GPU if metadata.device == "gpu" else Queue.CPU,
            device=metadata.device,
            gpu_memory_mib=metadata.gpu_memory_mib,
            limits=Limits(**dataclasses.asdict(metadata.limits)),
            answers=metadata.answers,
            checks=metadata.checks,
            policy=metadata.policy,
            dates=metadata.dates,
            leaderboard=metadata.leaderboard,
        )

    def with_points(self, points: Mapping[str, float]) -> Self:
        """With `points` of questions, by key, instead of those of the package; all others as in the package."""
        if not points and not self.package_points:
            return self
        packaged = {check.key: self.package_points.get(check.key, check.points) for check in self.checks}
        checks = tuple(dataclasses.replace(c, points=points.get(c.key, packaged[c.key])) for c in self.checks)
        return dataclasses.replace(
            self,
            checks=checks,
            max_score=round(sum(check.points for check in checks), 2),
            package_points={c.key: packaged[c.key] for c in checks if c.points != packaged[c.key]},
        )

    def to_details(self) -> dict[str, Any]:
        details = dataclasses.asdict(self)
        details["dates"] = {key: when and when.isoformat() for key, when in details["dates"].items()}
        return details

    @classmethod
    def from_details(cls, details: dict[str, Any]) -> Self:
        """What `to_details` wrote, by this release of the service or an older one."""
        known = {field.name for field in dataclasses.fields(cls)}
        raw = {key: value for key, value in details.items() if key in known}
        raw["queue"] = Queue(raw.get("queue", Queue.CPU))
        raw["limits"] = Limits(**raw.get("limits", {}))
        raw["answers"] = tuple(AnswerField(**a) for a in raw.get("answers", ()))
        raw["checks"] = tuple(CheckSpec(**{**c, "watches": tuple(c["watches"])}) for c in raw.get("checks", ()))
        raw["leaderboard"] = LeaderboardSpec(**raw["leaderboard"]) if raw.get("leaderboard") else None
        raw["policy"] = policy_of(raw.get("policy") or {})
        dates: dict[str, str | None] = raw.get("dates") or {}
        raw["dates"] = DatesSpec(**{key: datetime.fromisoformat(when) for key, when in dates.items() if when})
        return cls(**raw)


def policy_of(kept: dict[str, Any]) -> PolicySpec:
    """Rules as JSON keeps them; keys of another release of the service are passed over."""
    known = {field.name for field in dataclasses.fields(PolicySpec)}
    return PolicySpec(**{key: value for key, value in kept.items() if key in known})
