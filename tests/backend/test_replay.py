"""Steps of small models on PyTorch that are recorded give, bit for bit, what the steps themselves give."""

import numpy as np
import pytest

import kerata

pytest.importorskip("torch")
L = kerata.layers


def functional(inputs, body):
    return kerata.Model(inputs, body(inputs))


MODELS = {
    "dense": lambda: kerata.Sequential([kerata.Input((8,)), L.Dense(6, "gelu", kernel_regularizer="l2"), L.BatchNormalization(), L.Dense(3)]),
    "convolution": lambda: kerata.Sequential([kerata.Input((8, 8, 1)), L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), L.Dense(3)]),
    "attention": lambda: functional(kerata.Input((5, 8)), lambda x: L.Dense(3)(L.GlobalAveragePooling1D()(L.LayerNormalization()(L.MultiHeadAttention(2, 4)(x, x))))),
    "mask": lambda: kerata.Sequential([kerata.Input((5,), dtype="int32"), L.Embedding(10, 4, mask_zero=True), L.GlobalAveragePooling1D(), L.Dense(3)]),
    "lstm": lambda: kerata.Sequential([kerata.Input((6, 4)), L.LSTM(5), L.Dense(3)]),
    "stacked": lambda: kerata.Sequential([kerata.Input((6, 4)), L.Bidirectional(L.LSTM(5, return_sequences=True)), L.LSTM(5, use_bias=False), L.Dense(3)]),
    "gru": lambda: kerata.Sequential([kerata.Input((6, 4)), L.GRU(5), L.Dense(3)]),
}  # fmt: skip


def trained(name, monkeypatch, after: float, make=None, optimizer="adam"):
    from kerata.backend.torch import replay

    monkeypatch.setattr(replay, "_AFTER", after)
    monkeypatch.setattr(replay, "_SHORT", 60.0)
    kerata.utils.set_random_seed(1)
    with kerata.backend.backend_scope("torch"):
        model = (make or MODELS[name])()
        model.compile(optimizer, kerata.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        rng = np.random.default_rng(0)
        shape = model.input_shape[1:]
        x = rng.integers(0, 10, (40, *shape)) if name == "mask" else rng.normal(size=(40, *shape)).astype("float32")
        history = model.fit(x, rng.integers(0, 3, 40), batch_size=16, epochs=3, verbose=0).history
    steps = [c.cell_contents for s in model._compiled_steps.values() for c in s.__closure__ or ()]
    recorded = any(getattr(s, "_record", None) is not None for s in steps)
    return recorded, history, model.get_weights(), [np.asarray(v.numpy()) for v in model.optimizer.variables]


@pytest.mark.parametrize("name", MODELS)
def test_recorded_steps_give_the_same(name, monkeypatch):
    recorded, history, weights, state = trained(name, monkeypatch, 0.0)
    never, history_, weights_, state_ = trained(name, monkeypatch, 1e9)
    assert recorded and not never
    assert history == history_
    for a, b in zip([*weights, *state], [*weights_, *state_]):
        np.testing.assert_array_equal(a, b)


def test_what_changes_the_optimizer_counts(monkeypatch):
    """Schedules, clipping, averages and decay run as ever."""

    def optimizer():
        rate = kerata.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
        return kerata.optimizers.AdamW(rate, clipnorm=0.1, use_ema=True, gradient_accumulation_steps=2)

    a = trained("dense", monkeypatch, 0.0, optimizer=optimizer())
    b = trained("dense", monkeypatch, 1e9, optimizer=optimizer())
    assert a[0] and not b[0]
    for x, y in zip([*a[2], *a[3]], [*b[2], *b[3]]):
        np.testing.assert_array_equal(x, y)


class Own(L.Layer):
    def call(self, inputs):
        return inputs * 2


@pytest.mark.parametrize("layer", [lambda: L.Dropout(0.5), Own, lambda: L.Dense(8, lambda x: x * 2)])
def test_chance_and_code_of_the_users_are_not_recorded(layer, monkeypatch):
    def make():
        return kerata.Sequential([kerata.Input((8,)), layer(), L.Dense(3)])

    a, b = (trained("dense", monkeypatch, after, make) for after in (0.0, 1e9))
    assert not a[0] and a[1] == b[1]
