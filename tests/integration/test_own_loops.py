"""Training loops written by hand, in Keras's documented form for JAX and for TensorFlow."""

import numpy as np
import pytest
from twins import normal, start

import kerata
from kerata import layers

X, Y = normal(32, 4), normal(32, 1)


def make():
    return start(
        kerata.Sequential([kerata.Input((4,)), layers.Dense(8, activation="tanh"), layers.BatchNormalization(), layers.Dense(1)])
    )


def by_fit():
    model = make()
    model.compile(kerata.optimizers.Adam(0.05), "mse")
    model.fit(X, Y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    return model.get_weights()


def batches():
    for _ in range(3):
        for i in range(0, 32, 8):
            yield X[i : i + 8], Y[i : i + 8]


def same(model):
    for f, w in zip(model.get_weights(), by_fit()):
        np.testing.assert_allclose(f, w, rtol=1e-3, atol=1e-5)


def test_jax():
    import jax

    with kerata.backend_scope("jax"):
        model, loss_fn, optimizer = make(), kerata.losses.MeanSquaredError(), kerata.optimizers.Adam(0.05)
        optimizer.build(model.trainable_variables)
        metric = kerata.metrics.MeanAbsoluteError()

        def compute(trainable, non_trainable, metric_state, x, y):
            y_pred, non_trainable = model.stateless_call(trainable, non_trainable, x, training=True)
            return loss_fn(y, y_pred), (metric.stateless_update_state(metric_state, y, y_pred), non_trainable)

        grad_fn = jax.value_and_grad(compute, has_aux=True)

        @jax.jit
        def train_step(state, x, y):
            trainable, non_trainable, optimizer_state, metric_state = state
            (loss, (metric_state, non_trainable)), grads = grad_fn(trainable, non_trainable, metric_state, x, y)
            trainable, optimizer_state = optimizer.stateless_apply(optimizer_state, grads, trainable)
            return loss, (trainable, non_trainable, optimizer_state, metric_state)

        state = tuple(
            [v.value for v in vs]
            for vs in (model.trainable_variables, model.non_trainable_variables, optimizer.variables, metric.variables)
        )
        for x, y in batches():
            _, state = train_step(state, x, y)
        assert float(metric.stateless_result(state[3])) > 0
        for vs, values in zip((model.trainable_variables, model.non_trainable_variables), state):
            for v, value in zip(vs, values):
                v.assign(value)
        same(model)


def test_tensorflow():
    import tensorflow as tf

    with kerata.backend_scope("tensorflow"):
        model, loss_fn, optimizer = make(), kerata.losses.MeanSquaredError(), kerata.optimizers.Adam(0.05)
        optimizer.build(model.trainable_variables)

        @tf.function
        def train_step(x, y):
            with tf.GradientTape() as tape:
                loss = loss_fn(y, model(x, training=True))
            grads = tape.gradient(loss, model.trainable_weights)
            optimizer.apply(grads, model.trainable_weights)
            return loss

        for x, y in batches():
            train_step(tf.constant(x), tf.constant(y))
        same(model)


@pytest.mark.slow
def test_every_backend(train_backend):
    model, loss_fn, optimizer = make(), kerata.losses.MeanSquaredError(), kerata.optimizers.Adam(0.05)

    @kerata.jit
    def train_step(x, y):
        loss, grads = kerata.value_and_grad(lambda: loss_fn(y, model(x, training=True)), model.trainable_variables)()
        optimizer.apply(grads, model.trainable_variables)
        return loss

    optimizer.build(model.trainable_variables)
    for x, y in batches():
        train_step(kerata.ops.convert_to_tensor(x), kerata.ops.convert_to_tensor(y))
    same(model)
