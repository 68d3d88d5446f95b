"""Models change their backend while they are trained, and models on several backends live side by side."""

import itertools
import threading

import numpy as np
import pytest
from twins import labels, normal, start

import kerata
from kerata import backend, layers

X = normal(24, 6, 3)
Y = labels(24, 3)
NAMES = [n for n in backend.installed() if n != "numpy"]


def make():
    model = kerata.Sequential([
        kerata.Input((6, 3)), layers.Conv1D(4, 3, padding="same", activation="relu"), layers.BatchNormalization(),
        layers.LSTM(4), layers.Dense(3, activation="softmax"),
    ])  # fmt: skip
    start(model)
    model.compile(kerata.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model, epochs=2):
    return model.fit(X, Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0).history["loss"]


@pytest.fixture(scope="module")
def unmoved():
    with backend.backend_scope("torch"):
        model = make()
        return fit(model) + fit(model), model.get_weights()


@pytest.mark.parametrize("first, second", list(itertools.permutations(NAMES, 2)))
def test_training_goes_on_with_the_optimizers_state(first, second, unmoved):
    with backend.backend_scope(first):
        model = make()
    losses = fit(model)
    before = model.predict(X, verbose=0)
    steps = int(model.optimizer.iterations)
    assert model.to_backend(second) is model
    np.testing.assert_allclose(model.predict(X, verbose=0), before, atol=1e-5)
    assert int(model.optimizer.iterations) == steps == 6
    losses += fit(model)
    np.testing.assert_allclose(losses, unmoved[0], rtol=1e-3)
    for f, w in zip(model.get_weights(), unmoved[1]):
        np.testing.assert_allclose(f, w, rtol=5e-2, atol=2e-3)
    assert model.layers[0].kernel._backend is backend.get(second)


def test_to_numpy_for_inference_and_back():
    with backend.backend_scope("torch"):
        model = make()
        fit(model, 1)
        wanted = model.predict(X, verbose=0)
    model.to_backend("numpy")
    np.testing.assert_allclose(model.predict(X, verbose=0), wanted, atol=1e-5)
    assert model.evaluate(X, Y, verbose=0, return_dict=True).keys() == {"loss", "accuracy"}
    model.to_backend("torch")
    np.testing.assert_allclose(model.predict(X, verbose=0), wanted, atol=1e-5)
    assert np.isfinite(fit(model, 1)[0])


def test_models_of_all_backends_live_in_one_process():
    models = {}
    for name in NAMES:
        with backend.backend_scope(name):
            models[name] = make()
    before = backend.current().name
    losses = {name: [] for name in NAMES}
    for _ in range(2):
        for name, model in models.items():  # in turns, whatever backend is in force
            losses[name] += fit(model, 1)
    assert backend.current().name == before
    for name in NAMES[1:]:
        np.testing.assert_allclose(losses[name], losses[NAMES[0]], rtol=1e-3)
    out = [m.predict(X, verbose=0) for m in models.values()]
    for x in out[1:]:
        np.testing.assert_allclose(x, out[0], atol=2e-3)


def test_same_seed_gives_the_same_weights_on_every_backend():
    found = []
    for name in backend.installed():
        with backend.backend_scope(name):
            kerata.utils.set_random_seed(11)
            found.append(kerata.Sequential([kerata.Input((4,)), layers.Dense(5), layers.Dense(2, kernel_initializer="he_normal")]).get_weights())
    for other in found[1:]:
        for a, b in zip(found[0], other):
            np.testing.assert_array_equal(a, b)


def test_same_seed_gives_bit_equal_runs(train_backend):
    def run():
        kerata.utils.set_random_seed(5)
        model = kerata.Sequential([kerata.Input((5,)), layers.Dense(6, activation="relu"), layers.Dropout(0.3), layers.Dense(3)])
        model.compile("adam", kerata.losses.SparseCategoricalCrossentropy(from_logits=True))
        history = model.fit(normal(30, 5), labels(30, 3), batch_size=8, epochs=3, verbose=0, validation_split=0.2)
        return history.history, model.get_weights()

    (a, v), (b, w) = run(), run()
    assert a == b
    for x, y in zip(v, w):
        np.testing.assert_array_equal(x, y)


def test_set_backend_is_for_what_is_made_from_then_on(backend):
    assert kerata.backend.backend() == backend
    assert kerata.config.backend() == backend
    dense = layers.Dense(2)
    assert dense(np.ones((1, 3), "float32")).shape == (1, 2)
    assert kerata.ops.ones((2,)).__class__.__module__.split(".")[0] in (
        {"jax": ("jax", "jaxlib"), "torch": ("torch",), "tensorflow": ("tensorflow",), "numpy": ("numpy",)}[backend]
    )


def test_an_unknown_backend_is_named():
    with pytest.raises(ValueError, match=r"jaks.*jax"):
        kerata.config.set_backend("jaks")


@pytest.mark.parametrize("names", [("torch", "torch"), pytest.param(("jax", "torch"), marks=pytest.mark.slow)], ids="-".join)
def test_models_train_in_threads(names):
    """Also while one infers shapes and the other computes."""
    found: dict = {}

    def work(i, name):
        try:
            with kerata.backend_scope(name):
                for n in range(4):
                    model = start(kerata.Sequential([kerata.Input((4,)), layers.Dense(3), layers.BatchNormalization()]))
                    model.compile("sgd", "mse")
                    losses = model.fit(normal(8, 4), normal(8, 3), batch_size=4, shuffle=False, epochs=2, verbose=0).history["loss"]
                    found[i, n] = losses, model.predict(normal(8, 4), verbose=0)
        except Exception as e:
            found[i, -1] = e

    threads = [threading.Thread(target=work, args=(i, name)) for i, name in enumerate(names)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(found) == [(i, n) for i in range(2) for n in range(4)], found
    for losses, predictions in found.values():
        np.testing.assert_allclose(losses, found[0, 0][0], rtol=1e-4)
        np.testing.assert_allclose(predictions, found[0, 0][1], rtol=1e-3, atol=1e-5)
