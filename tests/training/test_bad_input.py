"""Mistakes get an error that names what is wrong and what to do; the model is usable afterwards."""

import warnings

import numpy as np
import pytest
from twins import labels, normal

import kerata
from kerata import layers

X, Y = normal(12, 4), labels(12, 3)


def make(**compiled):
    model = kerata.Sequential([kerata.Input((4,), name="features"), layers.Dense(3, activation="softmax", name="out")])
    model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **compiled})
    return model


MISTAKES = {
    "wrong width": (lambda m: m.fit(normal(12, 5), Y, verbose=0), ValueError, r"5.*4|4.*5"),
    "wrong width in predict": (lambda m: m.predict(normal(12, 5), verbose=0), ValueError, r"5.*4|4.*5"),
    "lengths": (lambda m: m.fit(X, Y[:5], verbose=0), ValueError, r"12.*5"),
    "weights' length": (lambda m: m.fit(X, Y, sample_weight=np.ones(3), verbose=0), ValueError, r"12.*3|3.*12"),
    "no data": (lambda m: m.fit(X[:0], Y[:0], verbose=0), ValueError, r"empty|no samples|no data|0 samples"),
    "no data to predict": (lambda m: m.predict(X[:0], verbose=0), ValueError, r"empty|no samples|no data|0 samples"),
    "no data in a generator": (lambda m: m.fit(iter(()), verbose=0), (ValueError, StopIteration), r"no|empty"),
    "no targets": (lambda m: m.fit(X, verbose=0), ValueError, r"targets|`y`"),
    "strings": (lambda m: m.fit(np.array([["a"] * 4] * 12), Y, verbose=0), (ValueError, TypeError), r"str|<U1|text"),
    "one-hot": (lambda m: m.fit(X, np.eye(3)[Y], verbose=0), ValueError, r"categorical_crossentropy"),
    "unknown inputs": (lambda m: m.fit({"feature": X}, Y, verbose=0), ValueError, r"features"),
    "class and sample weights": (
        lambda m: m.fit(X, Y, class_weight={0: 1.0}, sample_weight=np.ones(12), verbose=0), ValueError, r"class_weight"),
    "split of a generator": (
        lambda m: m.fit(((X, Y) for _ in range(2)), validation_split=0.2, verbose=0), ValueError, r"validation_data"),
    "unknown optimizer": (lambda m: m.compile("adan", "mse"), ValueError, r"adam"),
    "unknown loss": (lambda m: (m.compile("sgd", "mean_squared_eror"), m.fit(X, X[:, :3], verbose=0)), ValueError, r"mean_squared_error"),
    "unknown metric": (lambda m: (m.compile("sgd", "mse", metrics=["acuracy"]), m.fit(X, X[:, :3], verbose=0)), ValueError, r"accuracy"),
    "metrics no list": (lambda m: m.compile("sgd", "mse", metrics="accuracy"), ValueError, r"metrics=\["),
    "no loss": (lambda m: (c := kerata.models.clone_model(m), c.compile("sgd"), c.fit(X, Y, verbose=0)), ValueError, r"loss"),
    "unknown output": (lambda m: (m.compile("sgd", {"oot": "mse"}), m.fit(X, X[:, :3], verbose=0)), ValueError, r"'out'"),
    "steps": (lambda m: m.compile("sgd", "mse", steps_per_execution=0), ValueError, r"steps_per_execution"),
    "a number as loss": (lambda m: (m.compile("sgd", 3), m.fit(X, Y, verbose=0)), ValueError, r"loss.*3"),
    "validation_freq": (lambda m: m.fit(X, Y, validation_data=(X, Y), validation_freq="x", verbose=0), ValueError, r"validation_freq.*'x'"),
    "validation_freq 0": (lambda m: m.fit(X, Y, validation_data=(X, Y), validation_freq=0, verbose=0), ValueError, r"validation_freq"),
    "unknown argument": (lambda m: m.evaluate(X, Y, verbose=0, batchsize=3), ValueError, r"'batchsize'"),
    "unknown layer": (lambda m: m.get_layer("ot"), ValueError, r"'out'"),
    "weights of another": (lambda m: m.set_weights([np.ones((4, 3))]), ValueError, r"2 weights"),
    "weights' shape": (lambda m: m.set_weights([np.ones((3, 4)), np.ones(3)]), ValueError, r"\(4, 3\)"),
}  # fmt: skip


def test_everything_frozen_is_warned_about():
    model = kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(3)])
    model.trainable = False
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="no trainable weights"):
        model.fit(np.ones((4, 4)), np.ones((4, 3)), verbose=0)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(mistake, train_backend):
    do, kind, words = MISTAKES[mistake]
    model = make()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(kind, match=f"(?is){words}"):
            do(model)
    model.trainable = True
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[])
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"][0])


def test_eager_steps_are_not_compiled():
    with pytest.warns(UserWarning, match="eager"):
        model = make(run_eagerly=True, jit_compile=True)
    assert model.run_eagerly and model.jit_compile is False


def test_a_model_that_was_not_compiled(train_backend):
    model = kerata.Sequential([layers.Dense(1)])
    with pytest.raises(ValueError, match=r"compile"):
        model.fit(X, X[:, :1], verbose=0)
    with pytest.raises(ValueError, match=r"compile"):
        model.evaluate(X, X[:, :1], verbose=0)


def test_nan_is_warned_about(train_backend):
    x = X.copy()
    x[3, 1] = np.nan
    with pytest.warns(UserWarning, match=r"features.*nan in row 3"):
        make().fit(x, Y, verbose=0)


def test_numpy_in_a_loss_names_the_op(train_backend):
    def loss(y, p):
        return np.mean(np.square(y - p))

    model = make(loss=loss)
    if train_backend == "tensorflow":
        model.run_eagerly = False
    with pytest.raises(TypeError, match=r"kerata\.ops|keras\.ops"):
        model.fit(X, np.eye(3, dtype="float32")[Y], verbose=0)


def test_a_loss_that_is_not_finite_is_said_once(train_backend):
    model = make(loss=lambda y, p: kerata.ops.log(p[:, 0] * 0.0) * 0.0)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        model.fit(X, Y, epochs=3, verbose=0)
    assert sum("is nan after epoch 1" in str(w.message) for w in found) == 1


def test_a_batch_of_another_width(train_backend):
    model = make()
    with pytest.raises(ValueError, match=r"'features'.*5"):
        model.fit(((normal(6, n), Y[:6]) for n in (4, 5)), verbose=0)
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"][0])


class Full:
    """A file on a full disk."""

    def __init__(self, file):
        self.write, self.close = file.write, file.close

    def flush(self):
        raise OSError(28, "No space left on device")


def test_a_full_disk_and_a_log(monkeypatch, tmp_path):
    model = make()
    log = kerata.callbacks.CSVLogger(tmp_path / "log.csv")
    begin = log.on_train_begin

    def fill(logs=None):
        begin(logs)
        log._file = Full(log._file)

    monkeypatch.setattr(log, "on_train_begin", fill)
    with pytest.raises(OSError, match=r"log\.csv' cannot be written: No space left.*end of epoch 1"):
        model.fit(X, Y, callbacks=[log], verbose=0)
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"][0])
