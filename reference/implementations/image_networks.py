"""Small networks for images of 28 by 28 pixels, in evaluation mode, and the mistakes that are made in them.

`weights` are the arrays of the layers one after the other, each layer's weight before its bias, in PyTorch's shapes:
(outputs, inputs) for a fully connected layer, (outputs, inputs, rows, columns) for a convolution.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.comparators.modules import Shape
from reference.implementations.activations import relu, sigmoid, softmax
from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Step: TypeAlias = Callable[[Floats], Floats]


def same(x: Floats) -> Floats:
    return x


def log_softmax(x: Floats, axis: int = 1) -> Floats:
    shifted = x - x.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)), dtype=np.float64)


def convolve(x: Floats, weight: Floats) -> Floats:
    """x (n, inputs, rows, columns); stride 1, nothing added at the borders."""
    rows, columns = weight.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (rows, columns), axis=(2, 3))
    return np.asarray(np.einsum("ncijrs,ocrs->noij", windows, weight, optimize=True), dtype=np.float64)


def pool(x: Floats, take: Callable[..., Floats] = np.max) -> Floats:
    """Squares of 2 by 2; rows and columns must be even."""
    n, channels, rows, columns = x.shape
    return np.asarray(take(x.reshape(n, channels, rows // 2, 2, columns // 2, 2), axis=(3, 5)), dtype=np.float64)


def perceptron(
    images: Floats, weights: Sequence[Floats], *, hidden: Step = relu, last: Step = same, bias: bool = True
) -> Floats:
    """Fully connected layers on the flattened images; (n, classes)."""
    x = images.reshape(len(images), -1)
    for k in range(0, len(weights), 2):
        x = x @ weights[k].T + (weights[k + 1] if bias else 0.0)
        x = hidden(x) if k < len(weights) - 2 else last(x)
    return np.asarray(x, dtype=np.float64)


def convolutional(
    images: Floats,
    weights: Sequence[Floats],
    *,
    steps: tuple[Step, Step, Step] = (relu, relu, relu),
    last: Step = log_softmax,
    take: Callable[..., Floats] = np.max,
    bias: bool = True,
    pixels_first: bool = False,
) -> Floats:
    """Two convolutions, each pooled and rectified, and two fully connected layers. images (n, 1, 28, 28).

    `steps` follow the convolutions and the first fully connected layer; `pixels_first` flattens with the channels last.
    """
    x = images
    for k in (0, 2):
        x = convolve(x, weights[k]) + (weights[k + 1][:, None, None] if bias else 0.0)
        x = steps[k // 2](pool(x, take))
    x = (np.moveaxis(x, 1, 3) if pixels_first else x).reshape(len(x), -1)
    x = steps[2](x @ weights[4].T + (weights[5] if bias else 0.0))
    return last(np.asarray(x @ weights[6].T + (weights[7] if bias else 0.0), dtype=np.float64))


def layer_shapes(*weights: Shape) -> tuple[Shape, ...]:
    """The shapes of weights and biases, from those of the weights."""
    return tuple(shape for weight in weights for shape in (weight, (weight[0],)))


def draw(rng: np.random.Generator, shapes: Sequence[Shape]) -> list[Floats]:
    """Weights and biases that keep values of order one, in single precision as the networks hold them."""
    drawn = []
    for shape in shapes:
        scale = 0.4 if len(shape) == 1 else 1.4 / math.sqrt(math.prod(shape[1:]))
        drawn.append((rng.normal(size=shape) * scale).astype(np.float32).astype(np.float64))
    return drawn


_partial = functools.partial
OVER_BATCH = "log-softmax-over-batch"

CONVOLUTIONAL = (
    Misconception(
        "no-log-softmax",
        "The scores of the last layer are returned as they are: the logarithm of the softmax is missing.",
        _partial(convolutional, last=same),
    ),
    Misconception(
        "softmax-for-log-softmax",
        "The softmax is returned, not its logarithm.",
        _partial(convolutional, last=functools.partial(softmax, axis=1)),
    ),
    Misconception(
        OVER_BATCH,
        "The softmax is taken over the images (dim=0); it must be taken over the classes (dim=1).",
        _partial(convolutional, last=_partial(log_softmax, axis=0)),
    ),
    Misconception(
        "relu-missing",
        "The ReLU after the first convolution is missing.",
        _partial(convolutional, steps=(same, relu, relu)),
    ),
    Misconception(
        "relu-missing",
        "The ReLU after the second convolution is missing.",
        _partial(convolutional, steps=(relu, same, relu)),
    ),
    Misconception(
        "relu-missing",
        "The ReLU after the first fully connected layer is missing.",
        _partial(convolutional, steps=(relu, relu, same)),
    ),
    Misconception(
        "relu-missing",
        "There is no ReLU after the convolutions.",
        _partial(convolutional, steps=(same, same, relu)),
    ),
    Misconception(
        "relu-missing",
        "There is no ReLU anywhere in the network.",
        _partial(convolutional, steps=(same, same, same)),
    ),
    Misconception(
        "relu-at-output",
        "A ReLU sits at the output: scores must be able to be negative.",
        _partial(convolutional, last=lambda x: log_softmax(relu(x))),
    ),
    Misconception(
        "sigmoid-for-relu",
        "A sigmoid is used where a ReLU is asked.",
        _partial(convolutional, steps=(sigmoid, sigmoid, sigmoid)),
    ),
    Misconception(
        "tanh-for-relu",
        "A hyperbolic tangent is used where a ReLU is asked.",
        _partial(convolutional, steps=(np.tanh, np.tanh, np.tanh)),
    ),
    Misconception(
        "mean-pooling",
        "The mean of each 2 by 2 square is taken; max pooling takes its largest value.",
        _partial(convolutional, take=np.mean),
    ),
    Misconception(
        "flatten-order",
        "The axes are exchanged before the values are flattened: channels come first, then rows, then columns.",
        _partial(convolutional, pixels_first=True),
    ),
    Misconception("no-bias", "The biases are not used.", _partial(convolutional, bias=False)),
)

PERCEPTRON = (
    Misconception(
        "relu-missing",
        "There is no ReLU between the layers: without it, several layers are no more than one.",
        _partial(perceptron, hidden=same),
    ),
    Misconception(
        "relu-at-output",
        "A ReLU sits at the output: scores must be able to be negative.",
        _partial(perceptron, last=relu),
    ),
    Misconception(
        "softmax-at-output",
        "The softmax is taken in the network; the loss takes it again.",
        _partial(perceptron, last=functools.partial(softmax, axis=1)),
    ),
    Misconception(
        "log-softmax-at-output",
        "The logarithm of the softmax is taken in the network; the plain scores of the last layer are asked.",
        _partial(perceptron, last=log_softmax),
    ),
    Misconception(
        "sigmoid-at-output",
        "A sigmoid sits at the output; the plain scores of the last layer are asked.",
        _partial(perceptron, last=sigmoid),
    ),
    Misconception(
        "sigmoid-for-relu",
        "A sigmoid is used where a ReLU is asked.",
        _partial(perceptron, hidden=sigmoid),
    ),
    Misconception(
        "tanh-for-relu",
        "A hyperbolic tangent is used where a ReLU is asked.",
        _partial(perceptron, hidden=np.tanh),
    ),
    Misconception("no-bias", "The biases are not used.", _partial(perceptron, bias=False)),
)
