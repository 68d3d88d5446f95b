"""LossScaleOptimizer and MultiOptimizer against Keras."""

import numpy as np
import pytest

from kerata import backend as backends
from kerata import optimizers
from kerata.core import gradients as autodiff
from kerata.core.scopes import name_scope
from kerata.core.variable import Variable

GRADIENTS = [[4.0, 4.0], [8.0, 8.0], [np.inf, 1.0], [1.0, 1.0], [np.nan, 1.0], [2.0, -2.0]]


def make(o):
    inner = o.Adam(0.1, name="adam")
    return o.LossScaleOptimizer(inner, initial_scale=4.0, dynamic_growth_steps=2, name="scaling")


def keras_states():
    """Weights and states after each step, by Keras's stateless form (its eager one fails on JAX)."""
    import keras

    optimizer, w = make(keras.optimizers), keras.Variable(np.array([1.0, 2.0], "float32"), name="w")
    optimizer.build([w])
    weights, states, out = [w.value], [v.value for v in optimizer.variables], []
    for g in GRADIENTS:
        weights, states = optimizer.stateless_apply(states, [np.array(g, "float32")], weights)
        out.append([np.asarray(x) for x in (*weights, *states)])
    return [v.path for v in optimizer.variables], out


@pytest.mark.parametrize("compiled", [False, True])
def test_loss_scale(backend, compiled):
    if compiled and backend in ("torch", "numpy"):
        return  # they run eagerly
    paths, want = keras_states()
    optimizer, w = make(optimizers), Variable(np.array([1.0, 2.0], "float32"), name="w")
    assert float(optimizer.scale_loss(3.0)) == 12.0
    optimizer.build([w])
    assert [v.path for v in optimizer.variables] == paths
    step = lambda g: optimizer.apply([g], [w])
    step = autodiff.jit(step) if compiled else step
    for g, state in zip(GRADIENTS, want):
        step(backends.current().convert(np.array(g, "float32")))
        for got, x in zip([w, *optimizer.variables], state):
            np.testing.assert_allclose(got.numpy(), x, rtol=1e-5, atol=1e-6)
    optimizer.learning_rate = 0.5
    assert float(optimizer.inner_optimizer.learning_rate) == 0.5


def test_no_gradient_at_all(backend):
    v = Variable([1.0])
    with pytest.raises(ValueError, match="gradient"):
        optimizers.LossScaleOptimizer(optimizers.SGD()).apply([None], [v])


def test_loss_scale_stateless():
    import jax

    _, want = keras_states()
    with backends.backend_scope("jax"):
        optimizer, w = make(optimizers), Variable(np.array([1.0, 2.0], "float32"), name="w")
        optimizer.build([w])
        step = jax.jit(optimizer.stateless_apply)
        weights, states = [w.value], [v.value for v in optimizer.variables]
        for g, state in zip(GRADIENTS, want):
            weights, states = step(states, [np.array(g, "float32")], weights)
            for got, x in zip([*weights, *states], state):
                np.testing.assert_allclose(got, x, rtol=1e-5, atol=1e-6)


def test_loss_scale_state_and_errors(backend):
    one, w = make(optimizers), Variable(np.array([1.0, 2.0], "float32"), name="w")
    for g in GRADIENTS:
        one.apply([np.array(g, "float32")], [w])
    store: dict = {}
    one.save_own_variables(store)
    other = make(optimizers)
    other.build([w])
    other.load_own_variables(store)
    for a, b in zip(one.variables, other.variables):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    with pytest.raises(ValueError, match="takes no `clipnorm`"):
        optimizers.LossScaleOptimizer(optimizers.SGD(), clipnorm=1.0)


def test_loss_scale_signature():
    import inspect

    import keras

    def describe(fn):
        return [(p.name, p.default, p.kind) for p in inspect.signature(fn).parameters.values()]

    assert describe(optimizers.LossScaleOptimizer) == describe(keras.optimizers.LossScaleOptimizer)


def multi(o, **kwargs):
    chosen = o.OptimizerMap(o.SGD(0.1, momentum=0.5, name="sgd"), {"a/.*": o.Adam(0.1, name="adam")})
    return o.MultiOptimizer(chosen, name="multi", **kwargs)


def weights(variable, scope):
    out = []
    for name in ("b", "a", "c"):
        with scope(name):
            out.append(variable(np.ones(2, "float32"), name="k"))
    return out


def test_multi(backend):
    import keras

    theirs, their_weights = multi(keras.optimizers, loss_scale_factor=2.0), weights(keras.Variable, keras.name_scope)
    ours, our_weights = multi(optimizers, loss_scale_factor=2.0), weights(Variable, name_scope)
    for k in range(3):
        g = [np.full(2, k + 1.0 + i, "float32") for i in range(3)]
        theirs.apply(g, their_weights)
        ours.apply(g, our_weights)
    assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
    for a, b in zip([*our_weights, *ours.variables], [*their_weights, *theirs.variables]):
        np.testing.assert_allclose(a.numpy(), np.asarray(b), rtol=1e-5, atol=1e-6)
    assert ours.get_config() == theirs.get_config()
    assert optimizers.deserialize(optimizers.serialize(ours)).get_config() == ours.get_config()
    with pytest.raises(AttributeError, match="no learning rate of its own: read"):
        _ = ours.learning_rate
    with pytest.raises(AttributeError, match="no learning rate of its own: set"):
        ours.learning_rate = 1.0


def test_multi_by_function(train_backend):
    small, big = optimizers.SGD(0.1), optimizers.SGD(1.0)
    both = optimizers.MultiOptimizer(lambda v: big if v.path.startswith("a") else small)
    some = weights(Variable, name_scope)
    both.apply([np.ones(2, "float32")] * 3, some)
    assert [round(float(w.numpy()[0]), 5) for w in some] == [0.9, 0.0, 0.9]
    assert both.optimizers == [small, big] and int(both.iterations) == 1


def test_optimizer_map():
    o = optimizers
    chosen = o.OptimizerMap(o.SGD(), {"a/.*": o.Adam()})
    assert type(chosen["a/b"]) is o.Adam and type(chosen["b"]) is o.SGD and len(chosen) == 1
    chosen["a/b"] = o.Lion()
    assert type(chosen["a/b"]) is o.Lion
    chosen["a/b.*"] = o.Lamb()
    for call, message in [
        (lambda: chosen["a/bc"], "matches several"),
        (lambda: chosen.__setitem__("c", 3), "holds optimizers"),
        (lambda: chosen.__setitem__("a/b", o.SGD()), "already has"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
