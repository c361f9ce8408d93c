"""What the losses for labels have in common: the likelihood of the notebook's twenty examples."""

from __future__ import annotations

import pytest

from tests.support.packages import judge

BERNOULLI = "def bernoulli_distribution(y, p):\n    return (1 - p) ** (1 - y) * p ** y"
LOOP = "def {}(y_train, lambda_param):\n    value = {}\n    for i in range(20):\n        value {}\n    return value"


@pytest.mark.parametrize(
    ("slug", "given", "one", "share"),
    [
        ("loss-2-binary", BERNOULLI, "bernoulli_distribution(y_train[i], lambda_param[0, i])", 0.5),
        ("loss-3-multiclass", "", "lambda_param[y_train[i], i]", 5 / 11),
    ],
)
def test_twenty_labels_as_in_the_notebook_are_enough_where_no_more_are_asked(
    slug: str, given: str, one: str, share: float
) -> None:
    likelihood = LOOP.format("compute_likelihood", "1.0", f"*= {one}")
    nll = LOOP.format("compute_negative_log_likelihood", "0.0", f"-= np.log({one})")
    outcomes = [judge(slug, "compute_likelihood", likelihood, before=given)]
    outcomes += [judge(slug, "compute_negative_log_likelihood", nll, before=given)]
    assert [outcome.diagnosis for outcome in outcomes] == ["size-fixed"] * 2
    assert [outcome.fraction for outcome in outcomes] == [1.0, share]
    assert judge(slug, "compute_likelihood", likelihood.replace("1.0", "1.1"), before=given).fraction == 0
