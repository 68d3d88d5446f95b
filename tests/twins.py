"""One program, run with the real Keras and with Kerata: what both give must be equal.

A program is a function of the framework (the module `keras` or `kerata`, whose public names are the same). It returns
numbers, arrays, strings and nests of them.
"""

from __future__ import annotations

import difflib
import functools
import warnings
import zlib

import numpy as np
from remember import remembered


def start(model, seed: int = 0):
    """Give the model weights that depend on their order, names and shapes only. Gives the model."""
    values = []
    for i, w in enumerate(model.weights):
        rng = np.random.default_rng([zlib.crc32(w.name.encode()), i, seed])
        shape = tuple(w.shape)
        if "variance" in w.name:
            values.append(rng.uniform(0.5, 2.0, shape).astype("float32"))
        else:
            values.append((rng.normal(size=shape) / np.sqrt(max(shape[0] if shape else 1, 1))).astype("float32"))
    model.set_weights(values)
    return model


def normal(*shape, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")


def labels(n: int, classes: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, n, classes]).integers(0, classes, n)


@functools.lru_cache(None)
def of_keras(program):
    """What Keras gives; asked once."""
    function, given = (program.func, program.args) if isinstance(program, functools.partial) else (program, ())
    if "<" in function.__qualname__:  # its name does not say which one it is
        return _ask_keras(program)
    key = (function.__module__, function.__qualname__, *given)
    return remembered(key, lambda: _ask_keras(program), function.__code__.co_filename, __file__)


def _ask_keras(program):
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return plain(program(keras))


def plain(x):
    """Nests of NumPy arrays, numbers and strings."""
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, list | tuple):
        return [plain(v) for v in x]
    if x is None or isinstance(x, str | bool | int | float):
        return x
    if hasattr(x, "numpy"):
        x = x.detach().cpu().numpy() if hasattr(x, "detach") else x.numpy()
    return np.asarray(x)


def check_twins(program, rtol: float = 1e-4, atol: float = 1e-5) -> None:
    """Run the program with Keras (on JAX) and with Kerata (on the backend in force), and compare."""
    import kerata

    wanted = of_keras(program)
    kerata.utils.clear_session()
    kerata.utils.set_random_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = plain(program(kerata))
    compare(found, wanted, rtol, atol)


def compare(found, wanted, rtol: float = 1e-4, atol: float = 1e-5, where: str = "result") -> None:
    """An error that names the first place where the two differ."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict), f"{where}: {type(found).__name__}, Keras's is a dict"
        # As sets: what passes through JAX's compiled functions in Keras comes sorted.
        assert sorted(found) == sorted(wanted), f"{where}: keys {list(found)}, Keras's {list(wanted)}"
        for key in wanted:
            compare(found[key], wanted[key], rtol, atol, f"{where}[{key!r}]")
    elif isinstance(wanted, list):
        assert isinstance(found, list), f"{where}: {type(found).__name__}, Keras's is a list"
        assert len(found) == len(wanted), f"{where}: length {len(found)}, Keras's {len(wanted)}"
        for i, (f, w) in enumerate(zip(found, wanted)):
            compare(f, w, rtol, atol, f"{where}[{i}]")
    elif isinstance(wanted, str) and "\n" in wanted:
        lines = list(difflib.unified_diff(wanted.splitlines(), found.splitlines(), "Keras's", "found", n=1, lineterm=""))
        assert not lines, f"{where}:\n" + "\n".join(lines[:30])
    elif wanted is None or isinstance(wanted, str | bool):
        assert found == wanted, f"{where}: {found!r}, Keras's {wanted!r}"
    else:
        assert np.shape(found) == np.shape(wanted), f"{where}: shape {np.shape(found)}, Keras's {np.shape(wanted)}"
        np.testing.assert_allclose(found, wanted, rtol=rtol, atol=atol, err_msg=where)
