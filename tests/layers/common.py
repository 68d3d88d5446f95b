"""`check_layer`: everything about a layer of Kerata against the same layer of the real Keras.

Compared are: outputs (inference and training), state after a training call, gradients by weights and inputs, losses,
masks, symbolic shapes, weights (path, shape, dtype, trainable), configs before and after building, and the way back
from the config.
"""

from __future__ import annotations

import warnings
import zlib

import numpy as np
from remember import remembered

import kerata
from kerata.core import tree
from kerata.core.masks import get_mask, set_mask


def arrays(inputs, seed: int = 0):
    """Arrays for shapes: a tuple of integers becomes normal numbers; arrays stay."""
    rng = np.random.default_rng(seed)

    def one(x):
        return rng.normal(size=x).astype("float32") if isinstance(x, tuple) else np.asarray(x)

    return [one(x) for x in inputs] if isinstance(inputs, list) else one(inputs)


def plain(x):
    """A config with lists for tuples and arrays."""
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, list | tuple):
        return [plain(v) for v in x]
    return x.tolist() if hasattr(x, "tolist") else x


def first_values(weights) -> list[np.ndarray]:
    """Values for weights that are neither 0 nor 1, alike for both frameworks."""
    values = []
    for i, w in enumerate(weights):
        rng = np.random.default_rng([zlib.crc32(w.name.encode()), i])
        shape = tuple(w.shape)
        if "int" in str(w.dtype):
            values.append(np.array(w.numpy() if hasattr(w, "numpy") else w))
        elif "variance" in w.name or "stddev" in w.name or "count" in w.name:
            values.append(rng.uniform(0.5, 2.0, shape).astype("float32"))
        else:
            values.append((0.5 * rng.normal(size=shape)).astype("float32"))
    return values


def make_layer(framework, make, arguments):
    if callable(make):
        return make(framework)
    arguments = arguments(framework) if callable(arguments) else arguments
    return getattr(framework.layers, make)(**{"name": "probe", **arguments})


def described(weights) -> list[tuple]:
    return [(w.path, tuple(w.shape), str(w.dtype), bool(w.trainable)) for w in weights]


def same(found, wanted, what: str) -> None:
    """An error that says where two nested values differ."""
    if found == wanted:
        return
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = [*wanted, *[k for k in found if k not in wanted]]
        lines = [f"  {k}: {found.get(k, 'missing')!r}, Keras's {wanted.get(k, 'missing')!r}" for k in keys
                 if found.get(k, "missing") != wanted.get(k, "missing")]  # fmt: skip
        raise AssertionError(f"{what}:\n" + "\n".join(lines))
    raise AssertionError(f"{what}: {found!r}, Keras's {wanted!r}")


def numpy_of(x):
    return tree.map_structure(lambda v: None if v is None else np.asarray(kerata.ops.convert_to_numpy(v)), x)


def cotangents(outputs):
    """Fixed factors, one for each number of the outputs: their weighted sum is what is differentiated."""
    leaves = tree.flatten(outputs)
    rng = np.random.default_rng(5)
    return [rng.normal(size=tuple(x.shape)).astype("float32") for x in leaves]


def oracle(make, arguments, data, masks, unknown, call, symbolic):
    """All that Keras says about the layer."""
    import jax
    import jax.numpy as jnp
    import keras
    from keras.src import backend as keras_backend

    layer = make_layer(keras, make, arguments)
    found = {"config": plain(layer.get_config())}
    if symbolic:
        batch = jax.tree.map(lambda x: keras.KerasTensor((None, *x.shape[1:]), dtype=str(x.dtype)), data)
        found["shape"] = jax.tree.map(lambda x: tuple(x.shape), make_layer(keras, make, arguments)(batch, **call))
        if unknown is not None:
            wide = jax.tree.map(lambda s, x: keras.KerasTensor(s, dtype=str(x.dtype)), unknown, data, is_leaf=_is_shape)
            out = make_layer(keras, make, arguments)(wide, **call)
            found["unknown shape"] = jax.tree.map(lambda x: tuple(x.shape), out)

    def fresh():
        inputs = jax.tree.map(jnp.asarray, data)
        for x, m in zip(jax.tree.leaves(inputs), masks or ()):
            if m is not None:
                keras_backend.set_keras_mask(x, jnp.asarray(m))
        return inputs

    layer(fresh(), **call)
    found["weights"] = described(layer.weights)
    found["built config"] = plain(layer.get_config())
    found["build config"] = plain(layer.get_build_config())
    layer.set_weights(first_values(layer.weights))
    for training in (False, True):
        takes = {"training": training} if layer._call_has_training_arg else {}
        out = layer(fresh(), **call, **takes)
        key = "training" if training else "inference"
        found[f"{key} outputs"] = jax.tree.map(np.asarray, out)
        mask = jax.tree.map(lambda x: getattr(x, "_keras_mask", None), out)
        found[f"{key} masks"] = [None if m is None else np.asarray(m) for m in tree.flatten(mask)]
        found[f"{key} losses"] = float(sum(jnp.sum(x) for x in layer.losses)) if layer.losses else 0.0
        found[f"{key} state"] = [np.asarray(w) for w in layer.non_trainable_weights]
    layer.set_weights(first_values(layer.weights))
    state = [v.value for v in layer.non_trainable_variables]
    takes = {"training": True} if layer._call_has_training_arg else {}
    factors = cotangents(found["training outputs"])
    integers = any(not np.issubdtype(x.dtype, np.floating) for x in jax.tree.leaves(data))

    def value(weights, inputs):
        # Keras loses masks that travel with tracers, so here they go as arguments.
        mask = [None if m is None else jnp.asarray(m) for m in masks or ()]
        if mask and layer._call_has_mask_arg:
            takes["mask"] = mask if isinstance(inputs, list) else mask[0]
        out, _ = layer.stateless_call(weights, state, inputs, **call, **takes)
        return sum(jnp.sum(o * f) for o, f in zip(jax.tree.leaves(out), factors))

    weights = [v.value for v in layer.trainable_variables]
    inputs = jax.tree.map(jnp.asarray, data)
    if integers:
        found["weight gradients"] = jax.jit(jax.grad(value))(weights, inputs)
    else:
        both = jax.jit(jax.grad(value, argnums=(0, 1)))
        found["weight gradients"], found["input gradients"] = both(weights, inputs)
    return jax.tree.map(lambda x: np.asarray(x) if isinstance(x, jax.Array) else x, found)


def _is_shape(x):
    return isinstance(x, tuple)


_asked: dict = {}


def _answers(key: tuple, ask):
    """Keras's answers for a layer; those for functions, whose names do not tell them apart, in this process alone."""
    if " at 0x" in repr(key[1:]):  # a function among the arguments: its address may be another's later
        return ask()
    if callable(key[0]):
        if key not in _asked:
            _asked[key] = ask()
        return _asked[key]
    return remembered(key, ask, __file__)


def check_layer(make, arguments=None, inputs=(2, 3), *, masks=None, unknown=None, call=None, random=False,
                symbolic=True, gradients=True, config=True, rtol=1e-5, atol=1e-5):  # fmt: skip
    """Compare a layer on the backend in force with Keras's.

    Args:
        make: a layer's public name, or a function from a framework (`kerata` or `keras`) to a layer.
        arguments: of the layer's class: a dict, or a function from a framework to a dict.
        inputs: a shape or an array, or a list of them.
        masks: a list with a mask or None for each input.
        unknown: shapes with None, alike `inputs`, for a further symbolic call.
        call: more keyword arguments for the call.
        random: the training call draws random numbers: only inference is compared.
        symbolic, gradients, config: whether to compare these.
        rtol, atol: tolerances of values; gradients get ten times as much.
    """
    arguments, call, data = arguments or {}, call or {}, arrays(inputs)
    key = (make, repr(arguments), repr(inputs), repr(masks), repr(unknown), repr(call), symbolic)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = _answers(key, lambda: oracle(make, arguments, data, masks, unknown, call, symbolic))
        _compare(want, make, arguments, data, masks, unknown, call, random, symbolic, gradients, config, rtol, atol)


def _compare(want, make, arguments, data, masks, unknown, call, random, symbolic, gradients, config, rtol, atol):
    layer = make_layer(kerata, make, arguments)
    if config:
        same(plain(layer.get_config()), want["config"], "config")
    if symbolic:
        _compare_shapes(want, lambda: make_layer(kerata, make, arguments), data, unknown, call)
    layer(fresh_inputs(data, masks), **call)
    same(described(layer.weights), want["weights"], "weights")
    if config:
        same(plain(layer.get_config()), want["built config"], "config after build")
        same(plain(layer.get_build_config()), want["build config"], "build config")
        layer = type(layer).from_config(layer.get_config())
        layer(fresh_inputs(data, masks), **call)
        same(plain(layer.get_config()), want["built config"], "config after build")
        same(described(layer.weights), want["weights"], "weights")
    layer.set_weights(first_values(layer.weights))
    for training in (False, True)[: 1 if random else 2]:
        _compare_call(want, layer, data, masks, call, training, {"rtol": rtol, "atol": atol})
    if gradients and not random and layer._backend.trains:
        _compare_gradients(want, layer, data, masks, call, {"rtol": 10 * rtol, "atol": 10 * atol})


def fresh_inputs(data, masks=None):
    inputs = tree.map_structure(kerata.ops.convert_to_tensor, data)
    if masks:
        marked = [set_mask(x, None if m is None else kerata.ops.convert_to_tensor(m))
                  for x, m in zip(tree.flatten(inputs), masks)]  # fmt: skip
        inputs = tree.pack_sequence_as(inputs, marked)
    return inputs


def _takes_training(layer) -> dict:
    import inspect

    return "training" in inspect.signature(layer.call).parameters


def _compare_shapes(want, make, data, unknown, call):
    batch = tree.map_structure(lambda x: kerata.KerasTensor((None, *x.shape[1:]), dtype=str(x.dtype)), data)
    _same_shapes(make()(batch, **call), want["shape"], "symbolic shape")
    if unknown is not None:
        shapes = unknown if isinstance(unknown, list) else [unknown]
        wide = [kerata.KerasTensor(s, dtype=str(x.dtype)) for s, x in zip(shapes, tree.flatten(data))]
        out = make()(wide if isinstance(unknown, list) else wide[0], **call)
        _same_shapes(out, want["unknown shape"], "shape for unknown sizes")


def _same_shapes(out, wanted, what: str) -> None:
    """Keras leaves sizes unknown that Kerata infers: those count as equal, but for the batch's."""
    found = [tuple(x.shape) for x in tree.flatten(out)]
    one = isinstance(wanted, tuple) and (not wanted or not isinstance(wanted[0], tuple))
    wanted = [wanted] if one else list(wanted)
    assert len(found) == len(wanted)
    for f, w in zip(found, wanted):
        same((len(f), f[:1], *(None if n is None else m for m, n in zip(f, w))), (len(w), w[:1], *w), what)


def _compare_call(want, layer, data, masks, call, training, close):
    key = "training" if training else "inference"
    takes = {"training": training} if _takes_training(layer) else {}
    out = layer(fresh_inputs(data, masks), **call, **takes)
    wanted = tree.flatten(want[f"{key} outputs"])
    found = tree.flatten(out)
    assert len(found) == len(wanted)
    for f, w in zip(found, wanted):
        same(layer._backend.dtype(f), str(w.dtype), "dtype")
        np.testing.assert_allclose(numpy_of(f), w, **close, err_msg=key)
    for f, w in zip(found, want[f"{key} masks"]):
        mask = get_mask(f)
        assert (mask is None) == (w is None), f"{key}: mask {mask}, Keras's {w}"
        if w is not None:
            np.testing.assert_array_equal(numpy_of(mask), w)
    losses = sum(float(numpy_of(x)) for x in layer.losses)
    np.testing.assert_allclose(losses, want[f"{key} losses"], **close, err_msg=f"{key} losses")
    for f, w in zip(layer.non_trainable_weights, want[f"{key} state"]):
        np.testing.assert_allclose(f.numpy(), w, **close, err_msg=f"{key}: state {f.path}")


def _compare_gradients(want, layer, data, masks, call, close):
    layer.set_weights(first_values(layer.weights))
    factors = cotangents(want["training outputs"])
    takes = {"training": True} if _takes_training(layer) else {}

    def value(inputs):
        if masks:
            marked = [set_mask(x, None if m is None else kerata.ops.convert_to_tensor(m))
                      for x, m in zip(tree.flatten(inputs), masks)]  # fmt: skip
            inputs = tree.pack_sequence_as(inputs, marked)
        out = tree.flatten(layer(inputs, **call, **takes))
        return sum(kerata.ops.sum(kerata.ops.multiply(o, f)) for o, f in zip(out, factors))

    if layer.trainable_variables:
        _, found = kerata.value_and_grad(value, layer.trainable_variables)(fresh_inputs(data))
        for v, f, w in zip(layer.trainable_variables, found, want["weight gradients"]):
            f = np.zeros(v.shape, "float32") if f is None else numpy_of(f)
            np.testing.assert_allclose(f, w, **close, err_msg=f"gradient by {v.path}")
    if "input gradients" in want:
        layer.set_weights(first_values(layer.weights))
        _, found = kerata.value_and_grad(value)(fresh_inputs(data))
        for f, w in zip(tree.flatten(found), tree.flatten(want["input gradients"])):
            np.testing.assert_allclose(numpy_of(f), w, **close, err_msg="gradient by the input")
