"""Layers as the families write them: what all layers of a family share is said once, in its `Style`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from kerata import layers
from kerata.core.config import image_data_format


def channel_axis(last: int = 3) -> int:
    """The axis of the channels: 1, or `last` where they come last."""
    return 1 if image_data_format() == "channels_first" else last


def image_axes() -> tuple[int, int]:
    """The axes of height and width."""
    return (2, 3) if image_data_format() == "channels_first" else (1, 2)


def depth(x) -> int:
    """The number of channels."""
    return x.shape[channel_axis()]


def rounded(width: float, divisor: int = 8, at_least: int | None = None, most_loss: float = 0.9) -> int:
    """`width` as a multiple of `divisor`: the nearest, but not under `most_loss * width` (MobileNet papers)."""
    new = max(at_least or divisor, int(width + divisor / 2) // divisor * divisor)
    return new + divisor if new < most_loss * width else new


def same_padding(x, kernel: int) -> tuple:
    """What to add above, below, left and right so that a "valid" window with strides of 2 gives "same" positions."""
    sizes = [x.shape[axis] for axis in image_axes()]
    return tuple((kernel // 2 - (n is None or n % 2 == 0), kernel // 2) for n in sizes)


def padded(x, kernel: int, name: str | None = None):
    """`x` with borders as `same_padding` says."""
    return layers.ZeroPadding2D(same_padding(x, kernel), name=name)(x)


def relu(name=None):
    return layers.Activation("relu", name=name)


def relu6(name=None):
    return layers.ReLU(6.0, name=name)


def swish(name=None):
    return layers.Activation("silu", name=name)


@dataclasses.dataclass(frozen=True)
class Style:
    """The settings of a family.

    Attributes:
        activation: makes an activation layer of a name.
        axis: how the axis of the channels is written where they come last.
        epsilon, momentum, scale: of batch normalization.
        initializer: makes the initializer of a kernel (each layer needs its own, or all would start with equal numbers),
            depthwise ones too; or its name; None for the layers' default.
    """

    activation: Callable[..., Any] = relu
    axis: int = -1
    epsilon: float = 1e-3
    momentum: float = 0.99
    scale: bool = True
    initializer: Any = None

    def _kernel(self, which: str = "kernel_initializer") -> dict:
        if self.initializer is None:
            return {}
        return {which: self.initializer() if callable(self.initializer) else self.initializer}

    def conv(self, x, filters, kernel, strides=1, padding="same", name=None, bias=False, **more):
        """A convolution, without bias by default."""
        given = {"padding": padding, "use_bias": bias, "name": name, **self._kernel(), **more}
        return layers.Conv2D(filters, kernel, strides=strides, **given)(x)

    def depthwise(self, x, kernel, strides=1, padding="same", name=None, **more):
        """A convolution of each channel by itself."""
        given = {"padding": padding, "use_bias": False, "name": name, **self._kernel("depthwise_initializer"), **more}
        return layers.DepthwiseConv2D(kernel, strides=strides, **given)(x)

    def separable(self, x, filters, kernel, strides=1, padding="same", name=None):
        """A depthwise convolution and then a pointwise one."""
        return layers.SeparableConv2D(filters, kernel, strides=strides, padding=padding, use_bias=False, name=name)(x)

    def norm(self, x, name=None):
        """Batch normalization."""
        return layers.BatchNormalization(
            axis=channel_axis(self.axis), epsilon=self.epsilon, momentum=self.momentum, scale=self.scale, name=name
        )(x)

    def act(self, x, name=None):
        """The family's activation."""
        return self.activation(name=name)(x)

    def unit(self, x, filters, kernel, strides=1, padding="same", names=(None, None, None), bias=False):
        """Convolution, normalization, activation, under three names."""
        x = self.conv(x, filters, kernel, strides, padding, names[0], bias)
        return self.act(self.norm(x, names[1]), names[2])

    def concat(self, parts: list, name=None):
        """The channels of all parts."""
        return layers.Concatenate(axis=channel_axis(self.axis), name=name)(parts)


def named(pattern: str, *parts: str) -> tuple[str, ...]:
    """The pattern filled with each of the parts."""
    return tuple(pattern.format(part) for part in parts)
