"""What the live objects and the cells that ran tell of a training, and which of it was to stay."""

from __future__ import annotations

import pytest

from assignments.vocabulary.training_settings import (
    COURSE,
    Settings,
    best_restored,
    early_stopping,
    judge_kept,
    seed_in,
)

GIVEN = "def set_seed(seed):\n    random.seed(seed)\n    torch.manual_seed(seed)\nset_seed(1)  # leave this as it is"


@pytest.mark.parametrize(
    ("source", "seed"),
    [
        (GIVEN, 1),
        (GIVEN.replace("(1)", "(7)"), 7),
        (GIVEN.replace("(1)", "(seed = 3)"), 3),
        (GIVEN + "\nset_seed(1)", 1),
        (GIVEN + "\ntorch.manual_seed(5)", None),
        ("# set_seed(1)", None),
        ("", None),
    ],
)
def test_the_seed_is_that_which_the_cells_set(source: str, seed: int | None) -> None:
    assert seed_in(source) == seed


def test_a_training_as_it_was_given_is_kept() -> None:
    assert judge_kept(Settings(dict(COURSE), GIVEN), COURSE).fraction == 1


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("seed", 2, "the seed"),
        ("seed", None, "the seed"),
        ("lr", 0.1, "the learning rate"),
        ("epochs", 60, "`n_epoch`"),
    ],
)
def test_what_was_changed_is_named(name: str, value: object, words: str) -> None:
    outcome = judge_kept(Settings({**COURSE, name: value}, GIVEN), COURSE)  # type: ignore[dict-item]
    assert (outcome.fraction, outcome.diagnosis) == (0, "training-changed")
    assert words in outcome.message


def with_errors(*errors: float) -> Settings:
    return Settings({"errors_val": list(errors)}, "")


def test_the_network_of_the_best_epoch_is_early_stopping() -> None:
    errors = [50.0 - 0.2 * k for k in range(48)] + [39.0, 41.0]
    settings = with_errors(*errors)
    assert best_restored(settings, min(errors))
    assert early_stopping(settings, min(errors)) is not None
    assert early_stopping(settings, 41.0) is None


def test_fewer_epochs_are_early_stopping() -> None:
    outcome = early_stopping(with_errors(50.0, 45.0), 45.0)
    assert outcome is not None
    assert outcome.diagnosis == "early-stopping"
    assert not best_restored(with_errors(), 45.0)
