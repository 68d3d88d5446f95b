"""Data for the examples: the real sets, or the digits that come with Kerata for a quick run."""

import sys

import numpy as np

SMOKE = "--smoke" in sys.argv


def images(name="mnist"):
    """`(x_train, y_train), (x_test, y_test)` with pixels from 0 to 1 and a channel axis."""
    import kerata

    if SMOKE:  # digits of 8x8 pixels, enlarged to the size of the real images
        size, channels = (32, 3) if name.startswith("cifar") else (28, 1)
        (x_train, y_train), (x_test, y_test) = kerata.datasets.digits.load_data()
        return tuple((_enlarge(x[:256], size, channels), y[:256]) for x, y in ((x_train, y_train), (x_test, y_test)))
    module = getattr(kerata.datasets, name)
    (x_train, y_train), (x_test, y_test) = module.load_data()
    scaled = [x.astype("float32") / 255.0 for x in (x_train, x_test)]
    scaled = [x[..., None] if x.ndim == 3 else x for x in scaled]
    return (scaled[0], y_train), (scaled[1], y_test)


def _enlarge(x, size, channels):
    x = np.asarray(x, "float32").reshape(-1, 8, 8) / 16.0
    index = np.arange(size) * 8 // size
    return np.repeat(x[:, index][:, :, index][..., None], channels, axis=-1)


def epochs(n):
    return 1 if SMOKE else n
