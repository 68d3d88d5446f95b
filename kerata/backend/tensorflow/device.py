"""TensorFlow sees no accelerators but the one that `KERATA_DEVICE` wants."""

from __future__ import annotations

import tensorflow as tf

from kerata.backend import devices


def use(kind: str, number: int | None) -> None:
    """Only that device is used from now on."""
    gpus = tf.config.list_physical_devices("GPU")
    if kind == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return
    if kind != "gpu" or len(gpus) <= (number or 0):
        raise devices.missing(kind, number, tf.config.list_physical_devices())
    tf.config.set_visible_devices([gpus[number or 0]], "GPU")
