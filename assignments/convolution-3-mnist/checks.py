"""Convolution 3: the student's network with weights that the check sets, and the trained one on withheld images."""

from __future__ import annotations

import functools
from pathlib import Path

from assignments.vocabulary import Ask, Outcome, check
from assignments.vocabulary.dropout import judge_dropout, through_channels
from assignments.vocabulary.dropout_verdicts import judge_channels
from assignments.vocabulary.image_networks import NetworkTask, judge_network
from assignments.vocabulary.trained_images import Asked, judge_trained
from reference.implementations import image_networks
from reference.implementations.withheld_images import SIDE, withheld

SHAPES = image_networks.layer_shapes((10, 1, 5, 5), (20, 10, 5, 5), (50, 320), (10, 50))
IMAGE = (1, SIDE, SIDE)
DIGIT = 20  # pixels that an enlarged digit is wide, as in MNIST
# The course's own normalisation; none; and two others that notebooks use.
ASKED = Asked(enough=0.85, half=0.65, ways=((0.1307, 0.3081), (0.0, 1.0), (0.5, 0.5), (0.5, 1.0)))

NET = NetworkTask(
    name="Net",
    make="__main__.Net()",
    layers=("conv1", "conv2", "fc1", "fc2"),
    shapes=lambda: SHAPES,
    reference=image_networks.convolutional,
    misconceptions=image_networks.CONVOLUTIONAL,
    credit={"no-log-softmax": 0.6, "softmax-for-log-softmax": 0.6, "relu-missing": 0.5},
)


@check("forward")
def forward(ask: Ask) -> Outcome:
    return judge_network(ask, NET, [IMAGE])


@check("dropout")
def dropout(ask: Ask) -> Outcome:
    judge = functools.partial(judge_channels, hidden=False)
    return judge_dropout(ask, NET, through_channels(ask.rng, SHAPES), IMAGE, judge)


@check("model")
def model(ask: Ask) -> Outcome:
    return judge_trained(ask, "model", NET, withheld(Path(__file__).parent, ask.rng, DIGIT), ASKED)
