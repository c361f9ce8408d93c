"""What the masks of a network in training mode say of its dropout."""

from __future__ import annotations

from assignments.outcome import Outcome
from assignments.vocabulary.dropout import partial, passed
from assignments.vocabulary.probes import failed
from reference.comparators.masks import Masks, agree, kept_as_asked

HALF = 0.5
NOT_ONE_MASK = "The dropout has not one mask for each image and channel: some are always dropped together."


def judge_channels(masks: Masks, *, hidden: bool) -> Outcome:
    """Channels of the second convolution are dropped with probability one half; with `hidden`, so are the units of
    the first fully connected layer."""
    places = 2 if hidden else 1
    keep = HALF**places
    if kept_as_asked(masks, keep):
        if agree(masks.others_agree, keep) and _pairs(masks, hidden):
            return passed()
        return failed(NOT_ONE_MASK, "shared-mask", _staff(masks))
    if hidden and kept_as_asked(masks, HALF):
        if masks.pairs_agree > 0.99:
            return partial(0.5, "The dropout after the first fully connected layer is missing.", "one-dropout-missing")
        return partial(0.5, "The dropout of the second convolution's channels is missing.", "one-dropout-missing")
    if not hidden and kept_as_asked(masks, HALF**2):
        return partial(0.5, "There is a second dropout, which the task does not ask for.", "second-dropout")
    level = masks.level
    if level is None:
        message = (
            "Single values are dropped, not whole channels: that takes `Dropout2d` on the four axes of the images."
        )
        return failed(message, "element-dropout", _staff(masks))
    if level <= 0:
        return failed("What dropout leaves has the wrong sign.", "other-values", _staff(masks))
    if abs(level - 1.0) < 0.01:
        message = "What dropout leaves is not made larger: it must be divided by the probability of being kept."
        return failed(message, "not-rescaled", _staff(masks))
    message = (
        f"In training {masks.kept:.0%} of the values are kept; with the dropout of the task it would be {keep:.0%}."
    )
    return partial(0.25, message, "other-rate") if abs(level * masks.kept - 1) < 0.3 else failed(message, "other-rate")


def judge_units(masks: Masks, *, drop: float) -> Outcome:
    """Single units of one hidden layer, whichever, are dropped with probability `drop`."""
    keep = 1.0 - drop
    if kept_as_asked(masks, keep):
        if agree(masks.others_agree, keep) and (masks.pairs_agree > 0.99 or agree(masks.pairs_agree, keep)):
            return passed()
        return failed(NOT_ONE_MASK, "shared-mask", _staff(masks))
    if kept_as_asked(masks, keep**2):
        return partial(0.5, "Dropout is there twice; once, between the hidden layers, is asked.", "second-dropout")
    level = masks.level
    if level is not None and abs(level - 1.0) < 0.01:
        message = "What dropout leaves is not made larger: it must be divided by the probability of being kept."
        return failed(message, "not-rescaled", _staff(masks))
    if level is not None and level > 1 and abs(level * masks.kept - 1) < 0.3:
        message = f"In training {masks.kept:.0%} of the units are kept; {keep:.0%} are asked."
        return partial(0.5, message, "other-rate")
    return failed(
        "The outputs in training mode are not those of dropout between the hidden layers.", None, _staff(masks)
    )


def _pairs(masks: Masks, hidden: bool) -> bool:
    """Two units on one channel: dropped together, unless they are dropped one by one as well."""
    if not hidden:
        return masks.pairs_agree > 0.99
    # Channel dropped (1/2): both gone; else they agree in half of the cases.
    return abs(masks.pairs_agree - 0.75) < 0.16


def _staff(masks: Masks) -> str:
    levels = ", ".join(f"{level:.3g}" for level in masks.levels[:5])
    return (
        f"values other than 0: {levels or 'none'}; kept {masks.kept:.3f}; pairs agree {masks.pairs_agree:.3f}, "
        f"others {masks.others_agree:.3f}"
    )
