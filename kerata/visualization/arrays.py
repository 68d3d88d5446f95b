"""Batches of images as arrays of bytes."""

from __future__ import annotations

import numpy as np

from kerata import backend
from kerata.core import config


def to_numpy(x) -> np.ndarray:
    """An array or tensor of any backend as a NumPy array."""
    owner = backend.owner(type(x))
    return np.asarray(x if owner is None else owner.to_numpy(x))


def image_batch(images, data_format, what: str) -> np.ndarray:
    """A batch of images with the channels last.

    Raises:
        ValueError: if it is no batch of images.
    """
    data_format = config.standardize_data_format(data_format)
    images = to_numpy(images)
    if images.ndim != 4:
        hint = " For one image, add a batch axis: `images[None]`." if images.ndim == 3 else ""
        raise ValueError(
            f"{what} wants a batch of images of rank 4, (batch, height, width, channels); got shape {images.shape}.{hint}"
        )
    images = images.transpose(0, 2, 3, 1) if data_format == "channels_first" else images
    if images.shape[-1] not in (1, 3, 4):
        raise ValueError(
            f"{what} wants images with 1, 3 or 4 channels; got shape {images.shape} (channels last). Is `data_format` right?"
        )
    return images


def as_bytes(images: np.ndarray, value_range=(0, 255)) -> np.ndarray:
    """Values of this range as unsigned bytes, 0..255."""
    low, high = value_range
    if (low, high) != (0, 255):
        images = (images.astype("float32") - low) / (high - low) * 255.0
    return np.clip(images, 0, 255).astype("uint8")
