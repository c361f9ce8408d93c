"""Coursework 3: regularisation is added; the network and its training stay."""

from __future__ import annotations

import re

from assignments.vocabulary import Ask, Conclusion, Outcome, Share, check, combine
from assignments.vocabulary.course_network import judge_course_network
from assignments.vocabulary.handed_out import is_handed_out, nothing_changed
from assignments.vocabulary.probes import failed
from assignments.vocabulary.trained_models import Answered, ask_model, judge_validation_error
from assignments.vocabulary.training_settings import COURSE, Settings, ask_settings, early_stopping, judge_kept

NAMED = {
    "noise": re.compile(r"randn_like|\.randn\(|normal_\(|\.normal\(|GaussianNoise"),
    "a penalty on the weights": re.compile(r"\.norm\(|\.pow\(2\)\.sum|\*\*\s*2\)\.sum|\.abs\(\)\.sum|l1_|l2_"),
    "augmentation": re.compile(r"\.roll\(|\.flip\(|augment|mixup", re.IGNORECASE),
    "a bound on the weights": re.compile(r"renorm|clamp_?\("),
    "averaged weights": re.compile(r"AveragedModel|swa_", re.IGNORECASE),
}


@check("validation_error")
def validation_error(ask: Ask) -> Outcome:
    answered = ask_model(ask, channel=False)
    if isinstance(answered, Outcome):
        return answered
    return judge_validation_error(ask, answered, unchanged=untouched(ask, answered))


@check("rules_kept")
def rules_kept(ask: Ask) -> Outcome:
    answered, settings = ask_model(ask, channel=False), ask_settings(ask)
    if isinstance(answered, Outcome):
        return answered
    if isinstance(settings, Outcome):
        return settings
    if untouched(ask, answered):
        return nothing_changed()
    training = early_stopping(settings, answered.validation_error)
    # Noisy copies of the training examples are regularisation, so their number may grow.
    training = training or judge_kept(settings, COURSE, may_add_examples=True)
    return combine([Share(0.6, "the network", judge_course_network(answered)), Share(0.4, "the training", training)])


@check("regularisation")
def regularisation(ask: Ask) -> Outcome:
    settings = ask_settings(ask)
    if isinstance(settings, Outcome):
        return settings
    found = kinds(settings)
    if found:
        return Outcome(Conclusion.PASSED, 1.0, f"Found: {', '.join(found)}.")
    message = (
        "No regularisation was recognised (weight decay, dropout, label smoothing, a penalty, noise, augmentation). If "
        "there is one of another kind, ask your teachers to look."
    )
    return failed(message, "no-regularisation", staff=str(dict(settings.found))[:500])


def kinds(settings: Settings) -> list[str]:
    """What the live objects and the code that ran tell of regularisation."""
    found = []
    if settings.number("weight_decay") > 0:
        found.append("weight decay")
    if settings.number("dropout") > 0:
        found.append("dropout")
    if settings.number("label_smoothing") > 0:
        found.append("label smoothing")
    if settings.number("examples") > 4000:
        found.append("more training examples")
    code = "\n".join(line.split("#", 1)[0] for line in settings.source.splitlines())
    return found + [name for name, pattern in NAMED.items() if pattern.search(code)]


def untouched(ask: Ask, answered: Answered) -> bool:
    settings = ask_settings(ask)
    return isinstance(settings, Settings) and not kinds(settings) and is_handed_out(ask, answered)
