"""The rules of an assignment's groups, and how students read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

LARGEST = 20


@dataclass(frozen=True)
class GroupRules:
    """`most`: members of a group. `by_students`: they form groups themselves, until the first of them hands in.
    `share_extensions`: what one member was given holds for the whole group; else for that member alone."""

    most: int = 3
    by_students: bool = False
    share_extensions: bool = True

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> GroupRules | None:
        """None: everybody works alone. Keys of another release of the service are passed over."""
        if kept is None:
            return None
        return cls(**{key: value for key, value in kept.items() if key in cls.__dataclass_fields__})

    def kept(self) -> dict[str, Any]:
        return asdict(self)


def group_text(rules: GroupRules, others: Sequence[str] | None) -> str:
    """The rules in words, for a student whose group has these other members; None: who is in no group."""
    if others is None:
        now = "You are in no group yet, so what you hand in counts for you alone."
    elif others:
        now = f"Your group: you and {_listed(others)}."
    else:
        now = "You are the only one in your group."
    dates = "holds for the whole group" if rules.share_extensions else "holds for that member alone"
    return (
        f"Groups of up to {rules.most} hand in together: what one member hands in counts for all who are in the group "
        f"then, and attempts are the group's. An extension or late token of one member {dates}. {now}"
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
