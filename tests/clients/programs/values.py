"""For the programs of clients: weights that are the same in every run, and results that a run with Keras keeps for others."""

import os
import pathlib

import numpy as np

_FOLDER = os.environ.get("CLIENT_VALUES")  # the first run there (Keras's) writes, later ones compare


def fill(model, seed: int = 0) -> None:
    """Give every weight of numbers values that depend on its place and shape alone."""
    generator = np.random.default_rng(seed)
    values = []
    for w in model.weights:
        value = generator.normal(0, 0.1, tuple(w.shape))
        path = getattr(w, "path", w.name)
        values.append(np.abs(value) + 0.5 if path.endswith(("variance", "gamma", "scale")) else value)
    model.set_weights([v.astype("float32") for v in values])


def same(name: str, got, rtol: float = 1e-3, atol: float = 1e-4) -> None:
    """The array is finite, and what the run with Keras had under this name."""
    got = np.asarray(got)
    assert got.dtype.kind in "iub" or np.all(np.isfinite(got)), name
    if not _FOLDER:
        return
    path = pathlib.Path(_FOLDER) / f"{name}.npy"
    if path.exists():
        want = np.load(path)
        assert got.shape == want.shape, (name, got.shape, want.shape)
        np.testing.assert_allclose(got, want, rtol, atol, err_msg=name)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, got)
