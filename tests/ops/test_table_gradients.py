"""Gradients of every op of the table that gives floats for floats, by all its float arguments, as in the real Keras."""

import cases
import numpy as np
import pytest
from comparison import _find
from remember import remember

import kerata
from kerata import ops

# Not of one value: decompositions whose factors are free in sign, searches; and what takes host arrays alone.
WITHOUT = {"convert_to_tensor", "array", "copy", "view", "nextafter", "linalg.svd", "unique", "nonzero", "histogram", "searchsorted",
           "digitize", "bincount", "in_top_k", "isin", "heaviside", "linalg.matrix_rank", "linalg.lu_factor", "where",
           "segment_prod"}  # fmt: skip
# (the last: products into places that may be the same have no gradient on JAX, where Keras is asked)
# At these points a function has no slope, and every backend takes the one of its own kernel (docs/differences.md).
KINKS = {"relu", "maximum", "minimum", "fmax", "fmin"}
LOOSE = {"linalg.norm": 1e-3, "linalg.pinv": 1e-2, "linalg.lstsq": 1e-2, "linalg.inv": 1e-3, "linalg.solve": 1e-3, "linalg.det": 1e-3,
         "stft": 1e-3, "corrcoef": 1e-3, "linalg.cholesky_inverse": 1e-3, "linalg.solve_triangular": 1e-3, "sinc": 1e-3}  # fmt: skip


def differentiable(x):
    return isinstance(x, np.ndarray) and x.dtype == np.float32 and np.isfinite(x).all()


def parts(args):
    """The arrays by which to differentiate, and a function that puts others in their places."""
    found = []

    def mark(x):
        if differentiable(x):
            found.append(x)
            return Place(len(found) - 1)
        return type(x)(mark(e) for e in x) if isinstance(x, list | tuple) else x

    marked = mark(tuple(args))

    def filled(x, values):
        if isinstance(x, Place):
            return values[x.index]
        return type(x)(filled(e, values) for e in x) if isinstance(x, list | tuple) else x

    return found, lambda values: filled(marked, values)


class Place:
    def __init__(self, index):
        self.index = index


def weighted(framework, case, args):
    """A number made of all float outputs; None if there are none."""
    result = _find(framework.ops, case.name)(*args, **case.kwargs)
    total = None
    for i, out in enumerate(result if isinstance(result, list | tuple) else [result]):
        if not framework.backend.is_float_dtype(framework.backend.standardize_dtype(out.dtype)):
            continue
        factors = np.random.default_rng([3, i]).normal(size=tuple(out.shape)).astype("float32")
        one = framework.ops.sum(framework.ops.multiply(out, factors))
        total = one if total is None else framework.ops.add(total, one)
    return total


def chosen():
    """The first case of each op."""
    by_name: dict = {}
    for i, case in enumerate(cases.CASES):
        if case.name not in WITHOUT and parts(case.args)[0]:
            by_name.setdefault(case.name, []).append(i)
    return {name: found[:1] for name, found in by_name.items()}


CHOSEN = chosen()
GROUPS = [sorted(CHOSEN)[i::12] for i in range(12)]


@remember
def _of_keras(index: int, name: str):
    import jax
    import keras

    case = cases.CASES[index]
    arrays, fill = parts(case.args)
    probe = weighted(keras, case, fill(arrays))
    if probe is None:
        return None
    return [np.asarray(g) for g in jax.grad(lambda values: weighted(keras, case, fill(values)))([jax.numpy.asarray(a) for a in arrays])]


def _mismatch(index: int):
    case = cases.CASES[index]
    wanted = _of_keras(index, repr(case))
    if wanted is None:
        return None
    arrays, fill = parts(case.args)
    tolerance = LOOSE.get(case.name, 1e-4)
    try:
        found = kerata.grad(lambda values: weighted(kerata, case, fill(values)))([ops.convert_to_tensor(a) for a in arrays])
        for f, w in zip(found, wanted, strict=True):
            f = np.zeros_like(w) if f is None else ops.convert_to_numpy(f)
            np.testing.assert_allclose(f, w, rtol=tolerance, atol=tolerance)
    except Exception as error:
        return f"{case!r}: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return None


@pytest.mark.parametrize("group", range(len(GROUPS)))
def test_as_keras(train_backend, group):
    wrong = [m for name in GROUPS[group] for i in CHOSEN[name] if (m := _mismatch(i))]
    assert not wrong, "\n".join(wrong)
