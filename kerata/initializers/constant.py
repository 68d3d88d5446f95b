"""Initializers without chance."""

from __future__ import annotations

import numpy as np

from kerata.core.dtypes import numpy_dtype
from kerata.core.errors import missing_package
from kerata.initializers.initializer import Initializer


class Constant(Initializer):
    """Every element is `value`.

    Args:
        value: number, or an array that broadcasts to the shapes asked for; 0.0 by default.

    Raises:
        ValueError: when called with a shape to which `value` does not broadcast.

    >>> kerata.initializers.Constant(3.0)((2,))  # [3.0, 3.0]
    """

    def __init__(self, value=0.0):
        self.value = value

    def _sample(self, shape, dtype):
        value = np.asarray(self.value)
        try:
            return np.broadcast_to(value, shape).astype(numpy_dtype(dtype))
        except ValueError:
            raise ValueError(
                f"The `value` of Constant has the shape {value.shape}, and a weight of shape {shape} is wanted: give a number, or "
                "an array of that shape (or one that broadcasts to it)."
            ) from None

    @classmethod
    def from_config(cls, config: dict):
        from kerata.saving.serialization import deserialize_keras_object

        return super().from_config(deserialize_keras_object(config))  # which reads arrays


class Zeros(Initializer):
    """Every element is 0.

    >>> kerata.initializers.Zeros()((2,))  # [0.0, 0.0]
    """

    def _sample(self, shape, dtype):
        return np.zeros(shape, numpy_dtype(dtype))


class Ones(Initializer):
    """Every element is 1.

    >>> kerata.initializers.Ones()((2,))  # [1.0, 1.0]
    """

    def _sample(self, shape, dtype):
        return np.ones(shape, numpy_dtype(dtype))


class Identity(Initializer):
    """`gain` on the diagonal of a matrix, 0 elsewhere; the matrix need not be square.

    Args:
        gain: number; 1.0 by default.

    Raises:
        ValueError: when called with a shape that has not two axes.

    >>> kerata.initializers.Identity(2.0)((2, 3))  # [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain=1.0):
        self.gain = gain

    def _sample(self, shape, dtype):
        if len(shape) != 2:
            raise ValueError(f"Identity makes matrices; the shape {shape} was asked for.")
        return (self.gain * np.eye(*shape)).astype(numpy_dtype(dtype))


class STFT(Initializer):
    """The kernel of a `Conv1D` that computes a short-time Fourier transform, of shape (frame_length, 1, bins).

    Element [t, 0, k] is `window[t] * cos(2 * pi * t * k / n)`, n = 2 * (bins - 1), or minus the sine, times the scale that
    `scaling` asks for. With `frame_length < n`, frames are as if padded with zeros at their end.

    Args:
        side: "real" (the default) for cosines, or "imag" for minus sines.
        window: name of a window of `scipy.signal.get_window`, "hann" by default; a vector of `frame_length` numbers; or
            None for a rectangular one.
        scaling: "density" (the default) divides by `sqrt(sum(window**2))`, "spectrum" by `sum(|window|)`, None by nothing.
        periodic: whether the named window is one period, for spectra (True), or symmetric (False, the default).

    Raises:
        ValueError: for another `side` or `scaling`, a window of another length, or a shape with more than one channel.
        ImportError: if a window is asked for by name and SciPy is not installed.

    >>> kerata.initializers.STFT("real", window=None)((4, 1, 3))[:, 0, 1]  # [1.0, 0.0, -1.0, 0.0]
    """

    def __init__(self, side="real", window="hann", scaling="density", periodic=False):
        if side not in ("real", "imag"):
            raise ValueError(f"`side` of STFT is 'real' or 'imag'; got {side!r}.")
        if scaling not in ("density", "spectrum", None):
            raise ValueError(f"`scaling` of STFT is 'density', 'spectrum' or None; got {scaling!r}.")
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def _sample(self, shape, dtype):
        length, channels, bins = shape
        if channels != 1:
            raise ValueError(f"STFT kernels have the shape (frame_length, 1, bins); {shape} was asked for.")
        window = self._window(length)
        scale = 1.0
        if self.window is not None and self.scaling == "density":
            scale = 1.0 / np.sqrt(np.sum(window**2))
        elif self.window is not None and self.scaling == "spectrum":
            scale = 1.0 / np.sum(np.abs(window))
        angle = np.pi * np.outer(np.arange(length), np.arange(bins)) / max(bins - 1, 1)  # of a transform of 2 * (bins - 1)
        wave = np.cos(angle) if self.side == "real" else -np.sin(angle)
        return (wave * window[:, None] * scale)[:, None, :].astype(numpy_dtype(dtype))

    def _window(self, length):
        if self.window is None:
            return np.ones(length)
        if not isinstance(self.window, str):
            window = np.asarray(self.window, "float64")
            if window.shape != (length,):
                raise ValueError(f"`window` of STFT has shape ({length},) for kernels of that length; got {window.shape}.")
            return window
        try:
            from scipy.signal import get_window
        except ImportError:
            raise missing_package("scipy", "A window of the STFT initializer") from None
        return get_window(self.window, length, fftbins=self.periodic)
