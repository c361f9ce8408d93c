"""Coursework that is still as it was handed out, whatever form the notebook has."""

from __future__ import annotations

from assignments.asking import Ask
from assignments.outcome import Outcome
from assignments.vocabulary.course_network import is_course_network
from assignments.vocabulary.probes import failed
from assignments.vocabulary.trained_models import Answered, near_baseline
from assignments.vocabulary.training_settings import Settings, ask_settings, is_course_training


def is_handed_out(ask: Ask, answered: Answered) -> bool:
    """Network, training and error are those of the notebook that students get, as far as can be seen."""
    if not near_baseline(answered) or not is_course_network(answered):
        return False
    settings = ask_settings(ask)
    return isinstance(settings, Settings) and is_course_training(settings)


def nothing_changed() -> Outcome:
    """For a check of the rules: keeping them earns points only where something was done."""
    return failed("Network and training seem to be as they were handed out: nothing has been changed yet.", "unchanged")
