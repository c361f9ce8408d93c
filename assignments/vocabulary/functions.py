"""Judging one function of the student's on inputs drawn for this run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assignments.asking import Ask, Got, NotCallable, Raised, Uncarried
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.approximating import approximation
from assignments.vocabulary.diagnosing import find_diagnosis
from assignments.vocabulary.overwritten import as_defined
from assignments.vocabulary.replies import NoValue, explain
from assignments.vocabulary.telling import changed_text, parts_text, staff_text, wrong_text
from assignments.vocabulary.trials import FunctionTask, Setting, Trial, Tried, try_all
from reference.relations import Diagnosis


@dataclass(frozen=True)
class SecondChance:
    """Trials in the very shapes of the material, for a function that is not right on others.

    The material's shapes decide: one that is right on all of those has every point, and `note` tells the student what
    it cannot do. Where the task's text asks for any size, `fraction` is less than one. `stops_elsewhere`: who relies on
    the size stops on the other trials with an index or shape error, so that wrong values there need no second look."""

    trials: Callable[[], Sequence[Trial]]
    note: str
    fraction: float = 1.0
    stops_elsewhere: bool = True


def in_its_size(
    points: int,
    argument: str,
    trials: Callable[[], Sequence[Trial]],
    *,
    fraction: float = 1.0,
    stops_elsewhere: bool = False,
) -> SecondChance:
    """`trials` of as many data points as the material has: a function for that number alone is right there."""
    note = f"Note: the function works for exactly {points} data points only; take their number from `{argument}`."
    return SecondChance(trials, note, fraction, stops_elsewhere)


def judge_function(
    ask: Ask, task: FunctionTask, trials: Sequence[Trial], second_chance: SecondChance | None = None
) -> Outcome:
    """Call the function on every trial and conclude.

    Each setting of the task is tried until one passes; the best outcome counts.
    """
    outcomes = []
    for setting in task.settings:
        tried, setting = _try(ask, task, trials, setting)
        outcome = _conclude(ask, task, tried, setting)
        if outcome.conclusion in {Conclusion.PASSED, Conclusion.MISSING}:
            return outcome
        outcomes.append(outcome)
        if second_chance is None or second_chance.fraction <= outcome.fraction:
            continue
        if _may_be_fixed_in_size(second_chance, tried):
            again = try_all(ask, task, second_chance.trials(), setting)
            if all(t.right for t in again):
                return _fixed_in_size(task, second_chance, again, setting, staff_text(tried))
    # Among equals the first: that is the student's own notebook.
    return max(outcomes, key=lambda outcome: (outcome.fraction, _tells(outcome)))


def _try(ask: Ask, task: FunctionTask, trials: Sequence[Trial], setting: Setting) -> tuple[list[Tried], Setting]:
    """A function that its own cell has overwritten with a value is tried as it was defined."""
    tried = try_all(ask, task, trials, setting)
    if not any(isinstance(t.reply, NotCallable) and t.reply.name == task.function for t in tried):
        return tried, setting
    recovered = as_defined(task.function, setting)
    again = try_all(ask, task, trials, recovered)
    if any(isinstance(t.reply, NotCallable | Uncarried) for t in again):
        return tried, setting
    return again, recovered


def _tells(outcome: Outcome) -> int:
    """A recognised mistake tells more than an exception, which may come from another function of the student's."""
    if outcome.diagnosis is None:
        return 0
    if outcome.diagnosis == "argument-ignored":
        return 1
    return 2 if outcome.conclusion in {Conclusion.FAILED, Conclusion.PARTIAL} else 1


def _may_be_fixed_in_size(chance: SecondChance, tried: Sequence[Tried]) -> bool:
    if chance.stops_elsewhere:
        return all(t.right or _stopped_by_size(t) for t in tried)
    return all(isinstance(t.reply, Got | Raised) for t in tried)  # what takes too long is not tried again


def _stopped_by_size(t: Tried) -> bool:
    """What indexing and broadcasting raise when the data has another size than expected."""
    return isinstance(t.reply, Raised) and t.reply.exception in {"IndexError", "ValueError"}


def _fixed_in_size(
    task: FunctionTask, chance: SecondChance, again: Sequence[Tried], setting: Setting, staff: str
) -> Outcome:
    passed = chance.fraction >= 1
    notes = filter(None, ["Correct." if passed else "", chance.note, setting.note, changed_text(task, again)])
    conclusion = Conclusion.PASSED if passed else Conclusion.PARTIAL
    return Outcome(conclusion, chance.fraction, " ".join(notes), "size-fixed", staff)


def _conclude(ask: Ask, task: FunctionTask, tried: Sequence[Tried], setting: Setting) -> Outcome:
    if all(t.right for t in tried):
        return _passed(task, tried, setting)
    earned = [part for part in task.parts if all(t.right for t in tried if t.trial.part == part.key)]
    fraction = float(sum(part.fraction for part in earned))
    staff = staff_text(tried)
    stopped = [t for t in tried if t.comparison is None]
    diagnosis = find_diagnosis(ask, task, tried, setting)
    if diagnosis is not None:
        fraction = max(fraction, task.credit_for(diagnosis.key))
        message = diagnosis.sentence
    elif stopped:
        outcome = _stopped(task, stopped, tried)
        if not fraction:
            return Outcome(outcome.conclusion, 0.0, outcome.message, outcome.diagnosis, staff)
        diagnosis = Diagnosis(outcome.diagnosis, outcome.message) if outcome.diagnosis else None
        message = outcome.message
    else:
        message = wrong_text(task, tried)
    conclusion = Conclusion.PARTIAL if fraction > 0 else Conclusion.FAILED
    if not fraction and len(stopped) == len(tried):
        conclusion = _stopped(task, stopped, tried).conclusion
    notes = (setting.note if fraction or setting.always_noted else "", changed_text(task, tried))
    text = " ".join(filter(None, (parts_text(task, earned), message, *notes)))
    return Outcome(conclusion, fraction, text, diagnosis.key if diagnosis else None, staff)


def _passed(task: FunctionTask, tried: Sequence[Tried], setting: Setting) -> Outcome:
    notes = [setting.note, changed_text(task, tried)]
    if any(t.comparison is not None and t.comparison.requires_grad for t in tried):
        notes.append("Note: the result is a tensor that still carries its gradient.")
    if task.approximate is not None and (found := approximation(tried)):
        message = " ".join(filter(None, [found.message, *notes]))
        conclusion = Conclusion.PASSED if task.approximate >= 1 else Conclusion.PARTIAL
        return Outcome(conclusion, task.approximate, message, found.key, found.staff)
    return Outcome(Conclusion.PASSED, 1.0, " ".join(["Correct.", *filter(None, notes)]))


def _stopped(task: FunctionTask, stopped: Sequence[Tried], tried: Sequence[Tried]) -> Outcome:
    first = stopped[0]
    if isinstance(first.reply, Got):  # pragma: no cover - try_all compares every value that came
        raise TypeError("a value that came was not compared")
    reply: NoValue = first.reply
    outcome = explain(reply, task.function, first.trial.situation if len(stopped) < len(tried) else "")
    if not _takes_others(reply, task.function):
        return outcome
    called = f"It is called as `{task.function}({', '.join(task.parameters)})`."
    return replace(outcome, message=f"{outcome.message} {called}")


def _takes_others(reply: NoValue, function: str) -> bool:
    """Was the function written for other arguments than the task's?"""
    if not isinstance(reply, Raised) or reply.exception != "TypeError":
        return False
    return reply.message.startswith(f"{function}() ") and "argument" in reply.message
