"""Judging one function of the student's on inputs drawn for this run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assignments.asking import Ask, Got, Raised
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.diagnosing import find_diagnosis
from assignments.vocabulary.replies import NoValue, ended, explain
from assignments.vocabulary.trials import FunctionTask, Setting, Trial, Tried, try_all
from reference.relations import Diagnosis


@dataclass(frozen=True)
class SecondChance:
    """Trials in the very shapes of the material, for a function that stops with an index or shape error on
    others: one that is right on those is right, and `note` tells the student what it cannot do."""

    trials: Callable[[], Sequence[Trial]]
    note: str


def judge_function(
    ask: Ask, task: FunctionTask, trials: Sequence[Trial], second_chance: SecondChance | None = None
) -> Outcome:
    """Call the function on every trial and conclude.

    Each setting of the task is tried until one passes; the best outcome counts.
    """
    outcomes = []
    for setting in task.settings:
        tried = try_all(ask, task, trials, setting)
        outcome = _conclude(ask, task, tried, setting)
        if outcome.conclusion in {Conclusion.PASSED, Conclusion.MISSING}:
            return outcome
        outcomes.append(outcome)
        if second_chance and all(t.right or _stopped_by_size(t) for t in tried):
            again = try_all(ask, task, second_chance.trials(), setting)
            if all(t.right for t in again):
                return _passed(task, again, setting, second_chance.note)
    # Among equals the first: that is the student's own notebook.
    return max(outcomes, key=lambda outcome: (outcome.fraction, _tells(outcome)))


def _tells(outcome: Outcome) -> int:
    """A recognised mistake tells more than an exception, which may come from another function of the student's."""
    if outcome.diagnosis is None:
        return 0
    return 2 if outcome.conclusion in {Conclusion.FAILED, Conclusion.PARTIAL} else 1


def _stopped_by_size(t: Tried) -> bool:
    """What indexing and broadcasting raise when the data has another size than expected."""
    return isinstance(t.reply, Raised) and t.reply.exception in {"IndexError", "ValueError"}


def _conclude(ask: Ask, task: FunctionTask, tried: Sequence[Tried], setting: Setting) -> Outcome:
    if all(t.right for t in tried):
        return _passed(task, tried, setting)
    earned = [part for part in task.parts if all(t.right for t in tried if t.trial.part == part.key)]
    fraction = float(sum(part.fraction for part in earned))
    staff = _staff(tried)
    stopped = [t for t in tried if t.comparison is None]
    diagnosis = find_diagnosis(ask, task, tried, setting)
    if diagnosis is not None:
        fraction = max(fraction, task.credit.get(diagnosis.key, 0.0))
        message = diagnosis.sentence
    elif stopped:
        outcome = _stopped(task, stopped, tried)
        if not fraction:
            return Outcome(outcome.conclusion, 0.0, outcome.message, outcome.diagnosis, staff)
        diagnosis = Diagnosis(outcome.diagnosis, outcome.message) if outcome.diagnosis else None
        message = outcome.message
    else:
        message = _wrong(task, tried)
    conclusion = Conclusion.PARTIAL if fraction > 0 else Conclusion.FAILED
    if not fraction and len(stopped) == len(tried):
        conclusion = _stopped(task, stopped, tried).conclusion
    text = " ".join(part for part in (_parts(task, earned), message, setting.note if fraction else "") if part)
    return Outcome(conclusion, fraction, text, diagnosis.key if diagnosis else None, staff)


def _passed(task: FunctionTask, tried: Sequence[Tried], setting: Setting, note: str = "") -> Outcome:
    notes = [note, setting.note]
    changed = sorted({i for t in tried if isinstance(t.reply, Got) for i in t.reply.changed_arguments})
    if changed:
        named = ", ".join(f"`{task.parameters[i]}`" if i < len(task.parameters) else f"number {i + 1}" for i in changed)
        notes.append(
            f"Note: `{task.function}` changes its argument {named} in place, which surprises whoever calls it."
        )
    if any(t.comparison is not None and t.comparison.requires_grad for t in tried):
        notes.append("Note: the result is a tensor that still carries its gradient.")
    return Outcome(Conclusion.PASSED, 1.0, " ".join(["Correct.", *filter(None, notes)]))


def _stopped(task: FunctionTask, stopped: Sequence[Tried], tried: Sequence[Tried]) -> Outcome:
    first = stopped[0]
    if isinstance(first.reply, Got):  # pragma: no cover - try_all compares every value that came
        raise TypeError("a value that came was not compared")
    reply: NoValue = first.reply
    return explain(reply, task.function, first.trial.situation if len(stopped) < len(tried) else "")


def _wrong(task: FunctionTask, tried: Sequence[Tried]) -> str:
    wrong = [t for t in tried if not t.right and t.comparison is not None]
    worst = wrong[0]
    problem = worst.comparison.problem if worst.comparison else ""
    where = f" {worst.trial.situation}" if worst.trial.situation else ""
    of = f" ({len(wrong)} of {len(tried)} trials are wrong)" if len(tried) > 1 else ""
    return ended(f"The result of `{task.function}`{where} {problem}{of}")


def _parts(task: FunctionTask, earned: Sequence[object]) -> str:
    if not earned:
        return ""
    right = [part.label for part in task.parts if part in earned and part.label]
    return f"Right {' and '.join(right)}." if right else ""


def _staff(tried: Sequence[Tried]) -> str:
    """One line for each trial that is not right; for staff, who may see how far off a result is."""
    lines = []
    for number, t in enumerate(tried, start=1):
        if t.right:
            continue
        said = t.comparison.problem if t.comparison else str(t.reply)[:300]
        lines.append(f"trial {number} of {len(tried)} {t.trial.situation}: {said}")
    return "\n".join(lines)
