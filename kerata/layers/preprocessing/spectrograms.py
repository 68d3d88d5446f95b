"""Spectrograms of sound: MelSpectrogram and STFTSpectrogram."""

from __future__ import annotations

import functools
import math
import warnings

import numpy as np

from kerata import initializers, ops
from kerata.core.claims import claim
from kerata.core.config import image_data_format
from kerata.core.errors import unknown_name
from kerata.layers._errors import positive_integer
from kerata.layers.input_spec import InputSpec
from kerata.layers.layer import Layer
from kerata.layers.preprocessing.data_layer import DataLayer


class MelSpectrogram(DataLayer):
    """The energy of sound by time and by pitch, in bands of equal width on the mel scale.

    `m = 1127 ln(1 + f / 700)`; each band is a triangle over the frequencies of a short-time Fourier
    transform.

    Args:
        fft_length: integer: samples in each transform; 2048 by default.
        sequence_stride: integer: samples from one frame to the next; 512 by default.
        sequence_length: integer: samples in a frame, at most `fft_length`; that if None.
        window: "hann" (the default), "hamming", a vector of `sequence_length` numbers, or None.
        sampling_rate: samples a second, in Hz; 16000 by default.
        num_mel_bins: integer: how many bands; 128 by default.
        min_freq: where the bands begin, in Hz; 20.0 by default.
        max_freq: where they end, in Hz; half the sampling rate if None.
        power_to_db: whether to give decibels, `10 log10(power / ref_power)`; True by default.
        top_db: decibels: what lies further below the greatest of the batch is raised to that; 80.0 by
            default.
        mag_exp: the power of magnitudes: 1 for amplitude, 2 (the default) for energy.
        min_power: the least power that counts; 1e-10 by default.
        ref_power: the power that is 0 decibels; 1.0 by default.

    Input shape:
        `(..., samples)`, float.
    Output shape:
        `(..., num_mel_bins, frames)` with `frames = 1 + samples // sequence_stride`, in the compute dtype.

    Raises:
        ValueError: if a length, the stride or the number of bins is no positive integer, or `sequence_length` is
            above `fft_length`.

    Source: Stevens, Volkmann and Newman (1937), "A Scale for the Measurement of the Psychological Magnitude
    Pitch".

    >>> from kerata import layers, ops
    >>> layer = layers.MelSpectrogram(fft_length=64, sequence_stride=16, num_mel_bins=8, sampling_rate=400)
    >>> layer(ops.ones((2, 100))).shape  # (2, 8, 7)
    """

    def __init__(self, fft_length=2048, sequence_stride=512, sequence_length=None, window="hann", sampling_rate=16000,
                 num_mel_bins=128, min_freq=20.0, max_freq=None, power_to_db=True, top_db=80.0, mag_exp=2.0,
                 min_power=1e-10, ref_power=1.0, **kwargs):  # fmt: skip
        whole = functools.partial(positive_integer, who="MelSpectrogram")
        self.fft_length, self.sequence_stride = whole(fft_length, "fft_length"), whole(sequence_stride, "sequence_stride")
        self.sequence_length = whole(sequence_length or fft_length, "sequence_length")
        if self.sequence_length > fft_length:
            raise ValueError(
                f"`sequence_length` of MelSpectrogram is at most `fft_length` ({fft_length}); got {sequence_length}."
            )
        super().__init__(**kwargs)
        self.window, self.sampling_rate, self.num_mel_bins = window, sampling_rate, whole(num_mel_bins, "num_mel_bins")
        self.min_freq, self.max_freq = min_freq, max_freq or int(sampling_rate / 2)
        self.power_to_db, self.top_db, self.mag_exp = power_to_db, top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power
        self._bands = mel_bands(num_mel_bins, fft_length // 2 + 1, sampling_rate, self.min_freq, self.max_freq)

    def call(self, inputs):
        x = ops.cast(inputs, self.compute_dtype)
        real, imaginary = ops.stft(x, self.sequence_length, self.sequence_stride, self.fft_length, window=self.window)
        energy = ops.add(ops.square(real), ops.square(imaginary))
        power = energy if self.mag_exp == 2 else ops.power(energy, self.mag_exp / 2)
        mel = ops.matmul(power, ops.convert_to_tensor(self._bands, self.compute_dtype))
        return ops.swapaxes(self._decibels(mel) if self.power_to_db else mel, -1, -2)

    def _decibels(self, power):
        out = ops.multiply(ops.log10(ops.maximum(power, self.min_power)), 10.0)
        out = ops.subtract(out, 10.0 * math.log10(max(self.min_power, self.ref_power)))
        return ops.maximum(out, ops.subtract(ops.max(out), self.top_db))


def mel_bands(count: int, bins: int, sampling_rate, low: float, high: float) -> np.ndarray:
    """Weights (bins, count) from the frequencies of a transform to bands; the constant part belongs to none."""
    claim((count, bins), "the bands of a MelSpectrogram", 8)

    def mel(f):
        return 1127.0 * np.log1p(np.asarray(f, "float64") / 700.0)

    pitches = mel(np.linspace(0.0, sampling_rate / 2, bins))[1:, None]
    edges = np.linspace(mel(low), mel(high), count + 2)
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (pitches - left) / (middle - left), (right - pitches) / (right - middle)
    return np.pad(np.maximum(0.0, np.minimum(rising, falling)), ((1, 0), (0, 0))).astype("float32")


_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Layer):
    """A short-time Fourier transform whose waves are weights, so that they can be trained, or frozen.

    Args:
        mode: "log" (the default), the logarithm of "magnitude", `sqrt(re^2 + im^2)`; "psd", the energy
            density of one side, `re^2 + im^2`, twice for frequencies that have a negative twin; "real",
            "imag", or "stft" for both, one after the other; "angle", the phase in radians.
        frame_length: integer: samples in a frame; 256 by default.
        frame_step: integer: samples from one frame to the next; half a frame if None.
        fft_length: integer: samples in each transform, best a power of two; if None, the least one from
            `frame_length` on.
        window: the name of a window of SciPy, a vector of `frame_length` numbers, or None; "hann" by default.
        periodic: whether the window is periodic rather than symmetric; False by default.
        scaling: "density" (the default), "spectrum" or None: what the window is divided by.
        padding: "valid" (the default) or "same".
        expand_dims: whether channels stay an axis of their own; False by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, samples, channels)`, or `(batch, channels, samples)` with "channels_first"; float.
    Output shape:
        With `b = fft_length // 2 + 1` bins (twice that for "stft"): `(batch, frames, channels * b)`, or
        `(batch, channels * b, frames)`; with `expand_dims` `(batch, frames, b, channels)`, or
        `(batch, channels, frames, b)`.

    Raises:
        ValueError: if an argument has an unknown value, `frame_step` is not from 1 to `frame_length`, or
            `fft_length` is below `frame_length`.

    >>> from kerata import layers, ops
    >>> layers.STFTSpectrogram(frame_length=16)(ops.ones((2, 64, 1))).shape  # (2, 7, 9)
    """

    def __init__(self, mode="log", frame_length=256, frame_step=None, fft_length=None, window="hann", periodic=False,
                 scaling="density", padding="valid", expand_dims=False, data_format=None, **kwargs):  # fmt: skip
        for name, value, known in (("mode", mode, _MODES), ("padding", padding, ("valid", "same"))):
            if value not in known:
                raise ValueError(unknown_name(f"`{name}` of STFTSpectrogram", value, known))
        if scaling not in ("density", "spectrum", None):
            raise ValueError(f"`scaling` of STFTSpectrogram is 'density', 'spectrum' or None; got {scaling!r}.")
        if data_format not in ("channels_last", "channels_first", None):
            raise ValueError(f"`data_format` is 'channels_last' or 'channels_first'; got {data_format!r}.")
        frame_length = positive_integer(frame_length, "frame_length", "STFTSpectrogram")
        _check_sizes(frame_length, frame_step, fft_length)
        self._bins = (fft_length or 1 << (frame_length - 1).bit_length()) // 2 + 1
        claim((frame_length, self._bins), "the waves of an STFTSpectrogram")
        if isinstance(window, str):
            initializers.STFT(window=window)._window(frame_length)  # says what is wrong with the name
        super().__init__(**kwargs)
        self.mode, self.frame_length, self.frame_step, self.fft_length = mode, frame_length, frame_step, fft_length
        self.window, self.periodic, self.scaling, self.padding = window, periodic, scaling, padding
        self.expand_dims, self.data_format = expand_dims, data_format or image_data_format()
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape):
        # Two kernels: (frame_length, 1, bins)
        shape = (self.frame_length, 1, self._bins)
        for side in ("real", "imag"):
            if self.mode in ("real", "imag") and self.mode != side:
                continue
            waves = initializers.STFT(side, window=self.window, scaling=self.scaling, periodic=self.periodic)
            setattr(self, f"{side}_kernel", self.add_weight(name=f"{side}_kernel", shape=shape, initializer=waves))

    def call(self, inputs):
        x = ops.cast(inputs, self.compute_dtype)
        x = x if self.data_format == "channels_first" else ops.swapaxes(x, 1, 2)
        _, channels, samples = ops.shape(x)
        x = ops.reshape(x, (-1, samples, 1))  # each channel by itself
        out = self._spectrum(x)  # (batch * channels, frames, bins)
        out = ops.reshape(out, (-1, channels, *ops.shape(out)[1:]))
        if self.expand_dims:
            return out if self.data_format == "channels_first" else ops.transpose(out, (0, 2, 3, 1))
        first = self.data_format == "channels_first"
        out = ops.transpose(out, (0, 1, 3, 2) if first else (0, 2, 1, 3))
        a, b, c = ops.shape(out)[1:]
        return ops.reshape(out, (-1, a * b, c) if first else (-1, a, b * c))

    def _spectrum(self, x):
        mode = self.mode
        if mode in ("real", "imag"):
            return self._waves(x, self.real_kernel if mode == "real" else self.imag_kernel)
        real, imaginary = self._waves(x, self.real_kernel), self._waves(x, self.imag_kernel)
        if mode == "stft":
            return ops.concatenate([real, imaginary], axis=-1)
        if mode == "angle":
            return ops.arctan2(imaginary, real)
        energy = ops.add(ops.square(real), ops.square(imaginary))
        if mode == "psd":
            return ops.concatenate([energy[..., :1], ops.multiply(energy[..., 1:-1], 2.0), energy[..., -1:]], axis=-1)
        magnitude = ops.sqrt(ops.maximum(energy, 1e-7))
        return magnitude if mode == "magnitude" else ops.log(magnitude)

    def _waves(self, x, kernel):
        step = self.frame_step or self.frame_length // 2 or 1
        return ops.conv(x, kernel, strides=step, padding=self.padding, data_format="channels_last")


def _check_sizes(frame_length: int, frame_step, fft_length) -> None:
    if frame_step is not None and not 1 <= frame_step <= frame_length:
        raise ValueError(f"`frame_step` of STFTSpectrogram is from 1 to `frame_length` ({frame_length}); got {frame_step}.")
    if fft_length is None:
        return
    if fft_length < frame_length:
        raise ValueError(f"`fft_length` of STFTSpectrogram is at least `frame_length` ({frame_length}); got {fft_length}.")
    if fft_length & (fft_length - 1):
        warnings.warn(f"`fft_length` of STFTSpectrogram is best a power of two; got {fft_length}.", stacklevel=3)
