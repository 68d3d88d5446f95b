"""Arrays without elements: shapes, dtypes and values as the real Keras gives them."""

import cases
import numpy as np
import pytest
from comparison import run
from remember import remember

from kerata import ops

E = np.zeros((0, 3), "float32")
R = np.zeros((2, 0, 3), "float32")
I = np.zeros((0,), "int32")  # noqa: E741
c = cases.Case
CASES = [
    *(c(n, E) for n in [*cases.UNARY_ANY, *cases.UNARY_POSITIVE, *cases.UNARY_INSIDE]),
    *(c(n, E, E) for n in [*cases.BINARY, *cases.BINARY_DIVISOR]), *(c(n, E, 2.0) for n in ("add", "multiply", "power", "less")),
    *(c(n, R, np.ones((1, 3), "float32")) for n in ("add", "maximum", "divide", "equal")), *(c(n, I, I) for n in cases.BINARY_INTEGER),
    *(c(n, E) for n in ("sum", "prod", "all", "any", "count_nonzero")), *(c(n, R, axis=1) for n in ("sum", "prod", "all", "any", "logsumexp")),
    *(c(n, R, axis=-1, keepdims=True) for n in ("sum", "mean", "max", "min", "var", "std", "prod", "logsumexp", "any")),
    *(c(n, R, axis=(0, 2)) for n in ("sum", "mean", "max", "min", "prod")), *(c(n, R, axis=2) for n in ("argmax", "argmin")),
    *(c(n, E, axis=1) for n in ("cumsum", "cumprod", "sort", "argsort", "flip", "softmax", "diff", "nansum", "median", "ptp")),
    c("reshape", E, (3, 0)), c("reshape", R, (0, 6)), c("ravel", R), c("transpose", R), c("expand_dims", E, 1), c("squeeze", E[:, :1], 1),
    c("concatenate", [E, np.ones((2, 3), "float32")]), c("concatenate", [E, E], axis=1), c("stack", [E, E]), c("append", E, E, axis=0),
    c("vstack", [E, E]), c("hstack", [E, E]), c("split", R, 3, axis=2), c("unstack", np.zeros((2, 0), "float32")), c("tile", E, (2, 2)),
    c("repeat", E, 2, axis=1), c("pad", E, ((1, 0), (0, 1))), c("broadcast_to", E, (4, 0, 3)), c("swapaxes", R, 0, 1), c("moveaxis", R, 0, -1),
    c("matmul", np.zeros((2, 0), "float32"), E), c("matmul", E, np.ones((3, 2), "float32")), c("matmul", R, np.ones((3, 4), "float32")),
    c("dot", E, np.ones((3,), "float32")), c("einsum", "ij,jk->ik", E, np.ones((3, 2), "float32")), c("tensordot", R, E.T, axes=[[1], [1]]),
    c("outer", I.astype("float32"), np.ones(2, "float32")), c("where", E > 0, E, 1.0), c("where", E > 0), c("nonzero", E), c("clip", E, 0.0, 1.0),
    c("take", np.ones((3, 2), "float32"), I, axis=0), c("take_along_axis", np.ones((3, 2), "float32"), np.zeros((0, 2), "int32"), axis=0),
    c("get_item", E, (slice(0, 0), 1)), c("cast", E, "int32"), c("isin", I, np.array([1], "int32")), c("bincount", I, minlength=3),
    c("zeros", (0, 2)), c("ones", (0,)), c("full", (2, 0), 3), c("eye", 0), c("arange", 0), c("arange", 3, 1), c("linspace", 0.0, 1.0, 0),
    c("zeros_like", R), c("full_like", R, 2), c("tril", R), c("diag", I), c("trace", np.zeros((0, 0), "float32")), c("convert_to_tensor", []),
    c("segment_sum", E, I, num_segments=2), c("scatter", np.zeros((0, 1), "int32"), E, (4, 3)), c("one_hot", I, 4), c("relu", E), c("gelu", E),
    c("scatter_update", np.ones((4, 3), "float32"), np.zeros((0, 1), "int32"), E), c("log_softmax", E), c("silu", E), c("searchsorted", np.ones(3, "float32"), I.astype("float32")),
]  # fmt: skip


@remember
def _of_keras(index: int, name: str):
    """None where Keras raises."""
    import keras

    case = CASES[index]
    try:
        return run(keras.ops, case.name, case.args, case.kwargs)
    except Exception:
        return None


def _mismatch(index: int):
    case = CASES[index]
    wanted = _of_keras(index, repr(case))
    if wanted is None:
        return None
    try:
        found = run(ops, case.name, case.args, case.kwargs)
        assert [(d, v.shape) for d, v in found] == [(d, v.shape) for d, v in wanted]
        for (_, f), (_, w) in zip(found, wanted):
            np.testing.assert_array_equal(f, w)
    except Exception as error:
        return f"{case!r}: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return None


@pytest.mark.parametrize("part", range(4))
def test_as_keras(backend, part):
    wrong = [m for i in range(part, len(CASES), 4) if (m := _mismatch(i))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("shape", "axis", "want"), [((0, 3), 0, (0, 6, 5, 3)), ((3, 0), -1, (3, 0, 6, 5)), ((3, 0), None, (0, 6, 5))])
def test_nothing_is_taken_from_nothing(backend, shape, axis, want):
    """JAX's own `take` gives the shape of what is taken from."""
    out = ops.take(np.zeros(shape, "int32"), np.zeros((0, 6, 5), "int32"), axis=axis)
    assert tuple(out.shape) == want
    assert str(ops.convert_to_numpy(out).dtype) == "int32"
