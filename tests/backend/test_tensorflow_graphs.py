"""How TensorFlow traces what Kerata wrote."""

import sys

import numpy as np
import pytest

import kerata
from kerata import backend, layers


class Where(layers.Layer):
    """Doubles, and notes the file from which its code runs."""

    files: list = []

    def call(self, x):
        self.files.append(sys._getframe().f_code.co_filename)
        return kerata.ops.multiply(x, 2.0)


def test_autograph_leaves_kerata_as_it_is():
    with backend.backend_scope("tensorflow"):
        import tensorflow as tf

        layer = Where()
        data = tf.data.Dataset.from_tensor_slices(np.arange(6, dtype="float32").reshape(3, 2)).batch(3).map(layer)
        np.testing.assert_array_equal(next(iter(data)), np.arange(6).reshape(3, 2) * 2.0)
        assert set(Where.files) == {__file__}


def test_autograph_still_converts_a_users_function():
    with backend.backend_scope("tensorflow"):
        import tensorflow as tf

        dense = layers.Dense(1, kernel_initializer="ones")

        @tf.function
        def forward(x):
            y = dense(x)
            if tf.reduce_sum(y) > 0:
                return y
            return -y

        np.testing.assert_array_equal(forward(tf.constant([[-1.0, -2.0]])), [[3.0]])


_BETWEEN = {
    "Dense": lambda L: L.Dense(4), "classes": lambda L: L.Dense(4), "Dropout": lambda L: L.Dropout(0.5, seed=1), "Conv1D": lambda L: L.Conv1D(4, 2),
    "LSTM": lambda L: L.LSTM(5, return_sequences=True), "LSTM, few units": lambda L: L.LSTM(2, go_backwards=True, use_bias=False),
    "Bidirectional": lambda L: L.Bidirectional(L.LSTM(3, return_sequences=True, return_state=False)), "GRU": lambda L: L.GRU(3),
    "masked LSTM": lambda L: kerata.Sequential([L.Masking(), L.LSTM(3)]), "LSTM with dropout": lambda L: L.LSTM(3, dropout=0.5, seed=1),
    "ConvLSTM1D": lambda L: kerata.Sequential([L.Reshape((3, 2, 2)), L.ConvLSTM1D(3, 2)]), "RNN": lambda L: L.RNN([L.LSTMCell(3), L.GRUCell(2)]),
}  # fmt: skip


@pytest.mark.parametrize("layer", [*_BETWEEN])
def test_many_steps_are_compiled_by_xla_where_that_pays(layer, monkeypatch):
    from kerata.backend.tensorflow import autodiff

    monkeypatch.setattr(autodiff, "_MANY", dict.fromkeys(autodiff._MANY, 8))
    monkeypatch.setattr(autodiff, "_LARGE_LSTM", 0)

    def trained(**options):
        kerata.utils.set_random_seed(3)
        model = kerata.Sequential([kerata.Input((3, 4)), _BETWEEN[layer](layers), layers.Flatten(), layers.Dense(2)])
        x, y = np.random.default_rng(0).normal(size=(22, 3, 4)).astype("float32"), np.ones((22, 2), "float32")
        if layer == "classes":
            model.compile("adam", kerata.losses.SparseCategoricalCrossentropy(from_logits=True), **options)
            y = np.arange(22) % 2
        else:
            model.compile("adam", "mse", metrics=["mae"], **options)
        history = model.fit(x, y, batch_size=4, epochs=2, verbose=0).history
        chunks = [c for c in model._compiled_steps.values() if isinstance(c, autodiff._Chunk)]
        return [*model.get_weights(), *history.values()], any(c._xla is not None for c in chunks)

    with kerata.backend_scope("tensorflow"):
        (found, xla), (wanted, plain) = trained(), trained(jit_compile=False)
    assert (xla, plain) == (layer not in ("Dropout", "Conv1D", "LSTM with dropout", "ConvLSTM1D"), False)
    for f, w in zip(found, wanted, strict=True):
        np.testing.assert_allclose(f, w, rtol=1e-5, atol=1e-6)


def test_few_steps_and_small_lstms_are_not_compiled_by_xla():
    from kerata.backend.tensorflow import autodiff

    with kerata.backend_scope("tensorflow"):
        model = kerata.Sequential([kerata.Input((2, 1)), layers.LSTM(2)])
        model.compile("sgd", "mse")
        model.fit(np.ones((40, 2, 1)), np.ones((40, 2)), batch_size=2, epochs=2, verbose=0)
        (chunk,) = (c for c in model._compiled_steps.values() if isinstance(c, autodiff._Chunk))
        assert chunk._xla is None and not chunk._settled
        model.fit(np.ones((40, 2, 1)), np.ones((40, 2)), batch_size=2, epochs=50, verbose=0)
        assert chunk._xla is None and chunk._settled


def test_what_xla_does_not_know_runs_without_it(monkeypatch):
    import tensorflow as tf

    from kerata.backend.tensorflow import autodiff

    monkeypatch.setattr(autodiff, "_MANY", {"small": 2})

    class Counted(kerata.layers.Layer):
        def call(self, x):
            return x * tf.cast(tf.strings.length(tf.strings.as_string(x)) // 8, x.dtype)  # "1.000000"

    with kerata.backend_scope("tensorflow"):
        model = kerata.Sequential([kerata.Input((2,)), Counted(), kerata.layers.Dense(1, kernel_initializer="zeros")])
        model.compile(kerata.optimizers.SGD(0.5), "mse")
        monkeypatch.setattr(autodiff, "_ITS_OWN_KERNELS", ())
        model.fit(np.ones((8, 2), "float32"), np.ones((8, 1), "float32"), batch_size=4, epochs=1, verbose=0)
        (chunk,) = (c for c in model._compiled_steps.values() if isinstance(c, autodiff._Chunk))
        assert chunk._settled and chunk._xla is None
        np.testing.assert_allclose(model.layers[-1].bias.numpy(), [-1.0], atol=1e-6)  # from 0 to 1, then the output is 3
