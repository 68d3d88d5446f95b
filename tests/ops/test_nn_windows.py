"""Convolutions and pools against Keras: values and gradients."""

import numpy as np
import pytest
from comparison import compare
from op_gradients import compare_gradients

import kerata
from kerata import ops

_rng = np.random.default_rng(0)
SPATIAL = {1: (9,), 2: (7, 8), 3: (5, 4, 6)}


def f(*shape):
    return _rng.standard_normal(shape).astype("float32")


def images(rank, channels, data_format="channels_last"):
    x = f(2, *SPATIAL[rank], channels)
    return x if data_format == "channels_last" else np.moveaxis(x, -1, 1).copy()


def case(rank, window, strides=1, padding="valid", dilation=1, data_format="channels_last", **more):
    return rank, window, {
        "strides": strides, "padding": padding, "dilation_rate": dilation, "data_format": data_format, **more
    }  # fmt: skip


CONV = [
    case(1, 3),
    case(1, 2, 2, "same"),
    case(1, 3, 1, "same", 2),
    case(1, 3, 1, data_format="channels_first"),
    case(2, 1),
    case(2, 1, 2, "same"),
    case(2, 3),
    case(2, 2, 1, "same"),
    case(2, 3, 2, "same"),
    case(2, 3, (1, 2), "valid"),
    case(2, 3, 1, "same", 2),
    case(2, 2, 1, "valid", (1, 3)),
    case(2, 3, 2, "same", data_format="channels_first"),
    case(3, 2, 2, "same"),
    case(3, 2, 1, "valid", data_format="channels_first"),
]
IDS = [f"{r}d-{w}-{'-'.join(map(str, k.values()))}" for r, w, k in CONV]


def _run(name, args, kwargs, key):
    compare(name, args, kwargs, key, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("i", range(len(CONV)), ids=IDS)
def test_conv(backend, i):
    rank, window, kwargs = CONV[i]
    x, k = _inputs(i, (window,) * rank + (4, 6))
    _run("conv", (x, k), kwargs, ("conv", i))


_cache: dict = {}


def _inputs(key, kernel_shape, channels=4):
    key = (key, kernel_shape)
    if key not in _cache:
        rank = len(kernel_shape) - 2
        data_format = CONV[key[0]][2]["data_format"]
        _cache[key] = images(rank, channels, data_format), f(*kernel_shape)
    return _cache[key]


@pytest.mark.parametrize("i", range(len(CONV)), ids=IDS)
def test_conv_gradients(train_backend, i):
    rank, window, kwargs = CONV[i]
    args = _inputs(i, (window,) * rank + (4, 6))
    compare_gradients(lambda o, x, k: o.conv(x, k, **kwargs), args, ("conv", i), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("i", [0, 3, 7, 8, 10, 12, 13])
def test_grouped_conv(backend, i):
    rank, window, kwargs = CONV[i]
    args = _inputs(i, (window,) * rank + (2, 6))
    _run("conv", args, kwargs, ("groups", i))
    if backend != "numpy":
        compare_gradients(lambda o, x, k: o.conv(x, k, **kwargs), args, ("groups", i), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("i", [0, 1, 3, 7, 8, 9, 10, 12])
def test_depthwise_conv(backend, i):
    rank, window, kwargs = CONV[i]
    args = _inputs(i, (window,) * rank + (4, 2))
    _run("depthwise_conv", args, kwargs, ("depthwise", i))
    if backend != "numpy":
        compare_gradients(lambda o, x, k: o.depthwise_conv(x, k, **kwargs), args, ("depthwise", i), 1e-3, 1e-3)


TRANSPOSE = [0, 1, 2, 3, 6, 8, 9, 10, 12, 13]


@pytest.mark.parametrize("i", TRANSPOSE)
@pytest.mark.parametrize("output_padding", [None, 0, 1])
def test_conv_transpose(backend, i, output_padding):
    rank, window, kwargs = CONV[i]
    strides = kwargs["strides"]
    if output_padding and (not isinstance(strides, int) or output_padding >= strides):
        pytest.skip("output_padding must be less than the strides")
    args = _inputs(i, (window,) * rank + (5, 4))
    kwargs = {**kwargs, "output_padding": output_padding}
    _run("conv_transpose", args, kwargs, ("transpose", i, output_padding))
    if backend != "numpy" and output_padding is None:
        compare_gradients(lambda o, x, k: o.conv_transpose(x, k, **kwargs), args, ("transpose", i), 1e-3, 1e-3)


def test_conv_transpose_is_the_gradient_of_conv(train_backend):
    import kerata

    x, k, y = f(1, 9, 9, 3), f(3, 3, 3, 5), f(1, 4, 4, 5)
    grad = kerata.grad(lambda x: ops.sum(ops.multiply(ops.conv(x, k, 2), y)))(x)
    np.testing.assert_allclose(
        ops.convert_to_numpy(grad), ops.convert_to_numpy(ops.conv_transpose(y, k, 2)), rtol=1e-4, atol=1e-4
    )


def test_separable_conv(backend):
    args = _fixed("sep", lambda: (f(2, 8, 8, 3), f(3, 3, 3, 2), f(1, 1, 6, 5)))
    _run("separable_conv", args, {"strides": 2, "padding": "same"}, "separable")


def _fixed(key, make):
    if key not in _cache:
        _cache[key] = make()
    return _cache[key]


POOLS = [
    (1, 2, 2, "valid", "channels_last"),
    (1, 3, 2, "same", "channels_first"),
    (2, 2, 2, "valid", "channels_last"),
    (2, 3, 2, "same", "channels_last"),
    (2, (2, 3), (1, 2), "same", "channels_last"),
    (2, 2, 1, "valid", "channels_first"),
    (3, 2, 2, "same", "channels_last"),
    (3, 2, 2, "valid", "channels_first"),
]


@pytest.mark.parametrize("name", ["max_pool", "average_pool"])
@pytest.mark.parametrize(("rank", "window", "strides", "padding", "data_format"), POOLS)
def test_pools(backend, name, rank, window, strides, padding, data_format):
    x = _fixed(("pool", rank, data_format), lambda: images(rank, 3, data_format))
    key = (name, rank, str(window), str(strides), padding, data_format)
    args = (window, strides, padding, data_format)
    compare(name, (x, *args), {}, key)
    if backend != "numpy":
        compare_gradients(lambda o, x: getattr(o, name)(x, *args), [x], key)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_strides_of_a_pool_are_the_window_by_default(backend, rank):
    """Keras on JAX fails without strides."""
    x = _fixed(("pool", rank, "channels_last"), lambda: images(rank, 3))
    for pool in (ops.max_pool, ops.average_pool):
        a, b = (ops.convert_to_numpy(pool(x, 2, s)) for s in (None, 2))
        np.testing.assert_array_equal(a, b)


def test_max_pool_of_truths(backend):
    x = np.zeros((1, 4, 4, 1), bool)
    x[0, 1, 1, 0] = True
    out = ops.max_pool(x, 2)
    assert str(ops.convert_to_numpy(out).dtype) == "bool"
    np.testing.assert_array_equal(ops.convert_to_numpy(out)[0, ..., 0], [[True, False], [False, False]])


def test_max_pool_of_a_window_larger_than_the_sliced_kind(backend):
    x = _fixed("big", lambda: f(1, 20, 20, 2))
    compare("max_pool", (x, 9, 2), {}, "max-big")
    compare("average_pool", (x, 9, 2, "same"), {}, "average-big")
    if backend != "numpy":
        compare_gradients(lambda o, x: o.max_pool(x, 9, 2), [x], "max-big")
        compare_gradients(lambda o, x: o.average_pool(x, 9, 2), [x], "average-big")


def test_equal_values_give_the_gradient_to_the_first(train_backend):
    import kerata

    grad = kerata.grad(lambda x: ops.sum(ops.max_pool(x, 2)))(np.zeros((1, 4, 4, 1), "float32"))
    want = np.zeros((4, 4))
    want[::2, ::2] = 1
    np.testing.assert_array_equal(ops.convert_to_numpy(grad)[0, ..., 0], want)


@pytest.mark.parametrize("name", ["adaptive_average_pool", "adaptive_max_pool"])
@pytest.mark.parametrize(("rank", "size"), [(1, 3), (1, 4), (2, (2, 3)), (2, 4), (3, 2)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_adaptive_pools(backend, name, rank, size, data_format):
    x = _fixed(("pool", rank, data_format), lambda: images(rank, 3, data_format))
    compare(name, (x, size), {"data_format": data_format}, (name, rank, str(size), data_format))


@pytest.mark.parametrize("dtype", ["int32", "uint8"])
def test_largest_integers_are_integers(backend, dtype):
    x = np.arange(14).reshape(1, 7, 2).astype(dtype)
    found = ops.adaptive_max_pool(x, 3)
    assert kerata.backend.standardize_dtype(found.dtype) == dtype
    assert kerata.ops.adaptive_max_pool(kerata.KerasTensor(x.shape, dtype), 3).dtype == dtype
    np.testing.assert_array_equal(ops.convert_to_numpy(found)[0, :, 0], [4, 8, 12])
    assert kerata.backend.standardize_dtype(ops.adaptive_average_pool(x, 3).dtype) == "float32"


def test_unfold_and_fold(backend):
    x = _fixed("unfold", lambda: f(2, 3, 6, 7))
    compare("unfold", (x, 2), {}, "unfold-1")
    compare("unfold", (x, (2, 3)), {"dilation": 2, "padding": 1, "stride": 2}, "unfold-2")
    columns = _fixed("fold", lambda: f(2, 12, 30))
    compare("fold", (columns, (6, 7), 2), {}, "fold-1")
    ones = ops.unfold(x, 2, stride=2)  # windows that do not overlap: fold puts back what they covered
    back = ops.convert_to_numpy(ops.fold(ones, (6, 7), 2, stride=2))
    np.testing.assert_allclose(back[..., :6], x[..., :6], rtol=1e-6)
    assert (back[..., 6] == 0).all()


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_depth_and_space(backend, data_format):
    x = _fixed("depth", lambda: f(2, 8, 4, 8))
    compare("depth_to_space", (x, 2, data_format), {}, ("d2s", data_format))
    compare("space_to_depth", (x, 2, data_format), {}, ("s2d", data_format))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.conv(f(1, 4, 4, 3), f(3, 3, 2, 4)), "3 channels"),
        (lambda: ops.conv(f(1, 4, 4, 3), f(3, 3, 4)), "kernel with 4 axes"),
        (lambda: ops.conv(f(1, 4, 4, 3), f(5, 5, 3, 4)), "does not fit"),
        (lambda: ops.conv(f(1, 4, 4, 3), f(3, 3, 3, 4), padding="full"), "'full'"),
        (lambda: ops.conv(f(1, 4, 4, 3), f(3, 3, 3, 4), strides=(1, 2, 3)), "strides"),
        (lambda: ops.conv(f(4, 3), f(3, 3, 3, 4)), "batch axis"),
        (lambda: ops.depthwise_conv(f(1, 4, 4, 3), f(3, 3, 4, 1)), "wants 4"),
        (lambda: ops.conv_transpose(f(1, 4, 4, 3), f(3, 3, 3, 4)), "wants 4"),
        (lambda: ops.max_pool(f(1, 4, 4, 3), 5), "does not fit"),
        (lambda: ops.average_pool(f(1, 4, 4, 3), 0), "pool_size"),
    ],
)
def test_errors_say_what_is_wrong(backend, call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_symbolic_shapes(backend):
    from kerata.core.keras_tensor import KerasTensor

    x = KerasTensor((None, 32, 32, 3))
    y = ops.conv(x, KerasTensor((3, 3, 3, 8)), 2, "same")
    assert tuple(y.shape) == (None, 16, 16, 8)
    assert tuple(ops.max_pool(y, 2).shape) == (None, 8, 8, 8)
    assert tuple(ops.conv_transpose(y, KerasTensor((3, 3, 4, 8)), 2, "same").shape) == (None, 32, 32, 4)
    free = KerasTensor((None, None, None, 3))
    assert tuple(ops.conv(free, KerasTensor((3, 3, 3, 8)), padding="same").shape) == (None, None, None, 8)
