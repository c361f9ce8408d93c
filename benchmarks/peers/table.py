"""A comparison for people and for programs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.machine import spread
from benchmarks.peers.measuring import OURS, Comparison, Figures

BARE = "bare"
# How many times the submissions per minute of each tool our service is to grade: notebook -> tool -> ratio.
TARGETS = {"solution": {"nbgrader": 25, "otter": 60}, "torch": {"nbclient": 60}}


def text(comparison: Comparison) -> str:
    ours = ours_of(comparison)
    peers, own = (sum(getattr(batch, who) for batch in comparison.rounds) for who in ("peers", "ours"))
    sizes = f"{own} submissions to ours, {peers} to each other tool, in {len(comparison.rounds)} rounds"
    header = ["", "s per submission", "beyond bare cells", "per minute", *(f"x {o.name}" for o in ours)]
    rows = [header, *(_row(comparison, figures, ours) for figures in comparison.figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = [f"## {comparison.case.title}: {sizes}"]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    if ours:
        lines.append('"x ours": how many times the submissions per minute of the row; median of rounds')
    lines += [f"{figures.name}: {figures.what}" for figures in comparison.figures]
    lines += targets(comparison)
    lines.append(f"load average of the machine: {comparison.load[0]:.1f} before, {comparison.load[1]:.1f} after")
    return "\n".join(lines)


def targets(comparison: Comparison) -> list[str]:
    """Target and measured, for the warm service with one job a core."""
    found = {figures.name: figures for figures in comparison.figures}
    ours, lines = ours_of(comparison), []
    for name, least in TARGETS.get(comparison.case.key, {}).items():
        if ours and name in found:
            ratio = statistics.median(comparison.ratios(ours[-1], found[name]))
            verdict = "met" if ratio >= least else "NOT met"
            lines.append(
                f"target: {least} times {name}'s per minute; measured, {ours[-1].name}: {ratio:.1f} ({verdict})"
            )
    return lines


def data(comparison: Comparison) -> dict[str, Any]:
    ours = ours_of(comparison)
    return {
        "notebook": comparison.case.key,
        "title": comparison.case.title,
        "rounds": [vars(batch) for batch in comparison.rounds],
        "load_average": list(comparison.load),
        "tools": [
            {
                "name": figures.name,
                "what": figures.what,
                "seconds": [round(value, 5) for value in figures.seconds],
                "median_s": figures.median_s,
                "round_s": [round(value, 5) for value in figures.rounds],
                "per_minute": figures.per_minute,
                "beyond_bare_s": _beyond(comparison, figures),
            }
            for figures in comparison.figures
        ],
        "ratios": {
            o.name: {
                f.name: {"median": statistics.median(comparison.ratios(o, f)), "rounds": comparison.ratios(o, f)}
                for f in comparison.figures
                if f.name not in (o.name, BARE)
            }
            for o in ours
        },
    }


def ours_of(comparison: Comparison) -> list[Figures]:
    return [figures for figures in comparison.figures if figures.name.startswith(OURS)]


def _row(comparison: Comparison, figures: Figures, ours: Sequence[Figures]) -> list[str]:
    beyond = _beyond(comparison, figures)
    return [
        figures.name,
        spread(figures.seconds, digits=2 if figures.median_s >= 1 else 3),
        "" if beyond is None else f"{beyond:.3f} s",
        f"{figures.per_minute:.1f}",
        *("" if figures is o or figures.name == BARE else _ratio(comparison, o, figures) for o in ours),
    ]


def _ratio(comparison: Comparison, ours: Figures, other: Figures) -> str:
    ratios = comparison.ratios(ours, other)
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def _beyond(comparison: Comparison, figures: Figures) -> float | None:
    """What the tool adds to the student's own computing, seconds; None when that was not measured."""
    bare = next((f for f in comparison.figures if f.name == BARE), None)
    return None if bare is None or bare is figures else figures.median_s - bare.median_s
