"""What is found in the data before training, and errors of NumPy explained."""

import math
import warnings

import numpy as np
import pytest

from kerata import losses, ops
from kerata.core.keras_tensor import KerasTensor
from kerata.training.checks import check_fit_data, check_target, explain_numpy_error
from kerata.training.compile_losses import CompileLoss, as_loss

N = 20


class Model:
    """What the checks read of a model."""

    def __init__(self, loss="mse", shapes=((None, 3),), names=("out",), inputs=("pixels",)):
        self.input_names = list(inputs)
        self._compile_loss = CompileLoss(loss, output_names=list(names))
        outputs = [KerasTensor(s) for s in shapes]
        outputs = outputs[0] if len(outputs) == 1 else outputs
        self._compile_loss.build([KerasTensor((None,))] * len(shapes) if len(shapes) > 1 else KerasTensor((None,)), outputs)


def messages(fn, *args):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        fn(*args)
    return [str(w.message) for w in seen]


X = np.zeros((N, 4), "float32")


def test_good_data_is_silent():
    assert messages(check_fit_data, Model(), X, np.zeros((N, 3)), np.ones(N)) == []
    assert messages(check_fit_data, Model(), X, None, None) == []
    assert messages(check_fit_data, object(), {"a": X, "b": [X, X.astype("int32")]}, X) == []
    assert messages(check_fit_data, Model(), np.array(["a"] * N), np.zeros((N, 3))) == []
    assert messages(check_fit_data, Model(), np.zeros((N, 0)), np.zeros((N, 3))) == []


def test_lengths():
    with pytest.raises(ValueError, match=r"x: 20, y: 19") as error:
        check_fit_data(Model(), X, np.zeros((N - 1, 3)))
    assert "cardinality" in str(error.value)
    with pytest.raises(ValueError, match=r"x\['a'\]: 20, x\['b'\]: 3"):
        check_fit_data(Model(), {"a": X, "b": X[:3]}, None)
    with pytest.raises(ValueError, match="sample_weight: 2"):
        check_fit_data(Model(), X, np.zeros((N, 3)), np.ones(2))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(value):
    x = X.copy()
    x[7, 2] = x[9, 0] = value
    (text,) = messages(check_fit_data, Model(), x, np.zeros((N, 3)))
    assert "'pixels'" in text and str(value) in text and "row 7" in text and "2 of 20" in text
    (text,) = messages(check_fit_data, Model(inputs=()), {"a": X, "b": x}, None)
    assert "x['b']" in text
    y = np.zeros((N, 3))
    y[3] = value
    (text,) = messages(check_fit_data, Model(), X, y)
    assert "`y`" in text and "row 3" in text


def test_huge_arrays_are_sampled():
    x = np.zeros((3_000_000, 4), "float32")
    x[1_000_000 - 1_000_000 % 2 :] = np.nan
    (text,) = messages(check_fit_data, object(), x)
    assert "rows looked at" in text


def test_sums_may_overflow():
    x = np.full((N, 4), 3e38, "float64") * 1e269
    assert messages(check_fit_data, object(), x) == []


def test_negative_weights():
    (text,) = messages(check_fit_data, Model(), X, np.zeros((N, 3)), -np.ones(N))
    assert "negative" in text


def target(y, loss, shape, name="out"):
    return messages(check_target, np.asarray(y), as_loss(loss), shape, name)


SCC, CC, BC = "sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy"


def test_class_beyond_the_units():
    y = np.array([0, 1, 1, 2, 0, 2])
    (text,) = target(y, SCC, (None, 2))
    for word in ("the class 2 ", "2 of 6", "row 3", "'out'", "that output has 2 units", "classes 0 to 1", "loss of 0", "3 units"):
        assert word in text
    (text,) = target([1, 2, 3], SCC, (None, 3))
    assert "y - 1" in text
    (text,) = target([0, -1, 1], SCC, (None, 3))
    assert "class -1" in text
    (text,) = target([[0, 1], [4, 9]], losses.SparseCategoricalCrossentropy(), (None, 2, 3))
    assert "classes 4, 9" in text
    assert target([0, 255, 1], losses.SparseCategoricalCrossentropy(ignore_class=255), (None, 3)) == []
    assert target([0, -1, 1], losses.SparseCategoricalCrossentropy(ignore_class=-1), (None, 3)) == []
    assert target([[0], [2]], SCC, (None, 3)) == []
    assert target([0.0, 2.0], SCC, (None, 3)) == []
    (text,) = target([0.5, 2.0], SCC, (None, 3))
    assert "whole numbers" in text
    (text,) = target([0, 1], SCC, (None, 1))
    assert "always 0" in text


@pytest.mark.parametrize(("y", "loss", "shape", "words"), [
    (np.eye(3), SCC, (None, 3), ["(3, 3)", "one-hot", "argmax"]),
    (np.zeros((5, 7)), SCC, (None, 4, 3), ["(5, 7)", "(samples, 4)"]),
    (np.array([0, 1, 2]), CC, (None, 3), ["integer labels", SCC, "to_categorical(y, 3)"]),
    (np.array([[0], [1], [2]]), CC, (None, 3), ["integer labels"]),
    (np.eye(3), CC, (None, 4), ["3 classes", "4 units"]),
    (np.array([0, 1, 1]), BC, (None, 2), ["Dense(1", SCC]),
    (np.zeros((5, 3)), "mse", (None, 4), ["(5, 3)", "(samples, 4)"]),
    (np.zeros(5), "mse", (None, 4), ["(samples, 4)"]),
    (np.zeros((5, 28, 28)), "mae", (None, 14, 14), ["(samples, 14, 14)"]),
])  # fmt: skip
def test_wrong_shapes(y, loss, shape, words):
    with pytest.raises(ValueError) as error:
        target(y, loss, shape)
    for word in ["'out'", *words]:
        assert word in str(error.value), str(error.value)


def test_good_shapes():
    assert target(np.zeros(5), "mse", (None, 1)) == []
    assert target(np.zeros((5, 1)), "mse", (None, 1)) == []
    assert target(np.zeros((5, 3)), "mse", (None, 3)) == []
    assert target(np.zeros((5, 8, 8)), "mse", (None, 8, 8, 1)) == []
    assert target(np.zeros((5, 8, 8, 1)), "mse", (None, None, None, 1)) == []
    assert target(np.eye(3), CC, (None, 3)) == []
    assert target(np.zeros((5, 1)), BC, (None, 1)) == []
    assert target(np.zeros(5), BC, (None, 1)) == []
    assert target(np.zeros(5), lambda a, b: a, (None, 7)) == []


def test_binary_labels():
    (text,) = target([0, 1, 2], BC, (None, 1))
    assert "Dense(3" in text
    (text,) = target([-1, 1, 1], BC, (None, 1))
    assert "hinge" in text
    (text,) = target(np.full((3, 4), 200), BC, (None, 4))
    assert "255" in text
    (text,) = target([0.5, 7.5], BC, (None, 1))
    assert "mse" in text
    assert target([0.2, 1.0], BC, (None, 1)) == []
    assert target([True, False], BC, (None, 1)) == []


def test_broadcast_targets():
    (text,) = target(np.zeros((5, 1)), "mse", (None, 4))
    assert "repeats" in text


def test_outputs_by_name():
    model = Model({"b": SCC, "a": SCC}, ((None, 2), (None, 3)), ("a", "b"))
    (text,) = messages(check_fit_data, model, X, {"b": np.full(N, 2), "a": np.full(N, 2)})
    assert "output 'a'" in text and "2 units" in text


# -- NumPy on tensors --------------------------------------------------------------------------------------------
def spoil(fn, backend_name):
    """What `fn` raises on a tensor that is being traced or differentiated."""
    from kerata import backend as backends

    if backend_name == "jax":
        import jax

        jax.grad(lambda x: jax.numpy.sum(fn(x)))(ops.ones((3,)))
    elif backend_name == "torch":
        fn(ops.ones((3,)).requires_grad_())
    elif backend_name == "tensorflow":
        import tensorflow as tf

        tf.function(fn)(ops.ones((3,)))
    else:
        fn(KerasTensor((3,)))
    assert backends


def np_exp(x):
    return np.exp(x)


def np_log(x):
    return -np.log(x + 1.0) * 2.0


def np_linalg(x):
    return np.linalg.norm(x)


def np_asarray(x):
    y = x * 2
    return np.asarray(y).mean()


def np_concatenate(x):
    return np.concatenate(
        [x, x],
        axis=0,
    )


def math_exp(x):
    return math.exp(x)


@pytest.mark.parametrize(("fn", "name", "op"), [
    (np_exp, "np.exp", "ops.exp"),
    (np_log, "np.log", "ops.log"),
    (np_linalg, "np.linalg.norm", "ops.norm"),
    (np_asarray, "np.asarray", "ops.convert_to_tensor"),
    (np_concatenate, "np.concatenate", "ops.concatenate"),
    (math_exp, "math.exp", "ops.exp"),
])  # fmt: skip
def test_numpy_on_tensors(backend, fn, name, op):
    try:
        spoil(fn, backend)
    except Exception as error:
        told = explain_numpy_error(error)
        assert isinstance(told, TypeError), (type(error), error)
        assert f"`{name}`" in str(told) and f"kerata.{op}" in str(told) and fn.__name__ in str(told)
    else:
        pytest.skip("works on this backend")


def test_np_mean_on_torch():
    torch = pytest.importorskip("torch")

    def loss(x):
        return np.mean(np.square(x))

    with pytest.raises(Exception) as error:
        loss(torch.ones(3, requires_grad=True))
    told = explain_numpy_error(error.value)
    assert "ops.mean" in str(told) or "ops.square" in str(told)


def test_other_errors_are_not_explained():
    def broken():
        raise ValueError("only this")

    for fn in (broken, lambda: np.zeros((2, 3)) @ np.zeros((2, 3)), lambda: [].nothing, lambda: np.exp("a")):
        with pytest.raises(Exception) as error:
            fn()
        if fn is not broken and "exp" in str(error.value):
            continue
        assert explain_numpy_error(error.value) is None


# -- in fit and evaluate -----------------------------------------------------------------------------------------
def test_fit_and_evaluate_check_their_data(train_backend):
    import kerata

    x = kerata.Input((4,), name="features")
    model = kerata.Model(x, kerata.layers.Dense(2, activation="softmax", name="classes")(x))
    model.compile("sgd", loss=SCC, metrics=["accuracy"])
    labels = np.array([0, 1, 2, 1] * 5)
    with pytest.warns(UserWarning, match="class 2 .*5 of 20 samples, first in row 2.* 2 units"):
        history = model.fit(X, labels, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    with pytest.warns(UserWarning, match="class 2"):
        loss, accuracy = model.evaluate(X, np.full(N, 2), verbose=0)
    assert (loss, accuracy) == (0.0, 0.0)
    with pytest.raises(ValueError, match="one-hot labels"):
        model.fit(X, np.eye(2)[labels % 2], verbose=0)
    broken = X.copy()
    broken[3] = np.nan
    with pytest.warns(UserWarning, match="'features'.* row 3"):
        model.evaluate(broken, labels % 2, verbose=0)
    with pytest.raises(ValueError, match=r"20.*19|19.*20"):
        model.fit(X, labels[:-1], verbose=0)
