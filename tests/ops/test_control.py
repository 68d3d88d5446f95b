"""Control flow, conversion and gradients of ops."""

import numpy as np
import pytest

import kerata.backend
from kerata import ops
from kerata.core.keras_tensor import KerasTensor
from kerata.core.variable import Variable


def same(got, wanted, tolerance=1e-6):
    np.testing.assert_allclose(np.asarray(ops.convert_to_numpy(got)), wanted, rtol=tolerance, atol=tolerance)


def gradient(f, x):
    """The gradient of the scalar f(x)."""
    b = kerata.backend.current()
    return b.input_gradients(f, (ops.convert_to_tensor(x),), {}, False)[1]


def compiled(fn):
    return kerata.backend.current().compile_function(fn)


def test_cond(backend):
    x = ops.convert_to_tensor(3.0)
    same(ops.cond(x > 2, lambda: x * 2, lambda: x), 6.0)
    same(ops.cond(x > 5, lambda: x * 2, lambda: x), 3.0)
    same(ops.cond(True, lambda: x + 1, lambda: x), 4.0)
    out = ops.cond(KerasTensor((), "bool"), lambda: ops.ones((2, 3)), lambda: ops.zeros((2, 3)))
    assert out.shape == (2, 3)


def test_switch(backend):
    branches = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b]
    for index, wanted in ((0, 7.0), (1, 3.0), (2, 10.0), (-4, 7.0), (9, 10.0)):
        same(ops.switch(index, branches, ops.convert_to_tensor(5.0), ops.convert_to_tensor(2.0)), wanted)


def test_while_loop(backend):
    i, total = ops.while_loop(lambda i, t: i < 5, lambda i, t: (i + 1, t + 2.0), (0, ops.convert_to_tensor(1.0)))
    same(i, 5), same(total, 11.0)
    same(ops.while_loop(lambda i: i < 100, lambda i: i + 1, ops.convert_to_tensor(0), maximum_iterations=7), 7)
    rounds = lambda most: ops.while_loop(lambda i: i < 100, lambda i: i + 1, 0, maximum_iterations=most)
    same(rounds(ops.convert_to_tensor(7)), 7)  # a tensor, which may be traced
    if backend != "numpy":
        same(kerata.jit(rounds)(ops.convert_to_tensor(7)), 7)
    out = ops.while_loop(lambda x, y: ops.sum(x) < 10, lambda x, y: [x + y, y], [ops.ones((2,)), ops.ones((2,))])
    same(out[0], [5.0, 5.0])
    with pytest.raises(ValueError, match="body"):
        ops.while_loop(lambda a, b: a < 1, lambda a, b: (a + 1,), (0, 1))


def test_fori_loop(backend):
    same(ops.fori_loop(2, 5, lambda i, v: v + i, ops.convert_to_tensor(0)), 9)


def test_scan(backend):
    xs = np.arange(6, dtype="float32").reshape(3, 2)

    def step(carry, x):
        return carry + x, carry * x

    for reverse in (False, True):
        carry, ys = ops.scan(step, ops.zeros((2,)), xs, reverse=reverse)
        state, wanted = np.zeros(2), []
        for row in xs[::-1] if reverse else xs:
            wanted.append(state * row)
            state = state + row
        same(carry, state), same(ys, wanted[::-1] if reverse else wanted)
    carry, ys = ops.scan(lambda c, x: (c + 1, None), ops.convert_to_tensor(0), length=4)
    same(carry, 4)
    assert ys is None
    (a, _), ys = ops.scan(lambda c, x: ((c[0] + x["u"], c[1]), {"y": c[0]}), (0.0, 1.0), {"u": xs[:, 0]})
    same(a, 6.0), same(ys["y"], [0.0, 0.0, 2.0])
    with pytest.raises(ValueError, match="length"):
        ops.scan(step, ops.zeros((2,)))
    with pytest.raises(TypeError):
        ops.scan("f", 0, xs)


def test_scan_symbolic(backend):
    carry, ys = ops.scan(lambda c, x: (c + x, c * 2), KerasTensor((4,)), KerasTensor((5, 4)))
    assert (carry.shape, ys.shape) == ((4,), (5, 4))


def test_shapes_of_a_long_scan_take_few_steps(backend):
    """Building a recurrent layer over a thousand steps takes no thousand evaluations."""
    calls = []

    def step(carry, x):
        calls.append(1)
        return carry + x, {"twice": 2 * carry, "cast": ops.cast(x, "int32")}

    carry, ys = ops.scan(step, kerata.KerasTensor((2, 3)), kerata.KerasTensor((1000, 2, 3)), reverse=True)
    assert carry.shape == (2, 3) and ys["twice"].shape == ys["cast"].shape == (1000, 2, 3)
    assert (ys["twice"].dtype, ys["cast"].dtype) == ("float32", "int32")
    assert len(calls) < 20


def test_associative_scan(backend):
    x = np.arange(1, 8, dtype="float32")
    same(ops.associative_scan(lambda a, b: a + b, x), np.cumsum(x))
    same(ops.associative_scan(lambda a, b: a * b, x, reverse=True), np.cumprod(x[::-1])[::-1])
    m = np.arange(24, dtype="float32").reshape(2, 6, 2)
    same(ops.associative_scan(lambda a, b: a + b, m, axis=1), np.cumsum(m, axis=1))
    pair = ops.associative_scan(lambda a, b: (a[0] + b[0], ops.maximum(a[1], b[1])), (x, x[::-1].copy()))
    same(pair[0], np.cumsum(x)), same(pair[1], np.maximum.accumulate(x[::-1]))


def test_map(backend):
    x = np.arange(6, dtype="float32").reshape(3, 2)
    same(ops.map(lambda r: ops.sum(r) * 2, x), x.sum(1) * 2)
    out = ops.map(lambda t: {"d": t[0] - t[1]}, (x, x * 3))
    same(out["d"], -2 * x)
    same(ops.vectorized_map(lambda r: ops.sum(r) * 2, x), x.sum(1) * 2)
    same(ops.vectorized_map(lambda t: t[0] * t[1], (x, x)), x * x)


def test_vectorize(backend):
    f = ops.vectorize(lambda a, b: a + 2 * b)
    same(f(np.ones((3, 1), "float32"), np.arange(2, dtype="float32")), 1 + 2 * np.tile(np.arange(2), (3, 1)))
    dot = ops.vectorize(lambda a, b: ops.sum(a * b), signature="(n),(n)->()")
    same(dot(np.ones((4, 3), "float32"), np.arange(3, dtype="float32")), [3.0] * 4)
    assert callable(ops.vectorize(lambda a, n: a * n, excluded={1}))
    same(ops.vectorize(lambda a, n: a * n, excluded={1})(np.ones(2, "float32"), 3), [3.0, 3.0])


def test_control_flow_compiles(train_backend):
    @compiled
    def program(x):
        y = ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: x)
        y = ops.while_loop(lambda v: ops.sum(v) < 100, lambda v: v * 2, y)
        carry, ys = ops.scan(lambda c, r: (c + r, c * r), ops.zeros((2,)), y)
        return carry + ops.fori_loop(0, 3, lambda i, v: v + 1, ops.sum(ys)) + ops.switch(1, [lambda: 1.0, lambda: 2.0])

    x = np.ones((3, 2), "float32")
    y = x * 32
    state, total = np.zeros(2), 0
    for row in y:
        total += (state * row).sum()
        state = state + row
    same(program(ops.convert_to_tensor(x)), state + total + 3 + 2, 1e-5)


# ---- gradients
@pytest.mark.parametrize(
    ("f", "df"),
    [
        (lambda o, x: o.sum(o.exp(x)), np.exp),
        (lambda o, x: o.sum(o.tanh(x) * 2), lambda x: 2 * (1 - np.tanh(x) ** 2)),
        (lambda o, x: o.sum(o.power(x, 3)), lambda x: 3 * x**2),
        (lambda o, x: o.sum(o.where(x > 0, x, 0.0)), lambda x: (x > 0).astype("float32")),
        (lambda o, x: o.mean(o.square(x)), lambda x: 2 * x / x.size),
        (lambda o, x: o.logsumexp(x), lambda x: np.exp(x) / np.exp(x).sum()),
        (lambda o, x: o.sum(o.take(x, [0, 0], axis=0)), lambda x: np.array([[2.0]] + [[0.0]] * (len(x) - 1)) + 0 * x),
        (lambda o, x: o.sum(o.matmul(x, o.transpose(x))), lambda x: 2 * x.sum(0, keepdims=True) + 0 * x),
        (lambda o, x: o.sum(o.divide_no_nan(1.0, x * 0)), lambda x: 0 * x),
        (lambda o, x: o.sum(o.cumsum(x, axis=0)), lambda x: np.arange(len(x), 0, -1.0)[:, None] + 0 * x),
        (lambda o, x: o.sum(o.segment_sum(x, np.array([0, 1, 0], "int32"), 2) ** 2) / 2,
         lambda x: np.stack([x[0] + x[2], x[1], x[0] + x[2]])),
        (lambda o, x: o.sum(o.scatter_update(x, [[0]], np.ones((1, 2), "float32"))), lambda x: np.array([[0], [1], [1]]) + 0 * x),
        (lambda o, x: o.sum(o.scan(lambda c, r: (c + r * r, c), o.zeros((2,)), x)[0]), lambda x: 2 * x),
        (lambda o, x: o.sum(x * o.stop_gradient(x)), lambda x: x),
        (lambda o, x: o.max(x), lambda x: (x == x.max()).astype("float32")),
        (lambda o, x: o.sum(o.linalg.norm(x, axis=1)), lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)),
    ],
)  # fmt: skip
def test_gradients(train_backend, f, df):
    x = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]], "float32")
    same(gradient(lambda v: f(ops, v), x), df(x), 1e-5)


def test_custom_gradient(train_backend):
    @ops.custom_gradient
    def straight(x):
        return ops.round(x), lambda upstream: upstream * 3

    x = np.array([0.4, 1.6], "float32")
    same(straight(ops.convert_to_tensor(x)), [0.0, 2.0])
    same(gradient(lambda v: ops.sum(straight(v)), x), [3.0, 3.0])
    assert straight(KerasTensor((None, 2))).shape == (None, 2)

    @ops.custom_gradient
    def keras_style(x):
        def grad(*args, upstream=None):
            if upstream is None:
                (upstream,) = args
            return upstream * 5

        return x * 1.0, grad

    same(gradient(lambda v: ops.sum(keras_style(v)), x), [5.0, 5.0])


def test_the_values_of_functions_with_custom_gradients(backend):
    shifted = ops.custom_gradient(lambda x: (ops.log1p(ops.exp(x)), lambda upstream: upstream))
    same(shifted(ops.convert_to_tensor([0.0, 1.0])), np.log1p(np.exp([0.0, 1.0])), 1e-6)


def test_jvp(train_backend):
    x = ops.convert_to_tensor([1.0, 2.0])
    value, tangent = ops.jvp(lambda v: ops.square(v), (x,), (ops.ones((2,)),))
    same(value, [1.0, 4.0]), same(tangent, [2.0, 4.0])
    *_, aux = ops.jvp(lambda v: (ops.square(v), v + 1), (x,), (ops.ones((2,)),), has_aux=True)
    same(aux, [2.0, 3.0])


# ---- conversion and what ops take
def test_convert(backend):
    v = Variable([1.0, 2.0])
    same(ops.convert_to_numpy(v), [1.0, 2.0])
    same(ops.add(v, 1), [2.0, 3.0]), same(v * v, [1.0, 4.0]), same(1 - v, [0.0, -1.0])
    same(ops.convert_to_tensor([v, v]), [[1.0, 2.0], [1.0, 2.0]])
    assert ops.is_tensor(ops.convert_to_tensor(1.0))
    assert not ops.is_tensor("a")
    assert ops.dtype(ops.convert_to_tensor(np.ones(2, "int8"))) == "int8"
    assert ops.dtype(ops.convert_to_tensor(1.5)) == "float32"
    assert ops.shape(ops.ones((2, 3))) == (2, 3)
    assert (ops.ndim(np.ones((2, 3))), ops.size(np.ones((2, 3)))) == (2, 6)
    same(ops.stop_gradient(v), [1.0, 2.0])


def test_tensors_of_another_backend_switch_to_it():
    with kerata.backend.backend_scope("numpy"):
        here = ops.convert_to_tensor([1.0, 2.0])
    for name in kerata.backend.installed():
        with kerata.backend.backend_scope(name):
            x = ops.convert_to_tensor([1.0, 2.0])
            same(ops.add(x, here), [2.0, 4.0])
        if name != "numpy":
            with kerata.backend.backend_scope("numpy"):
                assert kerata.backend.owner(type(ops.add(x, here))).name == name
                same(x, [1.0, 2.0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.squeeze(np.ones((2, 3)), 0), "size 1"),
        (lambda: ops.split(np.ones((5,)), 2), "equal parts"),
        (lambda: ops.scatter_update(np.ones(2), [[0]], [1.0], reduction="mean"), "'mul'"),
        (lambda: ops.linalg.inv(np.ones((2, 3), "float32")), "square"),
        (lambda: ops.linalg.det(np.ones((2,), "float32")), "matrix"),
        (lambda: ops.quantile(np.ones(2), 0.5, method="best"), "linear"),
        (lambda: ops.rearrange(np.ones((2, 3)), "a b c -> a"), "axes"),
        (lambda: ops.fft(np.ones((2, 2))), "pair"),
        (lambda: ops.diag(np.ones((1, 1, 1))), "matrix"),
        (lambda: ops.searchsorted([1, 2], [1], side="top"), "left"),
        (lambda: ops.unstack(np.ones((2, 2)), num=3), "num=3"),
        (lambda: ops.pad(np.ones((2, 2)), ((1, 1), (1, 1), (1, 1))), "pad_width"),
        (lambda: ops.cast(np.ones(2), "flaot32"), "flaot32"),
    ],
)
def test_errors_teach(backend, call, words):
    with pytest.raises(ValueError, match=words):
        call()
