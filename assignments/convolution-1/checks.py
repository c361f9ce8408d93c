"""Convolution 1: four functions, each on fresh images, kernels, strides and paddings."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignments.vocabulary import Ask, FunctionTask, Outcome, Part, Trial, check, judge_function
from reference.comparators.arrays import Comparison, Tolerance, compare_array
from reference.implementations import convolution
from reference.plain import Plain

# The task's own template adds up in single precision; entries near zero are differences of terms of order 1.
TOLERANCE = Tolerance(relative=1e-4, absolute=1e-4)


def compare(got: Plain, want: Any) -> Comparison:
    return compare_array(got, want, TOLERANCE)


STRIDED = ("image", "weights", "stride", "pad")
GLOBALS = {"image": ("input_image",), "weights": ("conv_weights",)}
RESULTS = ("conv_results_pytorch", "conv_results_numpy")

FIRST = FunctionTask(
    function="conv_numpy_1",
    parameters=("image", "weights", "pad"),
    reference=convolution.convolve_padded,
    misconceptions=convolution.unstrided(convolution.COMMON),
    compare=compare,
    notebook_globals=GLOBALS,
    notebook_results=RESULTS,
)


def strided(function: str, known: tuple[Any, ...], **options: Any) -> FunctionTask:
    return FunctionTask(
        function=function,
        parameters=STRIDED,
        reference=convolution.convolve,
        misconceptions=convolution.with_defaults(known),
        compare=compare,
        notebook_globals={**GLOBALS, "stride": ("stride",)},
        notebook_results=RESULTS,
        **options,
    )


SECOND = strided(
    "conv_numpy_2",
    convolution.COMMON,
    parts=(Part("one", 0.2, "with a stride of 1"), Part("more", 0.8, "with larger strides")),
)
THIRD = strided("conv_numpy_3", (*convolution.COMMON, *convolution.CHANNELS))
FOURTH = strided("conv_numpy_4", (*convolution.BATCH, *convolution.COMMON, *convolution.CHANNELS))


@check("conv_numpy_1")
def conv_numpy_1(ask: Ask) -> Outcome:
    trials = [Trial(inputs(ask.rng, 1, 1, 1, 3))]
    for kernel, pad in ((3, 1), (3, 0), (5, 2), (2, 1), (3, 2)):
        trials.append(Trial((*inputs(ask.rng, 1, 1, 1, kernel), pad), situation(kernel, 1, pad)))
    return judge_function(ask, FIRST, trials)


@check("conv_numpy_2")
def conv_numpy_2(ask: Ask) -> Outcome:
    trials = [
        Trial((*inputs(ask.rng, 1, 1, 1, kernel), stride, pad), situation(kernel, stride, pad), part)
        for kernel, stride, pad, part in (
            (3, 1, 1, "one"),
            (3, 1, 0, "one"),
            (3, 2, 1, "more"),
            (3, 3, 0, "more"),
            (5, 2, 2, "more"),
            (2, 3, 1, "more"),
        )
    ]
    return judge_function(ask, SECOND, trials)


@check("conv_numpy_3")
def conv_numpy_3(ask: Ask) -> Outcome:
    trials = [
        Trial((*inputs(ask.rng, 1, *channels, kernel), stride, pad), situation(kernel, stride, pad))
        for channels, kernel, stride, pad in (
            ((2, 3), 3, 1, 1),
            ((4, 2), 3, 1, 0),
            ((3, 5), 3, 2, 1),
            ((5, 2), 2, 3, 2),
        )
    ]
    return judge_function(ask, THIRD, trials)


@check("conv_numpy_4")
def conv_numpy_4(ask: Ask) -> Outcome:
    trials = [
        Trial((*inputs(ask.rng, batch, *channels, kernel), stride, pad), situation(kernel, stride, pad))
        for batch, channels, kernel, stride, pad in (
            (2, (5, 2), 3, 1, 1),
            (3, (2, 4), 3, 2, 0),
            (4, (3, 2), 2, 1, 2),
            (1, (2, 3), 3, 2, 1),
        )
    ]
    return judge_function(ask, FOURTH, trials)


def inputs(
    rng: np.random.Generator, batch: int, channels_in: int, channels_out: int, kernel: int
) -> tuple[np.ndarray, np.ndarray]:
    """Images whose height and width differ, and kernels without any symmetry."""
    height = int(rng.integers(6, 10))
    width = height + int(rng.choice([-1, 1, 2]))
    image = rng.normal(0.4, 1.0, size=(batch, channels_in, height, width))
    return image, rng.normal(0.3, 1.0, size=(channels_out, channels_in, kernel, kernel))


def situation(kernel: int, stride: int, pad: int) -> str:
    return f"for a {kernel}x{kernel} kernel with stride {stride} and padding {pad}"
