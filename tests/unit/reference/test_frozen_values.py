"""The numbers that the course material prints, recomputed from our implementations."""

import json

import numpy as np
import pytest

from reference.frozen import FOLDER, frozen, frozen_values
from reference.implementations import gradients, hypersphere, losses
from tests.support.packages import ASSIGNMENTS, namespace_of

TOPICS = sorted(path.stem for path in FOLDER.glob("*.toml"))


@pytest.mark.parametrize("topic", TOPICS)
def test_every_value_rounds_to_what_the_material_prints_and_names_its_source(topic):
    for value in frozen_values(topic).values():
        assert value.source
        decimals = len(value.printed.partition(".")[2])
        assert not value.printed or f"{value.value:.{decimals}f}" == value.printed, value.name


def test_the_distances_between_the_courses_points():
    assert hypersphere.course_data(1000).sum() == pytest.approx(frozen("hypersphere", "data_sum"), rel=1e-12)
    for dimensions in (2, 100, 1000):
        ratio = hypersphere.distance_ratio(hypersphere.course_data(dimensions))
        assert ratio == pytest.approx(frozen("hypersphere", f"ratio_{dimensions}d"), rel=1e-10)


def test_the_volume_and_the_outer_proportion():
    volume = hypersphere.volume_of_hypersphere(1.0, 10)
    assert volume == pytest.approx(np.pi**5 / (2**10 * 120), rel=1e-12)
    assert volume == pytest.approx(frozen("hypersphere", "volume_10d"), rel=1e-12)
    outer = hypersphere.prop_of_volume_in_outer_1_percent(300)
    assert outer == pytest.approx(frozen("hypersphere", "outer_300d"), rel=1e-12)


def test_the_losses_of_the_given_network():
    notebook = namespace_of("loss-1-regression", "starter.ipynb")
    predictions = notebook["shallow_nn"](notebook["x_train"], *notebook["get_parameters"]())
    data = notebook["y_train"], predictions
    assert predictions.shape == (1, 20)
    assert float(losses.normal_distribution(1, -1, 2.3)) == pytest.approx(frozen("losses", "normal_density"), rel=1e-12)
    assert losses.likelihood(*data, 0.2) == pytest.approx(frozen("losses", "likelihood"), rel=1e-9)
    nll = losses.negative_log_likelihood(*data, 0.2)
    assert nll == pytest.approx(frozen("losses", "negative_log_likelihood"), rel=1e-9)
    assert losses.sum_of_squares(*data) == pytest.approx(frozen("losses", "sum_of_squares"), rel=1e-9)


def test_the_output_of_the_given_deep_network():
    notebook = namespace_of("gradients-2-backprop", "starter.ipynb")
    output, _, _ = gradients.compute_network_output(
        notebook["net_input"], notebook["all_weights"], notebook["all_biases"]
    )
    assert output.item() == pytest.approx(frozen("gradients", "network_output"), rel=1e-9)


def test_no_starter_prints_a_number_that_is_handed_in():
    """The numbers that students submit are theirs to find."""
    text = json.dumps(json.loads((ASSIGNMENTS / "coursework-4-hyperspheres" / "starter.ipynb").read_text()))
    for name in ("ratio_1000d", "volume_10d", "outer_300d"):
        assert frozen_values("hypersphere")[name].printed not in text
