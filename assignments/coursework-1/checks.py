"""Coursework 1: only the model may change, and it stays fully connected."""

from __future__ import annotations

from assignments.vocabulary import Ask, Conclusion, Outcome, check
from assignments.vocabulary.course_network import is_course_network
from assignments.vocabulary.handed_out import is_handed_out, nothing_changed
from assignments.vocabulary.probes import failed
from assignments.vocabulary.trained_models import ask_model, explained_by, judge_validation_error
from assignments.vocabulary.training_settings import COURSE, ask_settings, early_stopping, judge_kept

WITH_WEIGHTS = {"Linear", "BatchNorm1d", "LayerNorm", "PReLU"}


@check("validation_error")
def validation_error(ask: Ask) -> Outcome:
    answered = ask_model(ask, channel=False)
    if isinstance(answered, Outcome):
        return answered
    return judge_validation_error(ask, answered, unchanged=is_handed_out(ask, answered))


@check("fully_connected")
def fully_connected(ask: Ask) -> Outcome:
    answered = ask_model(ask, channel=False)
    if isinstance(answered, Outcome):
        return answered
    if is_course_network(answered):
        return nothing_changed()
    layers = answered.layers
    staff = f"{answered.kind}: " + ", ".join(layer.name for layer in layers)[:500]
    other = sorted({layer.name for layer in layers if layer.arrays and layer.name not in WITH_WEIGHTS})
    if other:
        sentence = f"The network has layers that are not fully connected: {', '.join(other[:5])}."
        return failed(sentence, "not-fully-connected", staff)
    if not any(layer.name == "Linear" for layer in layers):
        return failed("The network has no linear layer.", "not-fully-connected", staff)
    if explained_by(answered, layers, channel=False):
        return Outcome(Conclusion.PASSED, 1.0, "Fully connected layers only.", staff=staff)
    message = (
        "The network's answers are not those of its layers, one after the other. Build it with `nn.Sequential` from "
        "linear layers and activations."
    )
    return failed(message, "other-computation", staff)


@check("training_kept")
def training_kept(ask: Ask) -> Outcome:
    answered, settings = ask_model(ask, channel=False), ask_settings(ask)
    if isinstance(settings, Outcome):
        return settings
    if not isinstance(answered, Outcome) and is_handed_out(ask, answered):
        return nothing_changed()
    kept = judge_kept(settings, COURSE)
    if kept.conclusion is not Conclusion.PASSED or isinstance(answered, Outcome):
        return kept
    return early_stopping(settings, answered.validation_error) or kept
