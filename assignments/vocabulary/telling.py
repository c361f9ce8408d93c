"""What students and staff read of a function's trials."""

from __future__ import annotations

from collections.abc import Sequence

from assignments.asking import Got
from assignments.vocabulary.replies import ended
from assignments.vocabulary.trials import FunctionTask, Part, Tried
from reference.comparators.arrays import Comparison, clarity


def wrong_text(task: FunctionTask, tried: Sequence[Tried]) -> str:
    """The trial that is wrong most clearly, and how many are."""
    wrong = [(t, t.comparison) for t in tried if t.comparison is not None and not t.right]
    worst, comparison = max(wrong, key=lambda pair: clarity(pair[1]))
    where = f" {worst.trial.situation}" if worst.trial.situation else ""
    of = f" ({len(wrong)} of {len(tried)} trials are wrong)" if len(tried) > 1 else ""
    return ended(f"The result of `{task.function}`{where} {comparison.problem}{of}")


def parts_text(task: FunctionTask, earned: Sequence[Part]) -> str:
    right = [part.label for part in earned if part.label]
    return f"Right {' and '.join(right)}." if right else ""


def changed_text(task: FunctionTask, tried: Sequence[Tried]) -> str:
    """A note where the function changes its arguments."""
    changed = sorted({i for t in tried if isinstance(t.reply, Got) for i in t.reply.changed_arguments})
    if not changed:
        return ""
    named = ", ".join(f"`{task.parameters[i]}`" if i < len(task.parameters) else f"number {i + 1}" for i in changed)
    return f"Note: `{task.function}` changes its argument {named} in place, which surprises whoever calls it."


def staff_text(tried: Sequence[Tried]) -> str:
    """One line for each trial that is not right; for staff, who may see how far off a result is."""
    lines = []
    for number, t in enumerate(tried, start=1):
        if t.right:
            continue
        said = _size(t.comparison) if t.comparison else str(t.reply)[:300]
        where = f" {t.trial.situation}" if t.trial.situation else ""
        lines.append(f"trial {number} of {len(tried)}{where}: {said}")
    return "\n".join(lines)


def _size(comparison: Comparison) -> str:
    size = comparison.worst_relative
    return f"{comparison.problem} (relative error {size:.2g})" if size == size else comparison.problem
