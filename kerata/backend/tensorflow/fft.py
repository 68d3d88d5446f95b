"""Fourier transforms of TensorFlow, by NumPy's names."""

from __future__ import annotations

import tensorflow as tf

fft, ifft, fft2, ifft2 = tf.signal.fft, tf.signal.ifft, tf.signal.fft2d, tf.signal.ifft2d


def rfft(x, n=None):
    return tf.signal.rfft(x, None if n is None else [n])


def irfft(x, n=None):
    return tf.signal.irfft(x, None if n is None else [n])
