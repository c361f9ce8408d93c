"""What the checks of likelihoods and of their logarithms look for."""

from __future__ import annotations

from collections.abc import Sequence

from assignments.asking import Got
from assignments.vocabulary.trials import Tried
from reference.relations import Diagnosis


def product_underflowed(tried: Sequence[Tried]) -> Diagnosis | None:
    """Right for few data points (part "few"), infinite for many (part "many")."""
    few = [t for t in tried if t.trial.part == "few"]
    many = [t for t in tried if t.trial.part == "many"]
    infinite = all(t.comparison is not None and t.comparison.diagnosis in {"infinite", "nan"} for t in many)
    if not (few and many and infinite and all(t.right for t in few)):
        return None
    sentence = (
        "With many data points the result is infinite: the product of so many probabilities is too small for the "
        "computer before its logarithm is taken. Add up the logarithms instead."
    )
    return Diagnosis("log-of-product", sentence)


def not_reduced(tried: Sequence[Tried]) -> Diagnosis | None:
    """One value for each data point came back."""
    valued = [t for t in tried if isinstance(t.reply, Got) and t.comparison is not None]
    arrays = [None if t.comparison is None else t.comparison.numbers for t in valued]
    if not valued or any(a is None or a.size != t.trial.count for a, t in zip(arrays, valued, strict=True)):
        return None
    return Diagnosis("not-reduced", "The result has one value for each data point; one single number is asked.")
