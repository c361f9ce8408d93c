"""Two-dimensional convolution (cross-correlation, as in neural networks) with zero padding, and known mistakes.

out[b, o, y, x] = sum over i, r, c of image[b, i, y * stride + r, x * stride + c] * weights[o, i, r, c], on the padded
image. Images are (batch, channels in, height, width), weights (channels out, channels in, height, width).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reference.misconceptions import Misconception

Floats: TypeAlias = NDArray[np.float64]
Patches: TypeAlias = Callable[[Floats, int, int, tuple[int, int], int], Floats]


def convolve(image: Floats, weights: Floats, stride: int = 1, pad: int = 1) -> Floats:
    """(batch, channels out, floor((H + 2 pad - h) / stride) + 1, the same for the width)."""
    return _convolve(image, weights, stride, pad)


def convolve_padded(image: Floats, weights: Floats, pad: int = 1) -> Floats:
    """`convolve` with a stride of 1, in the order of arguments that the first function of the task has."""
    return _convolve(image, weights, 1, pad)


def output_size(length: int, kernel: int, stride: int) -> int:
    """Positions of a kernel along one axis of a padded image."""
    return (length - kernel) // stride + 1


def _patch(padded: Floats, row: int, column: int, size: tuple[int, int], stride: int) -> Floats:
    """For one entry of the kernel: the pixel under it at every position, (batch, channels in, rows, columns)."""
    rows, columns = size
    return padded[:, :, row : row + stride * rows : stride, column : column + stride * columns : stride]


def _convolve(
    image: Floats,
    weights: Floats,
    stride: int,
    pad: int,
    *,
    patch: Patches = _patch,
    combine: str = "oi,biyx->boyx",
    add: bool = True,
) -> Floats:
    """`patch` finds the pixels, `combine` sums over the channels, `add` sums over the entries of the kernel."""
    padded = np.pad(np.asarray(image, dtype=np.float64), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    height, width = weights.shape[2:]
    size = (output_size(padded.shape[2], height, stride), output_size(padded.shape[3], width, stride))
    out = np.zeros((image.shape[0], weights.shape[0], *size))
    for row in range(height):
        for column in range(width):
            part = np.einsum(combine, weights[:, :, row, column], patch(padded, row, column, size, stride))
            out = out + part if add else np.broadcast_to(part, out.shape).copy()
    return out


def _unstrided(padded: Floats, row: int, column: int, size: tuple[int, int], stride: int) -> Floats:
    return _patch(padded, row, column, size, 1)


def _shifted(by: int) -> Patches:
    def patch(padded: Floats, row: int, column: int, size: tuple[int, int], stride: int) -> Floats:
        rows = np.arange(size[0]) * stride + row - by
        columns = np.arange(size[1]) * stride + column - by
        taken: Floats = padded[:, :, rows[:, None], columns[None, :]]
        return taken

    return patch


def _borders_zero(image: Floats, weights: Floats, stride: int, pad: int) -> Floats:
    """Positions whose kernel reaches into the padding are left out."""
    out = _convolve(image, weights, stride, pad)
    inside = []
    for axis in (2, 3):
        start = np.arange(out.shape[axis]) * stride
        inside.append((start >= pad) & (start + weights.shape[axis] <= image.shape[axis] + pad))
    kept: Floats = out * (inside[0][:, None] & inside[1][None, :])
    return kept


def _last_channel_only(image: Floats, weights: Floats, stride: int, pad: int) -> Floats:
    return _convolve(image[:, -1:], weights[:, -1:], stride, pad, add=False)


def _first_image_for_all(image: Floats, weights: Floats, stride: int, pad: int) -> Floats:
    return np.repeat(_convolve(image[:1], weights, stride, pad), image.shape[0], axis=0)


def _only_first_image(image: Floats, weights: Floats, stride: int, pad: int) -> Floats:
    out = _convolve(image, weights, stride, pad)
    out[1:] = 0.0
    return out


def _all_into_first_image(image: Floats, weights: Floats, stride: int, pad: int) -> Floats:
    out = _convolve(image, weights, stride, pad)
    total = np.zeros_like(out)
    total[0] = out.sum(axis=0)
    return total


def _size_without_padding(image: Floats, weights: Floats, stride: int, pad: int) -> Floats:
    """The upper left part only."""
    rows = output_size(image.shape[2], weights.shape[2], stride)
    columns = output_size(image.shape[3], weights.shape[3], stride)
    return _convolve(image, weights, stride, pad)[:, :, :rows, :columns]


def _placeholder(image: Floats, weights: Floats, stride: int, pad: int) -> Floats:
    return _convolve(np.ones_like(image), np.ones_like(weights), stride, pad, patch=lambda *a: np.ones_like(_patch(*a)))


def _pixel_placeholder(image: Floats, weights: Floats, stride: int, pad: int) -> Floats:
    return _convolve(image, weights, stride, pad, patch=lambda *a: np.ones_like(_patch(*a)))


COMMON = (
    Misconception(
        "placeholder",
        "Both placeholders are still in place: neither the pixel nor the weight is looked up.",
        _placeholder,
    ),
    Misconception(
        "pixel-placeholder", "The weights are looked up, but the pixel is still the placeholder.", _pixel_placeholder
    ),
    Misconception(
        "weight-placeholder",
        "The pixels are looked up, but the weight is still the placeholder.",
        lambda image, weights, stride, pad: _convolve(image, np.ones_like(weights), stride, pad),
    ),
    Misconception(
        "kernel-flipped",
        "The kernel is turned by 180 degrees, as in mathematics; in networks it is laid on the image as it is.",
        lambda image, weights, stride, pad: _convolve(image, weights[:, :, ::-1, ::-1], stride, pad),
    ),
    Misconception(
        "kernel-transposed",
        "Rows and columns of the kernel are exchanged.",
        lambda image, weights, stride, pad: _convolve(image, weights.transpose(0, 1, 3, 2), stride, pad),
    ),
    Misconception(
        "stride-ignored",
        "The stride is not used where the pixel is looked up: neighbouring outputs are still one pixel apart.",
        lambda image, weights, stride, pad: _convolve(image, weights, stride, pad, patch=_unstrided),
    ),
    Misconception(
        "padding-ignored",
        "The zero padding is missing: the result is that of `pad=0`.",
        lambda image, weights, stride, pad: _convolve(image, weights, stride, 0),
    ),
    Misconception(
        "padding-twice",
        "The padding is added twice.",
        lambda image, weights, stride, pad: _convolve(image, weights, stride, 2 * pad),
    ),
    Misconception(
        "padding-subtracted",
        "The padding is subtracted from the pixel's position, but the image has been padded already.",
        lambda image, weights, stride, pad: _convolve(image, weights, stride, pad, patch=_shifted(pad)),
    ),
    Misconception(
        "kernel-centred",
        "The kernel's first entry belongs on the output's own position in the padded image; it lies one further.",
        lambda image, weights, stride, pad: _convolve(image, weights, stride, pad, patch=_shifted(1)),
    ),
    Misconception(
        "size-without-padding", "The output's size is computed from the image without padding.", _size_without_padding
    ),
    Misconception(
        "borders-zero",
        "The outputs whose kernel reaches over the edge of the image are left at zero.",
        _borders_zero,
    ),
    Misconception(
        "overwritten",
        "The products are not added up: every product overwrites the one before.",
        _last_channel_only,
    ),
    Misconception(
        "mean-for-sum",
        "The products are averaged; a convolution adds them.",
        lambda image, weights, stride, pad: (
            _convolve(image, weights, stride, pad) / (weights.shape[2] * weights.shape[3])
        ),
    ),
)

CHANNELS = (
    Misconception(
        "first-input-channel",
        "Only the first input channel is used; all of them are summed.",
        lambda image, weights, stride, pad: _convolve(image[:, :1], weights[:, :1], stride, pad),
    ),
    Misconception(
        "pixel-of-first-channel",
        "Every pixel is taken from the first input channel.",
        lambda image, weights, stride, pad: _convolve(
            np.repeat(image[:, :1], image.shape[1], axis=1), weights, stride, pad
        ),
    ),
    Misconception(
        "weight-of-first-input-channel",
        "Every weight is taken from the kernel of the first input channel.",
        lambda image, weights, stride, pad: _convolve(
            image, np.repeat(weights[:, :1], weights.shape[1], axis=1), stride, pad
        ),
    ),
    Misconception(
        "weight-of-first-output-channel",
        "Every output channel uses the kernel of the first one.",
        lambda image, weights, stride, pad: _convolve(
            image, np.repeat(weights[:1], weights.shape[0], axis=0), stride, pad
        ),
    ),
    Misconception(
        "first-kernel-only",
        "Every weight is taken from the kernel of the first output and the first input channel.",
        lambda image, weights, stride, pad: _convolve(
            image, np.broadcast_to(weights[:1, :1], weights.shape), stride, pad
        ),
    ),
    Misconception(
        "first-channels-only",
        "Pixel and weight are always taken from the first channels.",
        lambda image, weights, stride, pad: _convolve(
            np.repeat(image[:, :1], image.shape[1], axis=1),
            np.broadcast_to(weights[:1, :1], weights.shape),
            stride,
            pad,
        ),
    ),
)

BATCH = (
    Misconception(
        "first-image-for-all",
        "Every image of the batch gets the result of the first one: the batch index is missing at the pixel.",
        _first_image_for_all,
    ),
    Misconception("only-first-image", "Only the first image of the batch gets a result.", _only_first_image),
    Misconception(
        "all-into-first-image",
        "The results of all images are added into the first one: the batch index is missing at the output.",
        _all_into_first_image,
    ),
)


def unstrided(known: tuple[Misconception, ...]) -> tuple[Misconception, ...]:
    """The same mistakes in the form (image, weights, pad)."""

    def with_stride_1(wrong: Callable[..., Floats]) -> Callable[..., Floats]:
        return lambda image, weights, pad=1: wrong(image, weights, 1, pad)

    return tuple(Misconception(m.key, m.sentence, with_stride_1(m.wrong)) for m in known if m.key != "stride-ignored")


def with_defaults(known: tuple[Misconception, ...]) -> tuple[Misconception, ...]:
    """The same mistakes where stride and padding may be left out."""

    def defaulted(wrong: Callable[..., Floats]) -> Callable[..., Floats]:
        return lambda image, weights, stride=1, pad=1: wrong(image, weights, stride, pad)

    return tuple(Misconception(m.key, m.sentence, defaulted(m.wrong)) for m in known)
