"""Properties of ops on many random arrays, against NumPy."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import kerata
from kerata import ops

SETTINGS = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FLOATS = st.floats(-50, 50, width=32, allow_subnormal=False)
SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4)


def arrays(shape=SHAPES, elements=FLOATS, dtype="float32"):
    return hnp.arrays(dtype, shape, elements=elements)


def check(got, wanted, tolerance=1e-4):
    got = np.asarray(ops.convert_to_numpy(got))
    assert got.shape == np.shape(wanted)
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)


@SETTINGS
@given(data=st.data())
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "minimum", "less", "equal", "logical_xor"])
def test_broadcasting(backend, name, data):
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4))
    x, y = (data.draw(arrays(s)) for s in shapes.input_shapes)
    check(getattr(ops, name)(x, y), getattr(np, name)(x, y))


@SETTINGS
@given(x=arrays(), data=st.data())
@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "var", "std", "median", "any", "all", "ptp"])
def test_reductions(backend, name, x, data):
    axes = data.draw(st.one_of(st.none(), st.integers(-x.ndim, x.ndim - 1), hnp.valid_tuple_axes(x.ndim, min_size=1)))
    keepdims = data.draw(st.booleans())
    wanted = getattr(np, name)(x.astype("float64"), axis=axes, keepdims=keepdims)
    check(getattr(ops, name)(x, axis=axes, keepdims=keepdims), wanted, 1e-3)


@SETTINGS
@given(x=arrays(), axis=st.integers(-3, 2))
def test_sorting(backend, x, axis):
    axis = axis % x.ndim
    check(ops.sort(x, axis), np.sort(x, axis))
    check(ops.argsort(x, axis), np.argsort(x, axis, kind="stable"))
    check(ops.take_along_axis(x, ops.argsort(x, axis), axis), np.sort(x, axis))
    check(ops.argmax(x, axis), np.argmax(x, axis))
    check(ops.cumsum(x, axis), np.cumsum(x.astype("float64"), axis), 1e-3)


@SETTINGS
@given(x=arrays(), data=st.data())
def test_shapes_there_and_back(backend, x, data):
    order = data.draw(st.permutations(range(x.ndim)))
    check(ops.transpose(x, order), np.transpose(x, order))
    check(ops.transpose(ops.transpose(x, order), np.argsort(order).tolist()), x)
    check(ops.reshape(ops.ravel(x), x.shape), x)
    check(ops.flip(ops.flip(x)), x)
    axis = data.draw(st.integers(0, x.ndim - 1))
    check(ops.concatenate(ops.array_split(x, 2, axis) if x.shape[axis] > 1 else [x], axis), x)
    check(ops.stack(ops.unstack(x, axis=axis), axis), x)
    check(ops.squeeze(ops.expand_dims(x, axis), axis), x)
    check(ops.roll(ops.roll(x, 3, axis), -3, axis), x)


@SETTINGS
@given(x=arrays(), data=st.data())
def test_indexing(backend, x, data):
    key = data.draw(hnp.basic_indices(x.shape, allow_newaxis=True))
    wanted = x[key]
    if wanted.size:
        check(ops.get_item(x, key), wanted)
    axis = data.draw(st.integers(0, x.ndim - 1))
    index = data.draw(hnp.arrays("int32", hnp.array_shapes(max_dims=2, max_side=3), elements=st.integers(-x.shape[axis], x.shape[axis] - 1)))
    check(ops.take(x, index, axis), np.take(x, index, axis))


@SETTINGS
@given(data=st.data())
def test_fancy_indexing(backend, data):
    x = data.draw(arrays((3, 4, 2)))
    rows = data.draw(hnp.arrays("int32", (3,), elements=st.integers(-3, 2)))
    columns = data.draw(hnp.arrays("int32", (3,), elements=st.integers(-4, 3)))
    for key in (rows, (rows, columns), (slice(None), columns), (rows, slice(1, 3)), (Ellipsis, columns % 2), (rows, 1),
                x[..., 0] > 0, (rows[:, None], columns[None, :2])):  # fmt: skip
        check(ops.get_item(x, key), x[key])


@SETTINGS
@given(data=st.data())
def test_matmul(backend, data):
    n, k, m = (data.draw(st.integers(1, 4)) for _ in range(3))
    batch = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3)).input_shapes
    a = data.draw(arrays((*batch[0], n, k)))
    b = data.draw(arrays((*batch[1], k, m)))
    check(ops.matmul(a, b), np.matmul(a.astype("float64"), b), 1e-3)
    check(ops.einsum("...ij,...jk->...ik", a, b), np.matmul(a.astype("float64"), b), 1e-3)


@SETTINGS
@given(data=st.data(), reduction=st.sampled_from([None, "add", "max", "min", "mul"]))
def test_scatter_update(backend, data, reduction):
    x = data.draw(arrays((4, 3)))
    n = data.draw(st.integers(1, 4))
    rows = data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n, unique=reduction is None))
    updates = data.draw(arrays((n, 3), elements=st.floats(-3, 3, width=32)))
    wanted = x.astype("float64")
    for row, update in zip(rows, updates):
        fn = {None: lambda a, b: b, "add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}[reduction]
        wanted[row] = fn(wanted[row], update)
    check(ops.scatter_update(x, np.array(rows)[:, None], updates, reduction), wanted, 1e-3)


@SETTINGS
@given(data=st.data())
def test_segments(backend, data):
    n = data.draw(st.integers(1, 6))
    x = data.draw(arrays((n, 2)))
    ids = data.draw(hnp.arrays("int32", (n,), elements=st.integers(0, 3)))
    wanted = np.zeros((4, 2))
    np.add.at(wanted, ids, x)
    check(ops.segment_sum(x, ids, num_segments=4), wanted, 1e-3)
    used = np.unique(ids)
    top = np.stack([x[ids == i].max(0) for i in used])
    check(ops.take(ops.segment_max(x, ids, num_segments=4), used, axis=0), top)


@SETTINGS
@given(x=arrays((3, 4)), low=FLOATS, high=FLOATS)
def test_clip_and_where(backend, x, low, high):
    low, high = sorted((low, high))
    check(ops.clip(x, low, high), np.clip(x, np.float32(low), np.float32(high)))
    check(ops.where(x > low, x, 0.0), np.where(x > np.float32(low), x, 0))


@SETTINGS
@given(x=arrays((4, 4), elements=st.floats(-1, 1, width=32)))
def test_linear_algebra(backend, x):
    m = x @ x.T + 4 * np.eye(4, dtype="float32")
    check(ops.matmul(ops.linalg.inv(m), m), np.eye(4), 1e-3)
    factor = ops.linalg.cholesky(m)
    check(ops.matmul(factor, ops.transpose(factor)), m, 1e-3)
    q, r = ops.linalg.qr(x)
    check(ops.matmul(q, r), x, 1e-3)
    u, s, v = ops.linalg.svd(x)
    check(ops.matmul(u * ops.expand_dims(s, 0), v), x, 1e-3)
    values, vectors = ops.linalg.eigh(m)
    check(ops.matmul(m, vectors), np.asarray(ops.convert_to_numpy(ops.multiply(vectors, values))), 1e-2)


@pytest.mark.parametrize("symmetric", [False, True])
def test_eigenvalues_of_any_matrix(backend, symmetric):
    m = np.random.default_rng(1).normal(size=(2, 4, 4)).astype("float32")
    m = m + m.swapaxes(1, 2) if symmetric else m
    values, vectors = (np.asarray(ops.convert_to_numpy(x)) for x in ops.linalg.eig(m))
    assert values.dtype == vectors.dtype == "complex64"
    check(m @ vectors, vectors * values[:, None, :])
    check(np.sort_complex(np.round(values, 3)), np.sort_complex(np.round(np.linalg.eigvals(m), 3)), 2e-3)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    symbolic = ops.linalg.eig(kerata.KerasTensor((2, 4, 4)))
    assert [(tuple(x.shape), x.dtype) for x in symbolic] == [((2, 4), "complex64"), ((2, 4, 4), "complex64")]


@SETTINGS
@given(x=arrays((20,), elements=st.floats(-5, 5, width=32)), data=st.data())
def test_fourier(backend, x, data):
    real, imag = ops.rfft(x)
    check(ops.irfft((real, imag), 20), x, 1e-3)
    n = data.draw(st.sampled_from([4, 5, 8]))
    parts = ops.stft(np.tile(x, 3), n, 2, 8, center=True)
    check(ops.istft(parts, n, 2, 8, length=60), np.tile(x, 3), 1e-2)


@SETTINGS
@given(q=st.floats(0, 1, width=32), x=arrays((5, 3)), method=st.sampled_from(["linear", "lower", "higher", "nearest", "midpoint"]))
def test_quantile(backend, q, x, method):
    position = q * 4
    if abs(position - round(position)) < 1e-3 or abs(position % 1 - 0.5) < 1e-3:
        return  # rounding decides
    check(ops.quantile(x, q, axis=0, method=method), np.quantile(x.astype("float64"), q, axis=0, method=method), 1e-3)
