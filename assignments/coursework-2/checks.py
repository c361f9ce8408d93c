"""Coursework 2: only the training may change; the network stays 40-100-100-10."""

from __future__ import annotations

import dataclasses

from assignments.vocabulary import Ask, Outcome, check
from assignments.vocabulary.course_network import judge_course_network
from assignments.vocabulary.handed_out import is_handed_out, nothing_changed
from assignments.vocabulary.trained_models import ask_model, judge_validation_error
from assignments.vocabulary.training_settings import Settings, ask_settings, best_restored


@check("validation_error")
def validation_error(ask: Ask) -> Outcome:
    answered = ask_model(ask, channel=False)
    if isinstance(answered, Outcome):
        return answered
    outcome = judge_validation_error(ask, answered, unchanged=is_handed_out(ask, answered))
    settings = ask_settings(ask)
    if isinstance(settings, Settings) and best_restored(settings, answered.validation_error):
        staff = f"{outcome.staff}; the network of the best epoch seems to have been put back (early stopping)"
        return dataclasses.replace(outcome, staff=staff)
    return outcome


@check("model_kept")
def model_kept(ask: Ask) -> Outcome:
    answered = ask_model(ask, channel=False)
    if isinstance(answered, Outcome):
        return answered
    return nothing_changed() if is_handed_out(ask, answered) else judge_course_network(answered)
