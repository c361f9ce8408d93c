"""Plots as plain shapes, drawn by the server as SVG. Each stands over the table with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.web.tables import Table

HEIGHT = 100.0  # of the drawing; the style sheet stretches it
BAR_SHARE = 0.8  # of the room that each bar has


@dataclass(frozen=True)
class Series:
    text: str
    look: str  # a class of static/staff.css: good, bad, warn, info, calm
    values: tuple[float, ...]


@dataclass(frozen=True)
class Rect:
    x: float
    y: float
    width: float
    height: float
    look: str
    text: str


@dataclass(frozen=True)
class Bars:
    """Stacked bars side by side."""

    title: str
    spoken: str  # what the plot says, for those who do not see it
    rects: tuple[Rect, ...]
    width: float
    most: float
    first: str
    last: str
    legend: tuple[tuple[str, str], ...]  # (look, text)
    table: Table


@dataclass(frozen=True)
class Strip:
    """One lying stacked bar of shares; its rectangles fill 100 × 1."""

    label: str
    value: str
    rects: tuple[Rect, ...]


@dataclass(frozen=True)
class Strips:
    title: str
    strips: tuple[Strip, ...]
    legend: tuple[tuple[str, str], ...]
    table: Table


def bars(title: str, labels: Sequence[str], series: Sequence[Series], table: Table) -> Bars:
    totals = [sum(s.values[i] for s in series) for i in range(len(labels))]
    most = max(totals, default=0.0)
    rects = []
    for index, label in enumerate(labels):
        top = HEIGHT
        for s in series:
            if not s.values[index]:
                continue
            height = s.values[index] / most * HEIGHT
            top -= height
            words = f"{label}: {s.values[index]:g} {s.text.lower()}"
            rects.append(Rect(index + (1 - BAR_SHARE) / 2, round(top, 3), BAR_SHARE, round(height, 3), s.look, words))
    peak = labels[totals.index(most)] if most else ""
    spoken = f"{title}: {sum(totals):g} in all, most ({most:g}) at {peak}." if most else f"{title}: nothing yet."
    return Bars(
        title=title,
        spoken=spoken,
        rects=tuple(rects),
        width=float(max(len(labels), 1)),
        most=most,
        first=labels[0] if labels else "",
        last=labels[-1] if len(labels) > 1 else "",
        legend=tuple((s.look, s.text) for s in series if len(series) > 1),
        table=table,
    )


def strip(label: str, value: str, parts: Sequence[tuple[str, str, float]]) -> Strip:
    """`parts`: (look, text, count)."""
    total = sum(count for _, _, count in parts)
    rects, left = [], 0.0
    for look, text, count in parts:
        width = 100 * count / total if total else 0.0
        if width:
            rects.append(Rect(round(left, 3), 0.0, round(width, 3), 1.0, look, f"{text}: {count:g}"))
        left += width
    return Strip(label, value, tuple(rects))
