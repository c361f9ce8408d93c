"""Networks for MNIST: two classes with weights that the check sets, and both trained networks on withheld images.

Both trained networks are called `net`, as in the course material, so the checks of them run after every cell that sets
or trains it, and what counts is the best: a `net` of the other class earns nothing.
"""

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

MLP_SHAPES = image_networks.layer_shapes((100, 784), (10, 100))
CONV_SHAPES = image_networks.layer_shapes((10, 1, 5, 5), (20, 10, 5, 5), (60, 320), (10, 60))
IMAGE = (1, SIDE, SIDE)
DIGIT = 20  # pixels that an enlarged digit is wide, as in MNIST
# The course's own normalisation; none; and two others that notebooks use.
WAYS = ((0.5, 1.0), (0.0, 1.0), (0.1307, 0.3081), (0.5, 0.5))
# Moving an image by a pixel harms a network without convolutions more.
MLP_ASKED = Asked(enough=0.70, half=0.50, ways=WAYS)
CONV_ASKED = Asked(enough=0.80, half=0.60, ways=WAYS)

MLP = NetworkTask(
    name="Net",
    make="__main__.Net()",
    layers=("fc1", "fc2"),
    shapes=lambda: MLP_SHAPES,
    reference=image_networks.perceptron,
    misconceptions=image_networks.PERCEPTRON,
    credit={"softmax-at-output": 0.5, "log-softmax-at-output": 0.8, "relu-missing": 0.4},
)
CONV = NetworkTask(
    name="ConvNet",
    make="__main__.ConvNet()",
    layers=("conv1", "conv2", "fc1", "fc2"),
    shapes=lambda: CONV_SHAPES,
    reference=image_networks.convolutional,
    misconceptions=image_networks.CONVOLUTIONAL,
    credit={"no-log-softmax": 0.8, "softmax-for-log-softmax": 0.5, "relu-missing": 0.5},
)


@check("Net")
def net(ask: Ask) -> Outcome:
    return judge_network(ask, MLP, [IMAGE])


@check("trained_net")
def trained_net(ask: Ask) -> Outcome:
    return judge_trained(ask, "net", MLP, withheld(Path(__file__).parent, ask.rng, DIGIT), MLP_ASKED)


@check("ConvNet")
def convnet(ask: Ask) -> Outcome:
    return judge_network(ask, CONV, [IMAGE])


@check("dropout")
def dropout(ask: Ask) -> Outcome:
    judge = functools.partial(judge_channels, hidden=True)
    return judge_dropout(ask, CONV, through_channels(ask.rng, CONV_SHAPES), IMAGE, judge)


@check("trained_convnet")
def trained_convnet(ask: Ask) -> Outcome:
    return judge_trained(ask, "net", CONV, withheld(Path(__file__).parent, ask.rng, DIGIT), CONV_ASKED)
