"""Calls on KerasTensors: the shapes and dtypes that the same call on values would have, and None where unknown."""

import cases
import numpy as np
import pytest

from kerata import Input, Model, layers, ops
from kerata.core.keras_tensor import KerasTensor

# Ops whose result depends on values in a way that no abstract evaluation knows, or that take host arrays.
VALUE_DEPENDENT = {"nonzero", "unique", "bincount", "convert_to_tensor", "linalg.matrix_rank", "eye"}


def _find(name):
    module = ops
    for part in name.split("."):
        module = getattr(module, part)
    return module


def _symbolic(x):
    if isinstance(x, np.ndarray) and x.dtype == np.float32:
        return KerasTensor(x.shape, "float32")
    if isinstance(x, list | tuple):
        return type(x)(_symbolic(e) for e in x)
    return x


def _flat(x):
    return [y for e in x for y in _flat(e)] if isinstance(x, list | tuple) else [x]


CASES = [c for c in cases.CASES if c.name not in VALUE_DEPENDENT and any(_symbolic(a) is not a for a in c.args)]


@pytest.mark.parametrize("name", sorted({c.name for c in CASES}))
def test_like_values(backend, name):
    for case in [c for c in CASES if c.name == name]:
        args = [_symbolic(a) for a in case.args]
        if not any(isinstance(a, KerasTensor) for a in _flat(args)):
            continue
        fn = _find(name)
        wanted = _flat(fn(*case.args, **case.kwargs))
        got = _flat(fn(*args, **case.kwargs))
        assert all(isinstance(g, KerasTensor) for g in got), case
        assert [(g.shape, g.dtype) for g in got] == [(tuple(ops.shape(w)), ops.dtype(w)) for w in wanted], case


def k(*shape, dtype="float32"):
    return KerasTensor(shape, dtype)


UNKNOWN = [
    ("add", lambda o, k: o.add(k(None, 3), 1)),
    ("add broadcast", lambda o, k: o.add(k(None, 1, 3), k(None, 4, 1))),
    ("add known", lambda o, k: o.add(k(None, None), np.ones((1, 3), "float32"))),
    ("matmul", lambda o, k: o.matmul(k(None, 4, 5), k(5, 6))),
    ("matmul batch", lambda o, k: o.matmul(k(None, None, 5), k(None, 5, 6))),
    ("sum", lambda o, k: o.sum(k(None, 3, 4), axis=-1)),
    ("mean", lambda o, k: o.mean(k(None, None, 4), axis=1, keepdims=True)),
    ("max all", lambda o, k: o.max(k(None, 3))),
    ("reshape", lambda o, k: o.reshape(k(None, 4, 6), (-1, 24))),
    ("reshape rest", lambda o, k: o.reshape(k(None, 4, 6), (-1, 8))),
    ("transpose", lambda o, k: o.transpose(k(None, 4, 6), (0, 2, 1))),
    ("concatenate", lambda o, k: o.concatenate([k(None, 4), k(None, 6)], axis=-1)),
    ("concatenate batch", lambda o, k: o.concatenate([k(None, 4), k(2, 4)], axis=0)),
    ("stack", lambda o, k: o.stack([k(None, 4), k(None, 4)], axis=1)),
    ("expand_dims", lambda o, k: o.expand_dims(k(None, 4), 1)),
    ("squeeze", lambda o, k: o.squeeze(k(None, 1, 4), 1)),
    ("split", lambda o, k: o.split(k(None, 6), 3, axis=1)),
    ("pad", lambda o, k: o.pad(k(None, 6), ((0, 0), (1, 2)))),
    ("take", lambda o, k: o.take(k(10, 4), k(None, 7, dtype="int32"), axis=0)),
    ("where", lambda o, k: o.where(k(None, 3, dtype="bool"), k(None, 3), 0.0)),
    ("argmax", lambda o, k: o.argmax(k(None, 3), axis=-1)),
    ("top_k", lambda o, k: list(o.top_k(k(None, 9), 4))),
    ("cumsum", lambda o, k: o.cumsum(k(None, 3), axis=1)),
    ("einsum", lambda o, k: o.einsum("bij,jk->bik", k(None, 3, 4), k(4, 5))),
    ("tensordot", lambda o, k: o.tensordot(k(None, 3, 4), k(4, 5), axes=1)),
    ("cast", lambda o, k: o.cast(k(None, 3), "int32")),
    ("equal", lambda o, k: o.equal(k(None, 3), k(None, 3))),
    ("flip", lambda o, k: o.flip(k(None, 3), axis=1)),
    ("repeat", lambda o, k: o.repeat(k(None, 3), 2, axis=1)),
    ("tile", lambda o, k: o.tile(k(None, 3), (1, 2))),
    ("moveaxis", lambda o, k: o.moveaxis(k(None, 3, 4), -1, 1)),
    ("norm", lambda o, k: o.linalg.norm(k(None, 3), axis=-1)),
    ("logsumexp", lambda o, k: o.logsumexp(k(None, 3), axis=1)),
    ("segment_sum", lambda o, k: o.segment_sum(k(None, 3), k(None, dtype="int32"), num_segments=5)),
    ("slice", lambda o, k: o.slice(k(None, 6), (0, 1), (1, 3))),
    ("get_item", lambda o, k: k(None, 6)[:, 1:4]),
    ("get_item last", lambda o, k: k(None, 6, 5)[..., -1]),
    ("get_item row", lambda o, k: k(None, 6)[0]),
    ("operators", lambda o, k: -(2.0 * k(None, 3) + k(None, 3) ** 2) / 3),
    ("nonzero", lambda o, k: list(o.nonzero(k(None, 3)))),
    ("outer", lambda o, k: o.outer(k(4), k(5))),
    ("dot", lambda o, k: o.dot(k(None, 4), k(4, 5))),
    ("unstack", lambda o, k: o.unstack(k(None, 2, 3), axis=1)),
    ("var", lambda o, k: o.var(k(None, 5, 3), axis=(1, 2))),
    ("quantile", lambda o, k: o.quantile(k(None, 5), 0.5, axis=1)),
    ("sort", lambda o, k: o.sort(k(None, 5))),
    ("rfft", lambda o, k: list(o.rfft(k(None, 8)))),
    ("extract_sequences", lambda o, k: o.extract_sequences(k(None, 20), 5, 3)),
    ("zeros_like", lambda o, k: o.zeros_like(k(None, 5), dtype="int32")),
    ("svd", lambda o, k: list(o.svd(k(None, 3, 4)))),
    ("vectorized_map", lambda o, k: o.vectorized_map(lambda r: o.sum(r), k(6, 4))),
]


@pytest.mark.parametrize(("what", "call"), UNKNOWN, ids=[u[0] for u in UNKNOWN])
def test_unknown_sizes(backend, what, call):
    import keras

    def keras_tensor(*shape, dtype="float32"):
        return keras.KerasTensor(shape, dtype)

    wanted = [(tuple(t.shape), t.dtype) for t in _flat(call(keras.ops, keras_tensor))]
    assert [(t.shape, t.dtype) for t in _flat(call(ops, k))] == wanted


def test_reshape_takes_none_for_the_rest(backend):
    x = k(None, 4, 6)
    assert ops.reshape(x, (ops.shape(x)[0], 24)).shape == (None, 24)


def test_errors_name_the_shapes(backend):
    with pytest.raises(Exception) as e:
        ops.matmul(k(None, 4), k(5, 6))
    assert "(None, 4)" in "".join(getattr(e.value, "__notes__", [])) + str(e.value)


def test_lengths_that_are_tensors(train_backend):
    """Code may give an op lengths that it computed; JAX, as in Keras, wants them as numbers."""
    if train_backend == "jax":
        pytest.skip("shapes are concrete while JAX traces")

    class Weights(layers.Layer):
        def call(self, x):
            rows, columns = (ops.cast(n, "int64") for n in ops.shape(x)[:2])
            return ops.tile(x, [1, 1, 2]), ops.cast(columns, "float32") * ops.ones((rows, 1))

    class Tiled(layers.Layer):
        def call(self, x):
            rows = ops.cast(ops.shape(x)[0], "int32")
            return ops.tile(ops.ones((1, 2)), ops.concatenate([ops.expand_dims(rows, -1), ops.convert_to_tensor([1])], 0))

    x = Input((4, 3))
    model = Model(x, [*Weights()(x), Tiled()(x)] if train_backend == "torch" else Weights()(x))
    found = model.predict(np.ones((5, 4, 3), "float32"), verbose=0)
    assert [y.shape for y in found][:2] == [(5, 4, 6), (5, 1)]
    assert (found[1] == 4.0).all()
    assert [y.shape for y in model.outputs][:2] == [(None, 4, 6), (None, 1)]


def test_constants_in_a_model(train_backend):
    """Tensors of the backend, and what layers make of them, take part in a graph beside symbolic tensors."""
    constant = ops.reshape(ops.arange(12, dtype="float32"), (4, 3))
    x = Input((4, 3))
    positions = layers.Embedding(4, 3)
    outputs = [x + constant, ops.add(positions(ops.arange(4)), x), layers.Lambda(lambda x: ops.concatenate([x[0], constant]))(x)]
    model = Model(x, outputs)
    assert [y.shape for y in model.outputs] == [(None, 4, 3), (None, 4, 3), (8, 3)]
    data = np.ones((5, 4, 3), "float32")
    found = [ops.convert_to_numpy(y) for y in model(data)]
    np.testing.assert_allclose(found[0], data + np.arange(12).reshape(4, 3))
    np.testing.assert_allclose(found[1], data + ops.convert_to_numpy(positions(ops.arange(4))), rtol=1e-6)
    np.testing.assert_allclose(found[2], np.concatenate([data[0], np.arange(12).reshape(4, 3)]))


def test_shapes_that_fit_some_sizes_only(backend):
    """Unknown sizes are what the shape that is asked for lets them be."""
    T = KerasTensor
    assert ops.reshape(T((None, None, 4)), (-1, 4, 5)).shape == (None, 4, 5)
    assert ops.reshape(T((None, None)), (-1, 5, 7)).shape == (None, 5, 7)
    assert ops.reshape(T((None, 3, 4)), (4, 3)).shape == (4, 3)
    assert ops.broadcast_to(T((None,)), (3, 4)).shape == (3, 4)


@pytest.mark.parametrize(
    ("name", "a", "b", "wanted"),
    [
        ("add", (None, 3), (None,), (None, 3)),
        ("maximum", (None, None), (2, None, 3), (2, None, 3)),
        ("divide", (2, None, 3), (None, None), (2, None, 3)),
        ("matmul", (None, 3), (None, 4), (None, 4)),
        ("matmul", (None, None), (None, 3, 4), (None, None, 4)),
        ("dot", (None, 3), (None, None), (None, None)),
        ("inner", (None, 3), (None,), (None,)),
        ("where", (None, 1), (2, None, 3), (2, None, 3)),
    ],
)
def test_one_unknown_size_that_fits_a_known_one_leaves_the_others_unknown(backend, name, a, b, wanted):
    args = [KerasTensor(a, "bool"), KerasTensor(b), 0.0] if name == "where" else [KerasTensor(a), KerasTensor(b)]
    assert getattr(ops, name)(*args).shape == wanted
