"""Every metric against the real Keras: several updates, weights, masks, resets, configs, stateless use."""

import inspect

import numpy as np
import pytest
from remember import remember

from kerata import metrics, ops
from kerata.core.masks import set_mask

rng = np.random.default_rng(5)
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
N, T, C = 8, 4, 6


def keras_metrics():
    import keras

    return keras.metrics


def probabilities(*shape):
    x = rng.random(shape) + 0.05
    return (x / x.sum(-1, keepdims=True)).astype("float32")


def real(batch):
    return rng.normal(size=(N, T)).astype("float32"), rng.normal(size=(N, T)).astype("float32")


def positive(batch):
    return rng.random((N, T)).astype("float32") * 3, rng.random((N, T)).astype("float32") * 3


def bits(batch):
    return rng.integers(0, 2, (N, T)).astype("float32"), rng.random((N, T)).astype("float32")


def one_bit(batch):
    return rng.integers(0, 2, (N, 1)), rng.random((N, 1)).astype("float32")


def flat_bits(batch):
    return rng.integers(0, 2, N), rng.random(N).astype("float32")


def signs(batch):
    return rng.integers(0, 2, (N, T)).astype("float32") * 2 - 1, rng.normal(size=(N, T)).astype("float32")


def logits(batch):
    return rng.integers(0, 2, (N, T)).astype("float32"), rng.normal(size=(N, T)).astype("float32") * 3


def equal_ints(batch):
    return rng.integers(0, 3, (N, T)), rng.integers(0, 3, (N, T))


def one_hot(batch):
    return np.eye(C, dtype="float32")[rng.integers(0, C, N)], probabilities(N, C)


def sparse(batch):
    return rng.integers(0, C, N), probabilities(N, C)


def sparse_column(batch):
    return rng.integers(0, C, (N, 1)), probabilities(N, C)


def sparse_sequence(batch):
    return rng.integers(0, C, (N, T)), probabilities(N, T, C)


def one_hot_sequence(batch):
    return np.eye(C, dtype="float32")[rng.integers(0, C, (N, T))], probabilities(N, T, C)


def sorted_ids(batch):
    return rng.integers(0, C, N), np.stack([rng.permutation(C) for _ in range(N)])


def class_ids(batch):
    return rng.integers(0, 3, (N, T)), rng.integers(0, 3, (N, T))


def ids_and_scores(batch):
    return rng.integers(0, 3, (N, T)), rng.random((N, T, 3)).astype("float32")


def one_hot_images(batch):
    return np.eye(3, dtype="float32")[rng.integers(0, 3, (N, T))], rng.random((N, T, 3)).astype("float32")


def one_hot_channels(batch):
    y_true, y_pred = one_hot_sequence(batch)
    return np.moveaxis(y_true, -1, 1), np.moveaxis(y_pred, -1, 1)


def one_hot_and_ids(batch):
    return np.eye(3, dtype="float32")[rng.integers(0, 3, (N, T))], rng.integers(0, 3, (N, T))


def ids_with_unknown(batch):
    return rng.integers(-1, 3, (N, T)), rng.integers(0, 3, (N, T))


def distributions(batch):
    return probabilities(N, C), probabilities(N, C)


# class, arguments, data, shapes of weights besides (N,)
CASES = [
    ("MeanSquaredError", {}, real, (N, 1)),
    ("MeanAbsoluteError", {}, real, None),
    ("MeanAbsolutePercentageError", {}, positive, None),
    ("MeanSquaredLogarithmicError", {}, positive, None),
    ("RootMeanSquaredError", {}, real, (N, T)),
    ("LogCoshError", {}, real, None),
    ("CosineSimilarity", {}, real, None),
    ("CosineSimilarity", {"axis": 1}, real, None),
    ("R2Score", {}, real, None),
    ("R2Score", {"class_aggregation": None, "num_regressors": 2}, real, None),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, real, None),
    ("PearsonCorrelation", {}, real, None),
    ("PearsonCorrelation", {"axis": 1}, real, None),
    ("ConcordanceCorrelation", {}, real, None),
    ("KLDivergence", {}, distributions, None),
    ("Poisson", {}, positive, None),
    ("BinaryCrossentropy", {}, bits, None),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, logits, None),
    ("CategoricalCrossentropy", {}, one_hot, None),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, one_hot, None),
    ("SparseCategoricalCrossentropy", {}, sparse, None),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1, "from_logits": True}, sparse, None),
    ("Hinge", {}, signs, None),
    ("SquaredHinge", {}, bits, None),
    ("CategoricalHinge", {}, one_hot, None),
    ("Accuracy", {}, equal_ints, None),
    ("BinaryAccuracy", {}, bits, (N, T)),
    ("BinaryAccuracy", {"threshold": 0.2}, one_bit, (N, 1)),
    ("BinaryAccuracy", {"threshold": 0.0}, logits, None),
    ("BinaryAccuracy", {}, flat_bits, None),
    ("CategoricalAccuracy", {}, one_hot, None),
    ("CategoricalAccuracy", {}, one_hot_sequence, (N, T)),
    ("SparseCategoricalAccuracy", {}, sparse, None),
    ("SparseCategoricalAccuracy", {}, sparse_column, (N, 1)),
    ("SparseCategoricalAccuracy", {}, sparse_sequence, (N, T)),
    ("TopKCategoricalAccuracy", {"k": 2}, one_hot, None),
    ("TopKCategoricalAccuracy", {"k": 3}, one_hot_sequence, (N, T)),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, sparse, None),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, sparse_sequence, (N, T)),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, sorted_ids, None),
    ("TruePositives", {}, bits, (N, T)),
    ("TrueNegatives", {"thresholds": [0.2, 0.7]}, bits, None),
    ("FalsePositives", {"thresholds": 0.3}, flat_bits, None),
    ("FalseNegatives", {}, bits, (N, 1)),
    ("Precision", {}, bits, (N, T)),
    ("Precision", {"thresholds": [0.1, 0.5, 0.9]}, flat_bits, None),
    ("Precision", {"top_k": 2}, one_hot, None),
    ("Precision", {"class_id": 1, "thresholds": 0.1}, one_hot, None),
    ("Precision", {"class_id": 1, "top_k": 2}, one_hot, None),
    ("Recall", {}, bits, None),
    ("Recall", {"top_k": 3}, one_hot, None),
    ("Recall", {"class_id": 2, "thresholds": [0.1, 0.2]}, one_hot, None),
    ("AUC", {}, bits, (N, T)),
    ("AUC", {}, flat_bits, None),
    ("AUC", {"curve": "PR"}, one_bit, None),
    ("AUC", {"curve": "PR", "summation_method": "majoring", "num_thresholds": 11}, bits, None),
    ("AUC", {"curve": "PRGAIN", "num_thresholds": 21}, bits, None),
    ("AUC", {"summation_method": "minoring", "thresholds": [0.2, 0.35, 0.9]}, bits, None),
    ("AUC", {"multi_label": True}, bits, None),
    ("AUC", {"multi_label": True, "curve": "PR", "num_labels": T, "label_weights": [0.1, 0.4, 0.3, 0.2]}, bits, None),
    ("AUC", {"label_weights": [0.1, 0.4, 0.3, 0.2]}, bits, None),
    ("AUC", {"from_logits": True}, logits, None),
    ("SensitivityAtSpecificity", {"specificity": 0.4}, flat_bits, None),
    ("SpecificityAtSensitivity", {"sensitivity": 0.4, "num_thresholds": 20}, flat_bits, None),
    ("PrecisionAtRecall", {"recall": 0.6}, flat_bits, None),
    ("PrecisionAtRecall", {"recall": 0.3, "num_thresholds": 1}, flat_bits, None),
    ("RecallAtPrecision", {"precision": 0.5}, flat_bits, None),
    ("RecallAtPrecision", {"precision": 0.2, "class_id": 1, "num_thresholds": 50}, one_hot, None),
    ("FBetaScore", {"beta": 2.0}, one_hot, None),
    ("FBetaScore", {"beta": 0.5, "average": "weighted", "threshold": 0.3}, bits, None),
    ("F1Score", {}, one_hot, None),
    ("F1Score", {"average": "macro"}, one_hot, None),
    ("F1Score", {"average": "micro", "threshold": 0.2}, one_hot, None),
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 2]}, class_ids, (N, T)),
    ("IoU", {"num_classes": 3, "target_class_ids": [1], "sparse_y_pred": False}, ids_and_scores, (N, T)),
    ("BinaryIoU", {"threshold": 0.4}, bits, (N, T)),
    ("MeanIoU", {"num_classes": 3}, class_ids, (N, T)),
    ("MeanIoU", {"num_classes": 3, "ignore_class": 0}, class_ids, (N, T)),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 1]}, one_hot_images, (N, T)),
    ("OneHotMeanIoU", {"num_classes": 3}, one_hot_images, (N, T)),
]  # fmt: skip
# The arguments that stand nowhere above.
CASES += [
    ("CategoricalCrossentropy", {"axis": 1}, one_hot_channels, None),
    ("ConcordanceCorrelation", {"axis": 1}, real, None),
    ("FalseNegatives", {"thresholds": [0.1, 0.5]}, bits, (N, T)),
    ("FalsePositives", {}, bits, (N, T)),
    ("TruePositives", {"thresholds": [0.9, 0.1]}, bits, None),
    ("PrecisionAtRecall", {"recall": 0.5, "class_id": 1, "num_thresholds": 30}, one_hot, None),
    ("SensitivityAtSpecificity", {"specificity": 0.5, "class_id": 0, "num_thresholds": 30}, one_hot, None),
    ("SpecificityAtSensitivity", {"sensitivity": 0.5, "class_id": 2}, one_hot, None),
    ("Precision", {"class_id": 0, "top_k": 1, "thresholds": 0.3}, one_hot, (N, 1)),
    ("Recall", {"class_id": 0, "top_k": 3}, one_hot, None),
    ("AUC", {"curve": "PR", "from_logits": True, "num_thresholds": 17}, logits, (N, T)),
    ("AUC", {"multi_label": True, "thresholds": [0.3, 0.6], "summation_method": "majoring"}, bits, None),
    ("FBetaScore", {"beta": 1.5, "average": "micro"}, one_hot, None),
    ("F1Score", {"average": "weighted", "threshold": 0.5}, bits, None),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 3}, real, None),
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 1], "ignore_class": 2}, class_ids, (N, T)),
    ("MeanIoU", {"num_classes": 3, "sparse_y_true": False}, one_hot_and_ids, (N, T)),
    ("MeanIoU", {"num_classes": 3, "ignore_class": -1}, ids_with_unknown, (N, T)),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 2], "sparse_y_pred": True, "ignore_class": 1},
     one_hot_and_ids, (N, T)),
    ("IoU", {"num_classes": 3, "target_class_ids": [0], "sparse_y_true": False, "sparse_y_pred": False},
     one_hot_images, (N, T)),
    ("MeanIoU", {"num_classes": 3, "sparse_y_pred": False}, ids_and_scores, (N, T)),
    ("OneHotMeanIoU", {"num_classes": 3, "sparse_y_pred": True, "ignore_class": 1}, one_hot_and_ids, (N, T)),
    ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.6}, bits, (N, T)),
]  # fmt: skip
IDS = [f"{c[0]}-{i}" for i, c in enumerate(CASES)]
INTEGER_WEIGHTS = ("IoU", "BinaryIoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU")


def same(got, wanted):
    np.testing.assert_allclose(ops.convert_to_numpy(got), np.asarray(wanted), **CLOSE)


def weight_shapes(case):
    cls, _, _, extra = case
    return [s for s in ((N,), extra) if s is not None and not (cls in INTEGER_WEIGHTS and s == (N,))]


def batches(i, shape=None):
    """Three batches `(y_true, y_pred, sample_weight)` of case i, the same whenever they are asked for."""
    global rng
    rng = np.random.default_rng(i)
    found = []
    for batch in range(3):
        y_true, y_pred = CASES[i][2](batch)
        weight = None
        if shape is not None:
            integer = CASES[i][0] in INTEGER_WEIGHTS
            weight = rng.integers(0, 3, shape) if integer else rng.random(shape).astype("float32") * 2
        found.append((y_true, y_pred, weight))
    return found


@remember
def oracle(i, shape=None):
    """Keras's result after each batch, and the variables at the end: `(name, shape, dtype, value)`."""
    cls, kwargs = CASES[i][:2]
    metric = getattr(keras_metrics(), cls)(**kwargs)
    results = []
    for y_true, y_pred, weight in batches(i, shape):
        metric.update_state(y_true, y_pred, *(() if weight is None else (weight,)))
        results.append(np.asarray(metric.result()))
    return results, [(v.name, tuple(v.shape), v.dtype, np.asarray(v.value)) for v in metric.variables]


@pytest.mark.parametrize("i", range(len(CASES)), ids=IDS)
def test_updates_and_result(backend, i):
    cls, kwargs = CASES[i][:2]
    metric = getattr(metrics, cls)(**kwargs)
    wanted, variables = oracle(i)
    for (y_true, y_pred, _), result in zip(batches(i), wanted):
        assert metric.update_state(y_true, y_pred) is None
        same(metric.result(), result)
        assert tuple(metric.result().shape) == result.shape
    assert len(metric.variables) == len(variables)
    for mine, (name, shape, dtype, value) in zip(metric.variables, variables):
        assert (mine.name, mine.shape, mine.dtype) == (name, shape, dtype)
        same(mine.value, value)
    metric.reset_state()
    y_true, y_pred, _ = batches(i)[0]
    same(metric(y_true, y_pred), wanted[0])


@pytest.mark.parametrize("i", range(len(CASES)), ids=IDS)
def test_sample_weight(backend, i):
    cls, kwargs = CASES[i][:2]
    for shape in weight_shapes(CASES[i]):
        metric = getattr(metrics, cls)(**kwargs)
        for (y_true, y_pred, weight), result in zip(batches(i, shape), oracle(i, shape)[0]):
            metric.update_state(y_true, y_pred, sample_weight=weight)
            same(metric.result(), result)


@pytest.mark.parametrize("weights", [None, (N,), (N, T), (N, 1)])
@pytest.mark.parametrize("cls", ["SparseCategoricalAccuracy", "SparseCategoricalCrossentropy"])
def test_mask(backend, cls, weights):
    import keras

    if weights == (N,):
        return  # Keras refuses one weight per sample together with a mask per step
    ours, theirs = getattr(metrics, cls)(), getattr(keras_metrics(), cls)()
    for batch in range(2):
        y_true, y_pred = sparse_sequence(batch)
        mask = rng.random((N, T)) > 0.4
        weight = None if weights is None else rng.random(weights).astype("float32")
        masked = keras.ops.convert_to_tensor(y_pred)
        masked._keras_mask = keras.ops.convert_to_tensor(mask)
        theirs.update_state(y_true, masked, weight)
        ours.update_state(y_true, set_mask(ops.convert_to_tensor(y_pred), ops.convert_to_tensor(mask)), weight)
        same(ours.result(), theirs.result())


def test_iou_along_another_axis(backend):
    """(Keras's fails for an axis other than the last.)"""
    y_true, y_pred = one_hot_images(0)
    for name in ("OneHotIoU", "OneHotMeanIoU"):
        more = {"target_class_ids": [0, 2]} if name == "OneHotIoU" else {}
        found = []
        for axis in (-1, 1):
            metric = getattr(metrics, name)(num_classes=3, axis=axis, **more)
            metric.update_state(np.moveaxis(y_true, -1, axis), np.moveaxis(y_pred, -1, axis))
            found.append(float(metric.result()))
        assert found[0] == found[1]


@pytest.mark.parametrize("shape", [(), (3,), (3, 2), (2, 3, 4)])
@pytest.mark.parametrize("cls", ["Mean", "Sum"])
def test_mean_and_sum(backend, cls, shape):
    weights = [None, 2.0, *(rng.random(shape[:i]) for i in range(1, len(shape) + 1))]
    if len(shape) > 1:
        weights.append(rng.random((*shape[:1], 1)) if len(shape) == 2 else rng.random((*shape[:2], 1)))
    for weight in weights:
        ours, theirs = getattr(metrics, cls)(), getattr(keras_metrics(), cls)()
        same(ours.result(), theirs.result())
        for _ in range(2):
            values = rng.normal(size=shape).astype("float32")
            ours.update_state(values, sample_weight=weight)
            theirs.update_state(values, sample_weight=weight)
        same(ours.result(), theirs.result())
        for mine, his in zip(ours.variables, theirs.variables):
            same(mine.value, his.value)


def test_mean_metric_wrapper(backend):
    def distance(y_true, y_pred, power=1):
        return ops.abs(ops.subtract(y_true, y_pred)) ** power

    metric = metrics.MeanMetricWrapper(fn=distance, name="far", power=2)
    metric.update_state([1.0, 2.0], [2.0, 4.0])
    assert float(metric.result()) == pytest.approx(2.5)
    assert metric.name == "far"


@pytest.mark.parametrize("i", range(len(CASES)), ids=IDS)
def test_stateless(backend, i):
    cls, kwargs = CASES[i][:2]
    metric = getattr(metrics, cls)(**kwargs)
    y_true, y_pred, _ = batches(i)[0]
    metric.update_state(y_true, y_pred)  # builds
    state = metric.stateless_reset_state()
    assert [tuple(s.shape) for s in state] == [v.shape for v in metric.variables]
    before = [ops.convert_to_numpy(v.value).copy() for v in metric.variables]
    state = metric.stateless_update_state(state, y_true, y_pred)
    same(metric.stateless_result(state), oracle(i)[0][0])
    for old, variable in zip(before, metric.variables):
        np.testing.assert_array_equal(old, ops.convert_to_numpy(variable.value))
    with pytest.raises(ValueError, match="metric_variables"):
        metric.stateless_result(state[:-1])


def arguments(name):
    kwargs = {}
    if "IoU" in name and name != "BinaryIoU":
        kwargs["num_classes"] = 3
    if name in ("IoU", "OneHotIoU"):
        kwargs["target_class_ids"] = [0]
    rates = {"PrecisionAtRecall": "recall", "RecallAtPrecision": "precision",
             "SensitivityAtSpecificity": "specificity", "SpecificityAtSensitivity": "sensitivity"}  # fmt: skip
    if name in rates:
        kwargs[rates[name]] = 0.5
    if name == "MeanMetricWrapper":
        kwargs["fn"] = lambda a, b: a
    return kwargs


def classes():
    return [n for n in metrics.__all__ if inspect.isclass(getattr(metrics, n)) and n != "Metric"]


@pytest.mark.parametrize("name", classes())
def test_signature_and_config(name):
    ours, theirs = getattr(metrics, name), getattr(keras_metrics(), name)
    assert _parameters(ours) == _parameters(theirs)
    assert ours(**arguments(name))._direction == getattr(theirs(**arguments(name)), "_direction", None)
    if name == "MeanMetricWrapper":
        return
    mine, his = ours(**arguments(name), name="m"), theirs(**arguments(name), name="m")
    assert mine.get_config() == his.get_config()
    assert mine.dtype == his.dtype
    again = ours.from_config(his.get_config())
    assert again.get_config() == his.get_config()
    assert metrics.serialize(again) == keras_metrics().serialize(his)
    assert metrics.get(metrics.serialize(again)).get_config() == his.get_config()
    assert [v.path for v in mine.variables] == [v.path for v in his.variables]


def _parameters(cls):
    return [(p.name, p.default) for p in inspect.signature(cls).parameters.values()]


def test_config_of_arguments():
    for name, kwargs in [
        ("AUC", {"thresholds": [0.3, 0.6], "curve": "PR", "from_logits": True}),
        ("Precision", {"thresholds": [0.1, 0.5], "class_id": 1}),
        ("Recall", {"top_k": 2}),
        ("FBetaScore", {"beta": 2.0, "average": "macro", "threshold": 0.4}),
        ("R2Score", {"class_aggregation": None, "num_regressors": 2}),
        ("TruePositives", {"thresholds": 0.2}),
        ("MeanIoU", {"num_classes": 4, "ignore_class": 3}),
        ("TopKCategoricalAccuracy", {"k": 3}),
    ]:
        ours = getattr(metrics, name)(**kwargs, name="m")
        theirs = getattr(keras_metrics(), name)(**kwargs, name="m")
        assert ours.get_config() == theirs.get_config()
        assert type(ours).from_config(ours.get_config()).get_config() == theirs.get_config()


def test_public_names_and_function_signatures():
    theirs = keras_metrics()
    public = {n for n in dir(theirs) if not n.startswith("_")}
    assert public <= set(metrics.__all__)
    for name in public:
        if inspect.isfunction(getattr(theirs, name)):
            assert _parameters(getattr(metrics, name)) == _parameters(getattr(theirs, name)), name


def test_get():
    theirs = keras_metrics()
    for name in ("mse", "MSE", "mae", "bce", "BCE", "mape", "msle", "accuracy", "AUC", "auc", "f1_score", "r2_score",
                 "MeanSquaredError", "recall", "precision", "sparse_categorical_accuracy", "f_beta_score",
                 "root_mean_squared_error", "binary_accuracy", "hinge", "cosine_similarity"):  # fmt: skip
        assert type(metrics.get(name)).__name__ == type(theirs.get(name)).__name__, name
    assert metrics.get(None) is None
    assert isinstance(metrics.get(metrics.AUC), metrics.AUC)
    mean = metrics.Mean()
    assert metrics.get(mean) is mean
    with pytest.raises(ValueError, match="accuracy"):
        metrics.get("acuracy")
    with pytest.raises(ValueError):
        metrics.get(3)


def test_names_are_numbered():
    first, second = metrics.AUC(), metrics.AUC()
    assert first.name != second.name and second.name.startswith("auc_")
    assert metrics.Precision(name="p").name == "p"


def test_custom_metric(backend):
    class Biggest(metrics.Metric):
        def __init__(self, floor=0.0, **kwargs):
            super().__init__(**kwargs)
            self.floor = floor
            self.seen = self.add_weight(name="seen", initializer="zeros")
            self.inner = metrics.Mean(name="inner")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.seen.assign(ops.maximum(self.seen, ops.max(ops.cast(y_pred, self.dtype))))
            self.inner.update_state(y_pred)

        def result(self):
            return {"seen": self.seen, "mean": self.inner.result()}

    metric = Biggest(floor=0.5, name="big")
    metric.update_state([0.0], [3.0, 1.0])
    result = metric.result()
    assert (float(result["seen"]), float(result["mean"])) == (3.0, 2.0)
    assert [v.path for v in metric.variables] == ["big/seen", "inner/total", "inner/count"]
    assert metric.get_config() == {"name": "big", "dtype": "float32", "floor": 0.5}
    metric.reset_state()
    assert float(metric.result()["mean"]) == 0.0


def test_errors():
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        metrics.Precision(thresholds=2.0)
    with pytest.raises(ValueError, match="ROC"):
        metrics.AUC(curve="ROCK")
    with pytest.raises(ValueError, match="interpolation"):
        metrics.AUC(summation_method="x")
    with pytest.raises(ValueError, match="num_thresholds"):
        metrics.AUC(num_thresholds=1)
    with pytest.raises(ValueError, match="num_labels"):
        metrics.AUC(num_labels=2)
    with pytest.raises(ValueError, match="average"):
        metrics.F1Score(average="x")
    with pytest.raises(ValueError, match="recall"):
        metrics.PrecisionAtRecall(recall=2)
    with pytest.raises(ValueError, match="out of range"):
        metrics.IoU(num_classes=2, target_class_ids=[3])
    with pytest.raises(ValueError, match="class_aggregation"):
        metrics.R2Score(class_aggregation="x")
    with pytest.raises(ValueError, match="2D"):
        metrics.F1Score().update_state([1, 0], [0.1, 0.2])
    with pytest.raises(ValueError, match="one-hot"):
        metrics.Precision().update_state([[1], [0]], [[0.1, 0.2, 0.7], [0.1, 0.1, 0.8]])
    with pytest.raises(NotImplementedError):
        metrics.Metric().result()

    class Forgetful(metrics.Metric):
        def __init__(self):
            self.total = self.add_weight(name="total")

    with pytest.raises((RuntimeError, AttributeError)):
        Forgetful()


def test_accuracy_of_vectors_counts_every_sample(backend):
    """Keras's too: batches of different size, and weights of samples, for targets without a last axis."""
    metric = metrics.Accuracy()
    metric.update_state([1, 2, 3, 4], [1, 2, 3, 0])
    metric.update_state([1], [0])
    same(metric.result(), 0.6)
    same(metric.count.value, 5.0)
    metric.reset_state()
    metric.update_state([1, 2], [1, 0], sample_weight=[3.0, 1.0])
    same(metric.result(), 0.75)


def test_a_score_of_zero_is_not_above_the_threshold_zero(backend):
    metric = metrics.PrecisionAtRecall(recall=0.5, num_thresholds=3)  # thresholds 0, 0.5, 1
    metric.update_state([1, 1, 0, 0], [0.0, 0.75, 0.5, 1.0])
    same(metric.true_positives.value, [1.0, 1.0, 0.0])
    same(metric.false_positives.value, [2.0, 1.0, 0.0])
    same(metric.false_negatives.value, [1.0, 1.0, 2.0])
    area = metrics.AUC(num_thresholds=3)  # its first threshold is below 0
    area.update_state([1, 1, 0, 0], [0.0, 0.75, 0.5, 1.0])
    same(area.true_positives.value, [2.0, 1.0, 0.0])


def test_soft_labels_count_as_positive_in_auc(backend):
    soft, hard = metrics.AUC(), metrics.AUC()
    soft.update_state([0.3, 0.0, 0.9], [0.2, 0.4, 0.6])
    hard.update_state([1.0, 0.0, 1.0], [0.2, 0.4, 0.6])
    same(soft.result(), hard.result())


@pytest.mark.parametrize("name", ["AUC", "Precision", "TruePositives", "R2Score", "SpecificityAtSensitivity", "Mean", "F1Score"])
def test_dtypes_of_the_state(name):
    """Counts are kept in floatx, also by metrics of another dtype; means are kept in that."""
    ours = getattr(metrics, name)(**arguments(name), dtype="float16")
    theirs = getattr(keras_metrics(), name)(**arguments(name), dtype="float16")
    assert [v.dtype for v in ours.variables] == [v.dtype for v in theirs.variables]


def test_top_k_has_the_shape_of_the_labels(backend):
    found = metrics.sparse_top_k_categorical_accuracy([[1], [0]], [[0.1, 0.9], [0.2, 0.8]], k=1)
    same(found, [[1.0], [0.0]])


def test_r2_of_half_floats(backend):
    metric = metrics.R2Score(dtype="float16")
    metric.update_state([[1.0], [2.0], [3.0]], [[1.0], [2.0], [4.0]])
    same(metric.result(), 0.5)


def test_scalar_weights_of_integer_counts(backend):
    metric = metrics.MeanIoU(3)
    metric.update_state([0, 1, 2], [0, 1, 1], sample_weight=2.0)
    same(metric.total_cm.value, [[2, 0, 0], [0, 2, 0], [0, 2, 0]])
