"""Arguments at the edge of what ops take: axes and shares out of range, -1 for sizes, numbers that a dtype cannot hold."""

import numpy as np
import pytest

from kerata import ops

X = np.arange(12, dtype="float32").reshape(3, 4)
SMALL = np.array([200, 3, 50], "uint8")


def _same(value, expected):
    value = ops.convert_to_numpy(value)
    assert value.shape == np.shape(expected)
    np.testing.assert_allclose(value, expected, rtol=1e-5)


@pytest.mark.parametrize("number", [-56, -1, 200, 300])
@pytest.mark.parametrize("name", ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"])
def test_an_integer_that_a_small_dtype_cannot_hold_is_compared_as_a_number(backend, name, number):
    wide = SMALL.astype("int32")
    _same(getattr(ops, name)(SMALL, number), getattr(np, name)(wide, number))
    _same(getattr(ops, name)(number, ops.convert_to_tensor(SMALL)), getattr(np, name)(number, wide))


@pytest.mark.parametrize("name", ["take", "take_along_axis"])
@pytest.mark.parametrize("axis", [2, -3])
def test_an_axis_that_is_not_there_is_an_error(backend, name, axis):
    with pytest.raises(IndexError, match="axes go from -2 to 1"):
        getattr(ops, name)(X, np.zeros((3, 4), "int32"), axis=axis)


@pytest.mark.parametrize("name, whole", [("quantile", 1), ("nanquantile", 1), ("percentile", 100), ("nanpercentile", 100)])
def test_shares_of_any_rank_within_their_range(backend, name, whole):
    q = np.array([[0.1, 0.5], [0.0, 1.0]]) * whole
    for axis in (0, None, np.int64(1)):
        _same(getattr(ops, name)(X, q.tolist(), axis=axis), getattr(np, name)(X, q, axis=axis))
    for wrong in (-0.1, 1.1 * whole, [0.5, float("nan")]):
        with pytest.raises(ValueError, match=f"from 0 to {whole}"):
            getattr(ops, name)(X, wrong)


def test_median_over_an_axis_that_numpy_counted(backend):
    _same(ops.median(X, axis=np.int64(1)), np.median(X, axis=1))


@pytest.mark.parametrize(
    "start, shape, expected",
    [
        ((1, 1), (1, -1), X[1:2, 1:]),
        (np.array([1, 2]), (-1, -1), X[1:, 2:]),
        ((-1, 0), (1, 2), X[2:, :2]),
        ((-1, 0), (2, 2), X[1:, :2]),  # moved back inside
    ],
)
def test_slice_counts_from_the_end_and_takes_the_rest(backend, start, shape, expected):
    _same(ops.slice(X, start, shape), expected)


def test_shapes_that_are_one_integer(backend):
    _same(ops.broadcast_to(2.0, 4), np.full(4, 2.0))
    _same(ops.unravel_index([3, 7], 12)[0], [3, 7])


def test_transpose_with_axes_from_the_end(backend):
    _same(ops.transpose(X, (-1, 0)), X.T)


def test_a_boolean_as_the_base_of_a_power(backend):
    _same(ops.power(True, X), np.ones_like(X))
    _same(ops.power(X, True), X)


def test_lists_as_ends_with_a_dtype(backend):
    _same(ops.logspace([0, 1], [2, 3], 3, dtype="int32"), [[1, 10], [10, 100], [100, 1000]])
    _same(ops.linspace([0, 1], [2, 3], 3, dtype="int32"), [[0, 1], [1, 2], [2, 3]])


def test_more_differences_than_elements(backend):
    _same(ops.diff(X, n=5), np.diff(X, n=5))


def test_the_variance_beside_infinity_is_nan(backend):
    x = np.array([[1.0, np.inf, np.nan], [1.0, 3.0, np.nan]], "float32")
    _same(ops.nanvar(x, axis=1), [np.nan, 1.0])
    _same(ops.nanstd(x, axis=1), [np.nan, 1.0])
    _same(ops.nanvar(x[:, 2:], axis=1), [np.nan, np.nan])


def test_a_transform_of_no_elements_is_an_error(backend):
    with pytest.raises(ValueError, match="positive `fft_length`"):
        ops.rfft(X, fft_length=0)


def test_rms_scaling_is_over_the_deviation_as_in_the_layer(backend):
    gamma = np.array([1.0, 2.0, 3.0, 4.0], "float32")
    expected = X / np.sqrt(X.var(-1, keepdims=True) + 0.1) * gamma
    _same(ops.layer_normalization(X, gamma, gamma, epsilon=0.1, rms_scaling=True), expected)


@pytest.mark.parametrize("value", [0, 0.5, X])
def test_fori_loop_gives_tensors_where_a_backend_compiles(backend, value):
    out = ops.fori_loop(0, 3, lambda i, v: v + i, value)
    _same(out, value + 3)
    if backend in ("jax", "tensorflow"):
        assert ops.is_tensor(out)


@pytest.mark.parametrize("call", [
    lambda g: ops.layer_normalization(X, g), lambda g: ops.layer_normalization(X, None, g, axis=0),
    lambda g: ops.rms_normalization(X, g, axis=0),
], ids=["gamma", "beta", "scale"])  # fmt: skip
def test_weights_of_normalisations_have_the_size_of_their_axes(backend, call):
    with pytest.raises(ValueError, match=r"`(gamma|beta|scale)` has one number.*sizes \[\d\]; got the shape \(6,\)"):
        call(np.ones(6, "float32"))


@pytest.mark.parametrize("name, arguments", [
    ("expand_dims", {"axis": (5,)}), ("layer_normalization", {"axis": 5}), ("rms_normalization", {"axis": (0, 5)}),
    ("log_softmax", {"axis": (5,)}), ("median", {"axis": -3}), ("quantile", {"q": 0.5, "axis": (5,)}),
    ("moments", {"axes": (0, 5)}), ("prod", {"axis": (5,)}), ("rot90", {"axes": (0, 5)}), ("transpose", {"axes": (0, 5)}),
])  # fmt: skip
def test_axes_that_do_not_exist(backend, name, arguments):
    with pytest.raises(np.exceptions.AxisError, match=rf"{name}\(\) was given ax.*shape \(3, 4\): axes go from -"):
        getattr(ops, name)(X, **arguments)
