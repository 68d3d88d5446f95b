"""Every loss against the real Keras: values per sample, weights, masks, reductions, configs."""

import inspect
import warnings

import numpy as np
import pytest
from remember import remember

import kerata
from kerata import losses, ops
from kerata.core.masks import set_mask

rng = np.random.default_rng(3)
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def keras_losses():
    import keras

    return keras.losses


def probabilities(*shape):
    x = rng.random(shape) + 0.05
    return (x / x.sum(-1, keepdims=True)).astype("float32")


N, T, C = 6, 4, 5
REAL = (rng.normal(size=(N, T)).astype("float32"), rng.normal(size=(N, T)).astype("float32"))
POSITIVE = (rng.random((N, T)).astype("float32") * 3, rng.random((N, T)).astype("float32") * 3)
BITS = (rng.integers(0, 2, (N, T)).astype("float32"), rng.random((N, T)).astype("float32"))
BIT_LOGITS = (BITS[0], REAL[1] * 3)
SIGNS = (BITS[0] * 2 - 1, REAL[1])
ONE_HOT = (np.eye(C, dtype="float32")[rng.integers(0, C, N)], probabilities(N, C))
SEQUENCE_ONE_HOT = (np.eye(C, dtype="float32")[rng.integers(0, C, (N, T))], probabilities(N, T, C))
SPARSE = (rng.integers(0, C, N), probabilities(N, C))
SPARSE_COLUMN = (SPARSE[0][:, None], SPARSE[1])
SPARSE_SEQUENCE = (rng.integers(0, C, (N, T)), probabilities(N, T, C))
LOGITS = (ONE_HOT[0], rng.normal(size=(N, C)).astype("float32") * 4)
SPARSE_LOGITS = (SPARSE[0], LOGITS[1])
IMAGE = (rng.integers(0, 2, (N, 3, 3, 2)).astype("float32"), rng.random((N, 3, 3, 2)).astype("float32"))
IMAGE_OF_CLASSES = (np.moveaxis(SEQUENCE_ONE_HOT[0], -1, 1), np.moveaxis(SEQUENCE_ONE_HOT[1], -1, 1))
IGNORED = (np.where(SPARSE_SEQUENCE[0] == 1, -1, SPARSE_SEQUENCE[0]), rng.normal(size=(N, T, C)).astype("float32"))
SEQUENCE_PROBABILITIES = (probabilities(N, T, C), probabilities(N, T, C))
COLUMN = (REAL[0][:, :1], REAL[1][:, 0])
SPEECH = (np.array([[1, 2, 1, 0], [3, 0, 0, 0], [2, 2, 0, 0]]), rng.normal(size=(3, 9, 5)).astype("float32"))
EMBEDDINGS = (np.array([0, 1, 0, 2, 1, 0]), rng.normal(size=(6, 4)).astype("float32"))

# class, function, arguments, data
CASES = [
    ("MeanSquaredError", "mean_squared_error", {}, REAL),
    ("MeanSquaredError", "mean_squared_error", {}, COLUMN),
    ("MeanSquaredError", "mean_squared_error", {}, IMAGE),
    ("MeanAbsoluteError", "mean_absolute_error", {}, REAL),
    ("MeanAbsolutePercentageError", "mean_absolute_percentage_error", {}, POSITIVE),
    ("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", {}, POSITIVE),
    ("Huber", "huber", {}, REAL),
    ("Huber", "huber", {"delta": 0.3}, REAL),
    ("LogCosh", "log_cosh", {}, REAL),
    ("CosineSimilarity", "cosine_similarity", {}, REAL),
    ("CosineSimilarity", "cosine_similarity", {"axis": 0}, REAL),
    ("KLDivergence", "kl_divergence", {}, (ONE_HOT[1], probabilities(N, C))),
    ("Poisson", "poisson", {}, POSITIVE),
    ("Hinge", "hinge", {}, SIGNS),
    ("Hinge", "hinge", {}, BIT_LOGITS),
    ("SquaredHinge", "squared_hinge", {}, SIGNS),
    ("SquaredHinge", "squared_hinge", {}, BIT_LOGITS),
    ("CategoricalHinge", "categorical_hinge", {}, ONE_HOT),
    ("BinaryCrossentropy", "binary_crossentropy", {}, BITS),
    ("BinaryCrossentropy", "binary_crossentropy", {"from_logits": True}, BIT_LOGITS),
    ("BinaryCrossentropy", "binary_crossentropy", {"label_smoothing": 0.2}, BITS),
    ("BinaryCrossentropy", "binary_crossentropy", {"axis": 1}, IMAGE),
    ("BinaryFocalCrossentropy", "binary_focal_crossentropy", {}, BITS),
    ("BinaryFocalCrossentropy", "binary_focal_crossentropy",
     {"apply_class_balancing": True, "alpha": 0.4, "gamma": 1.5, "label_smoothing": 0.1}, BITS),
    ("BinaryFocalCrossentropy", "binary_focal_crossentropy", {"from_logits": True}, BIT_LOGITS),
    ("CategoricalCrossentropy", "categorical_crossentropy", {}, ONE_HOT),
    ("CategoricalCrossentropy", "categorical_crossentropy", {}, SEQUENCE_ONE_HOT),
    ("CategoricalCrossentropy", "categorical_crossentropy", {"from_logits": True}, LOGITS),
    ("CategoricalCrossentropy", "categorical_crossentropy", {"label_smoothing": 0.2}, ONE_HOT),
    ("CategoricalFocalCrossentropy", "categorical_focal_crossentropy", {}, ONE_HOT),
    ("CategoricalFocalCrossentropy", "categorical_focal_crossentropy",
     {"alpha": 0.5, "gamma": 1.0, "from_logits": True, "label_smoothing": 0.1}, LOGITS),
    ("CategoricalGeneralizedCrossEntropy", "categorical_generalized_cross_entropy", {"q": 0.7}, SPARSE),
    ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", {}, SPARSE),
    ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", {}, SPARSE_COLUMN),
    ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", {}, SPARSE_SEQUENCE),
    ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", {"from_logits": True}, SPARSE_LOGITS),
    ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", {"ignore_class": 2}, SPARSE_SEQUENCE),
    ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy",
     {"ignore_class": 0, "from_logits": True}, SPARSE_LOGITS),
    ("Dice", "dice", {}, IMAGE),
    ("Dice", "dice", {"axis": (1, 2)}, IMAGE),
    ("Tversky", "tversky", {}, IMAGE),
    ("Tversky", "tversky", {"alpha": 0.3, "beta": 0.6, "axis": (1, 2, 3)}, IMAGE),
    ("BinaryCrossentropy", "binary_crossentropy", {"from_logits": True, "label_smoothing": 0.2}, BIT_LOGITS),
    ("BinaryFocalCrossentropy", "binary_focal_crossentropy", {"axis": 1}, IMAGE),
    ("CategoricalCrossentropy", "categorical_crossentropy", {"axis": 1}, IMAGE_OF_CLASSES),
    ("CategoricalCrossentropy", "categorical_crossentropy", {"from_logits": True, "label_smoothing": 0.2}, LOGITS),
    ("CategoricalFocalCrossentropy", "categorical_focal_crossentropy", {"axis": 1}, IMAGE_OF_CLASSES),
    ("CategoricalFocalCrossentropy", "categorical_focal_crossentropy", {"alpha": [0.1, 0.2, 0.3, 0.4, 0.5]}, SEQUENCE_ONE_HOT),
    ("CategoricalHinge", "categorical_hinge", {}, SEQUENCE_ONE_HOT),
    ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", {"ignore_class": -1, "from_logits": True}, IGNORED),
    ("CosineSimilarity", "cosine_similarity", {}, COLUMN),
    ("KLDivergence", "kl_divergence", {}, SEQUENCE_PROBABILITIES),
    ("CTC", "ctc", {}, SPEECH),
    ("Circle", "circle", {}, EMBEDDINGS),
    ("Circle", "circle", {"gamma": 10.0, "margin": 0.2, "remove_diagonal": False}, EMBEDDINGS),
]  # fmt: skip
IDS = [f"{c[0]}-{i}" for i, c in enumerate(CASES)]


def case_data(case):
    cls, fn, kwargs, (y_true, y_pred) = case
    if cls == "Circle":  # embeddings of length 1
        y_pred = y_pred / np.linalg.norm(y_pred, axis=-1, keepdims=True)
    return cls, fn, kwargs, y_true, y_pred


REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "none", None, "mean_with_sample_weight")
WEIGHTED = ("sum_over_batch_size", "sum", None, "mean_with_sample_weight")


@remember
def oracle(i):
    """Keras's values: of the function, of the class by reduction, and by reduction and weight."""
    cls, fn, kwargs, y_true, y_pred = case_data(CASES[i])
    function = np.asarray(getattr(keras_losses(), fn)(y_true, y_pred, **kwargs))
    gradient = oracle_gradient(getattr(keras_losses(), fn), kwargs, y_true, y_pred)

    def value(reduction, *weight):
        return np.asarray(getattr(keras_losses(), cls)(**kwargs, reduction=reduction)(y_true, y_pred, *weight))

    if cls == "CTC":  # JAX compiles its loop anew at every call
        return function, gradient, {"sum_over_batch_size": value("sum_over_batch_size")}, [], []
    plain = {r: value(r) for r in REDUCTIONS}
    weights = sample_weights(plain[None].shape)
    return function, gradient, plain, weights, [{r: value(r, w) for r in WEIGHTED} for w in weights]


def factors(values):
    return np.random.default_rng(7).normal(size=values.shape).astype("float32")


def oracle_gradient(fn, kwargs, y_true, y_pred):
    """By the predictions, of a weighted sum of the losses."""
    import jax
    import jax.numpy as jnp

    def total(x):
        values = fn(y_true, x, **kwargs)
        return jnp.sum(values * factors(values))

    return np.asarray(jax.jit(jax.grad(total))(y_pred))


def sample_weights(shape):
    if not shape:
        return [0.3]
    generator = np.random.default_rng(0)
    other = (*shape[:1], *[1] * (len(shape) - 1)) if len(shape) > 1 else (*shape, 1)
    return [generator.random(shape).astype("float32"), 2.0, generator.random(other).astype("float32")]


@pytest.mark.parametrize("i", range(len(CASES)), ids=IDS)
def test_function_and_reductions(backend, i):
    cls, fn, kwargs, y_true, y_pred = case_data(CASES[i])
    wanted, _, plain, weights, weighted = oracle(i)
    got = ops.convert_to_numpy(getattr(losses, fn)(y_true, y_pred, **kwargs))
    np.testing.assert_allclose(got, wanted, **CLOSE)
    assert got.dtype == wanted.dtype and got.shape == wanted.shape
    for reduction, value in plain.items():
        got = getattr(losses, cls)(**kwargs, reduction=reduction)(y_true, y_pred)
        np.testing.assert_allclose(ops.convert_to_numpy(got), value, **CLOSE, err_msg=str(reduction))
    for weight, values in zip(weights, weighted):
        for reduction, value in values.items():
            got = getattr(losses, cls)(**kwargs, reduction=reduction)(y_true, y_pred, weight)
            np.testing.assert_allclose(ops.convert_to_numpy(got), value, **CLOSE, err_msg=str(reduction))


@pytest.mark.parametrize("i", range(len(CASES)), ids=IDS)
def test_gradient(train_backend, i):
    _, fn, kwargs, y_true, y_pred = case_data(CASES[i])

    def total(x):
        values = getattr(losses, fn)(y_true, x, **kwargs)
        return ops.sum(ops.multiply(values, factors(values)))

    _, found = kerata.value_and_grad(total)(ops.convert_to_tensor(y_pred))
    np.testing.assert_allclose(ops.convert_to_numpy(found), oracle(i)[1], **CLOSE)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None])
@pytest.mark.parametrize("weights", [None, "sample", "step"])
def test_mask(backend, reduction, weights):
    import keras

    y_true, y_pred = SPARSE_SEQUENCE
    mask = np.random.default_rng(1).random((N, T)) > 0.4
    weight = {None: None, "sample": rng.random((N, 1)), "step": rng.random((N, T))}[weights]
    theirs = keras.ops.convert_to_tensor(y_pred)
    theirs._keras_mask = keras.ops.convert_to_tensor(mask)
    ours = set_mask(ops.convert_to_tensor(y_pred), ops.convert_to_tensor(mask))
    wanted = keras.losses.SparseCategoricalCrossentropy(reduction=reduction)(y_true, theirs, weight)
    got = losses.SparseCategoricalCrossentropy(reduction=reduction)(y_true, ours, weight)
    np.testing.assert_allclose(ops.convert_to_numpy(got), np.asarray(wanted), **CLOSE)


@pytest.mark.parametrize("axis", [1, -2])
def test_class_axis(backend, axis):
    y_pred = np.moveaxis(SPARSE_SEQUENCE[1], -1, 1)
    y_true = np.moveaxis(SEQUENCE_ONE_HOT[0], -1, 1)
    for kwargs in ({}, {"from_logits": True}):
        wanted = keras_losses().categorical_crossentropy(y_true, y_pred, axis=axis, **kwargs)
        got = losses.categorical_crossentropy(y_true, y_pred, axis=axis, **kwargs)
        np.testing.assert_allclose(ops.convert_to_numpy(got), np.asarray(wanted), **CLOSE)
        wanted = keras_losses().sparse_categorical_crossentropy(*SPARSE_SEQUENCE, **kwargs)
        got = losses.sparse_categorical_crossentropy(SPARSE_SEQUENCE[0], y_pred, axis=axis, **kwargs)
        np.testing.assert_allclose(ops.convert_to_numpy(got), np.asarray(wanted), **CLOSE)


def test_label_out_of_range_gives_zero(backend):
    """Defined on every backend: a label that is no class has no term in the sum."""
    y_pred = np.array([[0.2, 0.8], [0.6, 0.4], [0.5, 0.5]], "float32")
    for from_logits in (False, True):
        got = losses.sparse_categorical_crossentropy([2, 0, -1], y_pred, from_logits=from_logits)
        good = losses.sparse_categorical_crossentropy([0, 0, 0], y_pred, from_logits=from_logits)
        np.testing.assert_allclose(ops.convert_to_numpy(got), [0, float(good[1]), 0], **CLOSE)


def classes():
    return [n for n in losses.__all__ if inspect.isclass(getattr(losses, n)) and n != "Loss"]


@pytest.mark.parametrize("name", classes())
def test_signature_and_config(name):
    ours, theirs = getattr(losses, name), getattr(keras_losses(), name)
    assert _parameters(ours) == _parameters(theirs)
    assert ours().get_config() == theirs().get_config()
    config = {**theirs().get_config(), "name": "other", "reduction": "sum"}
    again = ours.from_config(config)
    assert again.get_config() == config
    assert losses.get(losses.serialize(again)).get_config() == config
    assert losses.serialize(again) == keras_losses().serialize(theirs.from_config(config))


def _parameters(cls):
    return [(p.name, p.default) for p in inspect.signature(cls).parameters.values()]


def test_public_names_and_function_signatures():
    theirs = keras_losses()
    public = {n for n in dir(theirs) if not n.startswith("_")}
    assert public <= set(losses.__all__)
    for name in public:
        if inspect.isfunction(getattr(theirs, name)):
            assert _parameters(getattr(losses, name)) == _parameters(getattr(theirs, name)), name


@pytest.mark.parametrize("name", ["mse", "MSE", "mae", "bce", "BCE", "kld", "KLD", "mape", "MSLE", "huber", "poisson",
                                  "sparse_categorical_crossentropy", "MeanSquaredError", "Huber", "log_cosh"])  # fmt: skip
def test_get_by_name(name):
    ours, theirs = losses.get(name), keras_losses().get(name)
    assert getattr(ours, "__name__", type(ours).__name__) == getattr(theirs, "__name__", type(theirs).__name__)


def test_get_unknown():
    assert losses.get(None) is None
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    fn = lambda a, b: a
    assert losses.get(fn) is fn
    with pytest.raises(ValueError, match="sparse_categorical_crossentropy"):
        losses.get("sparse_categorial_crossentropy")
    with pytest.raises(ValueError):
        losses.get(3)


def test_custom_loss(backend):
    class Pinball(losses.Loss):
        def __init__(self, quantile=0.5, **kwargs):
            super().__init__(**kwargs)
            self.quantile = quantile

        def call(self, y_true, y_pred):
            error = y_true - y_pred
            return ops.mean(ops.maximum(self.quantile * error, (self.quantile - 1) * error), axis=-1)

    loss = Pinball(0.9, name="pin")
    assert float(loss([[2.0], [0.0]], [[0.0], [2.0]])) == pytest.approx(1.0)
    assert loss.get_config() == {"name": "pin", "reduction": "sum_over_batch_size", "quantile": 0.9}
    assert Pinball.from_config(loss.get_config()).quantile == 0.9
    assert losses.Loss().name.startswith("loss")
    with pytest.raises(NotImplementedError, match="call"):
        losses.Loss()([1.0], [1.0])


def test_dtype(backend):
    loss = losses.MeanSquaredError(dtype="float16")
    assert loss.dtype == "float16"
    assert "float16" in str(loss([[1.0]], [[2.0]]).dtype)
    assert losses.Huber(dtype="bfloat16").get_config()["dtype"] == "bfloat16"


def test_errors_and_warnings(backend):
    with pytest.raises(ValueError, match="reduction"):
        losses.MeanSquaredError(reduction="average")
    with pytest.raises(ValueError, match="sample_weight"):
        losses.MeanSquaredError()(*REAL, np.ones(N + 1))
    for loss in (losses.MeanSquaredError(), losses.BinaryCrossentropy(), losses.Poisson(), losses.Hinge()):
        with pytest.raises(ValueError, match=r"shape \(6, 4\), and the predictions, of shape \(6, 3\), do not fit"):
            loss(REAL[0], REAL[1][:, :3])
    with pytest.raises(ValueError, match="q"):
        losses.CategoricalGeneralizedCrossEntropy(q=2.0)
    with pytest.raises(ValueError, match="CTC"):
        losses.ctc([1, 2], SPEECH[1])
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        losses.categorical_crossentropy([[1.0]], [[0.5]])
    assert any("binary_crossentropy" in str(w.message) for w in seen)


def test_gradients_are_finite_at_the_edges(train_backend):
    """Probabilities of exactly 0 and 1, and equal vectors, give finite losses and gradients."""
    for loss, y_true, y_pred in [
        (losses.BinaryCrossentropy(), [[0.0, 1.0]], [[1.0, 0.0]]),
        (losses.CategoricalCrossentropy(), [[0.0, 1.0]], [[1.0, 0.0]]),
        (losses.SparseCategoricalCrossentropy(), [1], [[1.0, 0.0]]),
        (losses.KLDivergence(), [[0.0, 1.0]], [[1.0, 0.0]]),
        (losses.LogCosh(), [[100.0]], [[-100.0]]),
        (losses.CosineSimilarity(), [[0.0, 0.0]], [[0.0, 0.0]]),
    ]:
        value, gradient = kerata.value_and_grad(lambda x: loss(y_true, x))(ops.convert_to_tensor(y_pred))
        assert np.isfinite(float(value))
        assert np.isfinite(ops.convert_to_numpy(gradient)).all(), type(loss).__name__
