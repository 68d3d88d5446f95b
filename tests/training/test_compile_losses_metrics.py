"""CompileLoss and CompileMetrics against the logs of real Keras models' `evaluate`."""

import numpy as np
import pytest

from kerata import losses, metrics, ops
from kerata.core.keras_tensor import KerasTensor
from kerata.metrics import Mean
from kerata.training.compile_losses import CompileLoss
from kerata.training.compile_metrics import CompileMetrics

SCC = "sparse_categorical_crossentropy"
SCA = "sparse_categorical_accuracy"
rng = np.random.default_rng(2)
X = rng.random((10, 4)).astype("float32")
Y = [rng.integers(0, 3, 10) for _ in range(4)]
HOT = np.eye(3, dtype="float32")[Y[0]]
BIT = rng.integers(0, 2, (10, 1))
REAL = rng.normal(size=(10, 3)).astype("float32")
W = rng.random(10).astype("float32")
V = rng.random(10).astype("float32")


def ops_abs(x):
    """On tensors of Kerata and of Keras alike."""
    return abs(x)


def soft(name, x, units=3, activation="softmax"):
    import keras

    return keras.layers.Dense(units, activation=activation, name=name)(x)


def model_of(kind):
    import keras

    keras.utils.set_random_seed(0)
    x = keras.Input((4,), name="x")
    outputs = {
        "one": lambda: soft("a", x),
        "bit": lambda: soft("a", x, 1, "sigmoid"),
        "real": lambda: soft("a", x, 3, None),
        "list of one": lambda: [soft("a", x)],
        "dict of one": lambda: {"k": soft("a", x)},
        "two": lambda: [soft("a", x), soft("b", x)],
        "dict": lambda: {"b": soft("da", x), "a": soft("db", x)},
        "nest": lambda: {"a": soft("l1", x), "n": {"p": soft("l2", x), "q": [soft("l3", x), soft("l4", x)]}},
    }
    if kind in outputs:
        return keras.Model(x, outputs[kind]())

    class Sub(keras.Model):
        def __init__(self):
            super().__init__()
            self.one = keras.layers.Dense(3, activation="softmax")
            self.two = keras.layers.Dense(3, activation="softmax")

        def call(self, x):
            return {"u": self.one(x), "t": self.two(x)} if kind == "sub dict" else self.one(x)

    return Sub()


NEST_Y = {"a": Y[0], "n": {"p": Y[1], "q": [Y[2], Y[3]]}}
# kind of model, y, sample_weight, arguments of compile
CASES = [
    ("one", Y[0], None, {"loss": SCC}),
    ("one", Y[0], None, {"loss": SCC, "metrics": ["accuracy"]}),
    ("one", Y[0][:, None], None, {"loss": SCC, "metrics": ["acc"]}),
    ("one", HOT, None, {"loss": "categorical_crossentropy", "metrics": ["accuracy", "mse", "AUC", "Precision"]}),
    ("one", HOT, W, {"loss": "mse", "metrics": ["mse", "MSE", "mae"], "weighted_metrics": ["mse", "acc"]}),
    ("one", HOT, None, {"loss": "categorical_crossentropy", "metrics": ["F1Score", "R2Score"]}),
    ("one", Y[0], W, {"loss": SCC, "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}),
    ("one", Y[0], W, {"loss": SCC, "weighted_metrics": ["accuracy"]}),
    ("one", Y[0], None, {"loss": [SCC], "metrics": [["acc", SCA]]}),
    ("one", Y[0], None, {"loss": {"a": SCC}, "metrics": {"a": "acc"}}),
    ("one", Y[0], None, {"loss": SCC, "loss_weights": 2.0, "metrics": ["acc"]}),
    ("one", Y[0], None, {"loss": SCC, "loss_weights": [2.0]}),
    ("one", Y[0], None, {"loss": SCC, "loss_weights": {"a": 2.0}}),
    ("one", HOT, None, {"loss": "mse", "metrics": ["mse", "mse", "MeanSquaredError"]}),
    ("bit", BIT, None, {"loss": "binary_crossentropy", "metrics": ["accuracy", "AUC", "Recall"]}),
    ("bit", BIT, W, {"loss": "bce", "metrics": ["acc"], "weighted_metrics": ["bce", "acc"]}),
    ("bit", BIT[:, 0], W, {"loss": "bce", "metrics": ["acc"], "weighted_metrics": ["acc"]}),
    ("bit", BIT[:, 0], W, {"loss": "bce", "metrics": ["R2Score"], "weighted_metrics": ["R2Score"]}),
    ("bit", BIT[:, 0], None, {"loss": lambda a, b: ops_abs(a - b), "metrics": ["mae"]}),
    ("real", REAL, None, {"loss": "huber", "metrics": ["mae", "RootMeanSquaredError", "cosine_similarity"]}),
    ("list of one", [Y[0]], None, {"loss": [SCC], "metrics": [["acc"]]}),
    ("list of one", Y[0], None, {"loss": SCC, "metrics": ["acc"]}),
    ("dict of one", {"k": Y[0]}, None, {"loss": SCC, "metrics": ["acc"]}),
    ("dict of one", {"k": Y[0]}, None, {"loss": {"k": SCC}, "metrics": {"k": "acc"}}),
    ("two", Y[:2], None, {"loss": SCC}),
    ("two", Y[:2], None, {"loss": [SCC, SCC], "metrics": ["accuracy", "acc"]}),
    ("two", Y[:2], None, {"loss": [SCC, SCC], "metrics": [["accuracy"], ["acc", SCC]]}),
    ("two", Y[:2], None, {"loss": [SCC, None], "metrics": [["accuracy"], None]}),
    ("two", Y[:1], None, {"loss": [SCC, None], "metrics": [["accuracy"], None]}),
    ("two", {"b": Y[1], "a": Y[0]}, None,
     {"loss": {"b": SCC, "a": SCC}, "loss_weights": {"a": 1, "b": 3.0}, "metrics": {"b": "acc"}}),
    ("two", {"b": Y[1], "a": Y[0]}, None, {"loss": SCC, "metrics": {"b": ["acc", SCC], "a": [SCC]}}),
    ("two", Y[:2], None, {"loss": SCC, "loss_weights": 3.0}),
    ("two", Y[:2], None, {"loss": [SCC, SCC], "loss_weights": [0.5, None]}),
    ("two", Y[:2], [W, V], {"loss": [SCC, SCC], "metrics": ["acc", "acc"], "weighted_metrics": ["acc", "acc"]}),
    ("two", Y[:2], [W, V],
     {"loss": [SCC, SCC], "metrics": [["acc", "acc"], ["acc"]], "weighted_metrics": [["acc"], []]}),
    ("two", Y[:2], W, {"loss": [SCC, SCC], "weighted_metrics": ["acc", "acc"]}),
    ("dict", {"a": Y[0], "b": Y[1]}, None, {"loss": SCC}),
    ("dict", {"a": Y[0], "b": Y[1]}, {"b": W, "a": V},
     {"loss": {"a": SCC, "b": SCC}, "loss_weights": {"a": 1, "b": 10},
      "metrics": {"a": "acc", "b": [SCC]}, "weighted_metrics": {"b": ["acc"]}}),
    ("dict", {"a": Y[0], "b": Y[1]}, None, {"loss": {"a": SCC, "b": None}, "metrics": {"a": "acc"}}),
    ("nest", NEST_Y, None,
     {"loss": {"a": SCC, "n": {"p": SCC, "q": [SCC, SCC]}},
      "loss_weights": {"a": 1.0, "n": {"p": 2.0, "q": [3.0, 4.0]}},
      "metrics": {"a": "acc", "n": {"p": SCA, "q": ["acc", SCA]}}}),
    ("sub", Y[0], None, {"loss": SCC, "metrics": ["acc"]}),
    ("sub dict", {"u": Y[0], "t": Y[1]}, None, {"loss": {"u": SCC, "t": SCC}, "metrics": {"u": "acc"}}),
    ("sub dict", {"u": Y[0], "t": Y[1]}, None, {"loss": SCC}),
]  # fmt: skip


def cut(nest, start, end):
    if isinstance(nest, dict):
        return {k: cut(v, start, end) for k, v in nest.items()}
    if isinstance(nest, list):
        return [cut(v, start, end) for v in nest]
    return None if nest is None else ops.convert_to_tensor(nest[start:end])


def symbols(nest):
    if isinstance(nest, dict):
        return {k: symbols(v) for k, v in nest.items()}
    if isinstance(nest, list):
        return [symbols(v) for v in nest]
    return KerasTensor((None, *nest.shape[1:]), str(nest.dtype))


def logs_of(y, y_pred, sample_weight, names, loss, loss_weights=None, metrics=None, weighted_metrics=None):
    """What `evaluate` would log, in batches of 4."""
    total = CompileLoss(loss, loss_weights, output_names=names)
    total.build(symbols(y), symbols(y_pred))
    compiled = None
    if metrics is not None or weighted_metrics is not None:
        compiled = CompileMetrics(metrics, weighted_metrics, output_names=names)
        compiled.build(symbols(y), symbols(y_pred))
        variables = [id(v) for v in compiled.variables]
    tracker = Mean(name="loss")
    for start in range(0, 10, 4):
        end = min(start + 4, 10)
        batch = [cut(part, start, end) for part in (y, y_pred, sample_weight)]
        tracker.update_state(total(*batch), sample_weight=end - start)
        if compiled is not None:
            compiled.update_state(*batch)
    logs = {"loss": tracker.result(), **{m.name: m.result() for m in total.metrics}}
    if compiled is not None:
        assert [id(v) for v in compiled.variables] == variables  # all made by build
        logs.update(compiled.result())
    return {k: ops.convert_to_numpy(v) for k, v in logs.items()}


ORACLE: dict = {}


def keras_logs(i):
    if i not in ORACLE:
        kind, y, sample_weight, arguments = CASES[i]
        model = model_of(kind)
        model.compile(**arguments)
        logs = model.evaluate(X, y, sample_weight=sample_weight, verbose=0, return_dict=True, batch_size=4)
        ORACLE[i] = logs, model.predict(X, verbose=0), getattr(model, "output_names", None)
    return ORACLE[i]


@pytest.mark.parametrize("i", range(len(CASES)), ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_logs_are_those_of_keras(backend, i):
    wanted, y_pred, names = keras_logs(i)
    _, y, sample_weight, arguments = CASES[i]
    got = logs_of(y, y_pred, sample_weight, names, **arguments)
    assert sorted(got) == sorted(wanted)
    for key, value in wanted.items():
        np.testing.assert_allclose(got[key], np.asarray(value), rtol=1e-4, atol=1e-5, err_msg=key)


ONE, TWO = ops.ones((2, 3)) / 3, [ops.ones((2, 3)) / 3, ops.ones((2, 3)) / 3]
LABELS = np.array([0, 1])


def build(loss=SCC, y=None, y_pred=None, names=("a", "b"), **kwargs):
    compiled = CompileLoss(loss, output_names=list(names), **kwargs)
    y_pred = TWO if y_pred is None else y_pred
    compiled.build([LABELS, LABELS] if y is None else y, y_pred)
    return compiled([LABELS, LABELS] if y is None else y, y_pred)


@pytest.mark.parametrize(("arguments", "words"), [
    ({"loss": {"a": SCC}}, ["'a', 'b'", "'b' is missing"]),
    ({"loss": {"a": SCC, "b": SCC, "c": SCC}}, ["'c' is unknown"]),
    ({"loss": {"out_a": SCC, "b": SCC}, "names": ("out_1", "b")}, ["out_1", "Did you mean 'out_1'"]),
    ({"loss": [SCC, SCC, SCC]}, ["3 entries", "'a', 'b'"]),
    ({"loss": [SCC]}, ["1 entries", "2 outputs"]),
    ({"loss": [None, None]}, ["None for every output"]),
    ({"loss": [SCC, SCC], "loss_weights": [1.0, 2.0, 3.0]}, ["loss_weights", "3 entries"]),
    ({"loss": [SCC, SCC], "loss_weights": {"a": 1.0}}, ["loss_weights", "'b' is missing"]),
    ({"loss": [SCC, SCC], "loss_weights": {"a": 1.0, "bb": 1.0}}, ["loss_weights", "Did you mean 'b'"]),
    ({"y": [LABELS]}, ["`y`", "1 entries", "2 outputs"]),
    ({"y": [LABELS] * 3}, ["`y`", "3 entries"]),
    ({"y": LABELS}, ["`y` is one array", "2 outputs: 'a', 'b'"]),
    ({"y": {"a": LABELS}}, ["`y`", "'b' is missing"]),
    ({"y": {"a": LABELS, "b": LABELS, "c": LABELS}}, ["`y`", "'c' is unknown"]),
    ({"y_pred": ONE, "names": ("a",), "y": LABELS, "loss": {"b": SCC}}, ["'b' is unknown", "1 output: 'a'"]),
    ({"y_pred": ONE, "names": ("a",), "y": LABELS, "loss": [SCC, SCC]}, ["list of 2 for one output"]),
    ({"y_pred": {"u": ONE, "t": ONE}, "y": {"u": LABELS, "t": LABELS}, "loss": [SCC, SCC]}, ["list", "dict", "'t', 'u'"]),
    ({"loss": 3}, ["loss=3"]),
    ({"loss_weights": "x"}, ["loss_weights"]),
    ({"loss": "sparse_categorical_crosentropy"}, ["Did you mean", "crossentropy"]),
])  # fmt: skip
def test_names_too_many_or_too_few(arguments, words):
    with pytest.raises(ValueError) as error:
        build(**arguments)
    for word in words:
        assert word in str(error.value), str(error.value)


@pytest.mark.parametrize(("given", "words"), [
    ({"bb": "acc"}, ["'bb' is unknown", "Did you mean 'b'"]),
    (["acc", "mse", "mae"], ["flat list of 3", "'a', 'b'"]),
    ([["acc"], ["acc"], ["acc"]], ["3 entries"]),
    (["accurcy", "acc"], ["Did you mean"]),
])  # fmt: skip
def test_wrong_metrics(given, words):
    with pytest.raises(ValueError) as error:
        CompileMetrics(given, None, output_names=["a", "b"]).build([LABELS, LABELS], TWO)
    for word in words:
        assert word in str(error.value), str(error.value)
    with pytest.raises(ValueError, match=r"metrics=\[\.\.\.\]"):
        CompileMetrics("acc", None)


def test_dicts_by_the_names_of_outputs():
    """A flat dict with the names of the outputs fits a nest as well, whatever its order."""
    y_pred = {"b": ONE, "a": ops.convert_to_tensor([[0.6, 0.2, 0.2], [0.1, 0.1, 0.8]])}
    y = {"second": LABELS, "first": LABELS}
    by_name = CompileLoss({"second": SCC, "first": "mse"}, {"second": 1, "first": 0}, output_names=["first", "second"])
    by_key = CompileLoss({"b": SCC, "a": "mse"}, {"b": 1, "a": 0}, output_names=["first", "second"])
    hot = {"second": LABELS, "first": np.eye(3)[:2]}
    assert float(by_name(hot, y_pred)) == pytest.approx(float(by_key({"b": LABELS, "a": np.eye(3)[:2]}, y_pred)))
    assert float(by_name(hot, y_pred)) == pytest.approx(np.log(3), rel=1e-5)
    compiled = CompileMetrics({"second": "acc"}, None, output_names=["first", "second"])
    compiled.update_state(y, y_pred)
    assert list(compiled.result()) == ["b_acc"]


def test_dicts_for_one_output():
    loss = CompileLoss({"a": SCC}, {"a": 2.0}, output_names=["a"])
    assert float(loss({"a": LABELS}, ONE, {"a": np.ones(2)})) == pytest.approx(2 * np.log(3), rel=1e-5)
    compiled = CompileMetrics({"a": ["acc"]}, {"a": [SCC]}, output_names=["a"])
    compiled.update_state({"a": LABELS}, ONE, {"a": np.ones(2)})
    assert list(compiled.result()) == ["acc", SCC]


def test_one_metric_for_all_outputs():
    compiled = CompileMetrics(["acc"], None, output_names=["a", "b"])
    compiled.update_state([LABELS, LABELS], TWO)
    assert list(compiled.result()) == ["a_acc", "b_acc"]


def test_forms_may_change_between_calls():
    compiled = CompileLoss(SCC, output_names=["a", "b"])
    y_pred = [ops.convert_to_tensor([[0.6, 0.2, 0.2], [0.1, 0.1, 0.8]]), ONE]
    as_list = float(compiled([LABELS, LABELS], y_pred))
    assert float(compiled({"b": LABELS, "a": LABELS}, y_pred)) == pytest.approx(as_list)
    weighted = float(compiled({"b": LABELS, "a": LABELS}, y_pred, {"a": np.zeros(2)}))
    assert weighted == pytest.approx(np.log(3), rel=1e-5)
    assert [m.name for m in compiled.metrics] == ["a_loss", "b_loss"]


def test_outputs_without_names():
    compiled = CompileLoss([SCC, losses.SparseCategoricalCrossentropy(name="other")])
    compiled([LABELS, LABELS], TWO)
    assert [m.name for m in compiled.metrics] == [f"{SCC}_loss", "other_loss"]
    same = CompileLoss(SCC)
    same([LABELS, LABELS], TWO)
    assert [m.name for m in same.metrics] == [f"{SCC}_loss", f"{SCC}_loss_1"]
    compiled = CompileMetrics([["acc"], ["acc"]], None)
    compiled.update_state([LABELS, LABELS], TWO)
    assert list(compiled.result()) == ["acc", "acc_1"]


def test_functions_and_objects(backend):
    def far(y_true, y_pred):
        return ops.sum(ops.abs(y_true - y_pred), axis=-1)

    target, out = ops.zeros((2, 3)), ops.ones((2, 3))
    loss = CompileLoss(far)
    assert float(loss(target, out)) == 3.0
    compiled = CompileMetrics([far, lambda a, b: ops.max(b, axis=-1), metrics.MeanSquaredError, metrics.Mean(name="m")], None)
    compiled.build(target, out)
    assert [m.name for m in compiled.metrics] == ["far", "lambda", "mean_squared_error", "m"]
    compiled = CompileMetrics([far], None)
    compiled.update_state(target, out)
    compiled.update_state(target, out * 3)
    assert {k: float(v) for k, v in compiled.result().items()} == {"far": 6.0}
    compiled.reset_state()
    assert float(compiled.result()["far"]) == 0.0


def test_crossentropy_follows_the_labels():
    for y_true, y_pred, wanted in [
        (np.zeros((2, 1)), ops.ones((2, 1)), "BinaryCrossentropy"),
        (LABELS, ONE, "SparseCategoricalCrossentropy"),
        (np.eye(3)[:2], ONE, "CategoricalCrossentropy"),
    ]:
        compiled = CompileMetrics(["crossentropy", "ce"], None)
        compiled.build(y_true, y_pred)
        assert [type(m).__name__ for m in compiled.metrics] == [wanted, wanted]
        assert list(compiled.result()) == ["crossentropy", "ce"]


def test_result_that_is_a_dict():
    class Both(metrics.Metric):
        def update_state(self, y_true, y_pred, sample_weight=None):
            pass

        def result(self):
            return {"p": 1.0, "q": 2.0}

    compiled = CompileMetrics([Both(name="both"), "acc"], None)
    compiled.update_state(LABELS, ONE)
    assert set(compiled.result()) == {"p", "q", "acc"}


def test_moves_to_another_backend():
    from kerata import backend as backends

    installed = backends.installed()
    if len(installed) < 2:
        pytest.skip("one backend installed")
    loss, compiled = CompileLoss(SCC, output_names=["a", "b"]), CompileMetrics(["acc"], None, output_names=["a", "b"])
    loss([LABELS, LABELS], TWO)
    compiled.update_state([LABELS, LABELS], TWO)
    before = {k: float(v) for k, v in compiled.result().items()}
    other = next(n for n in installed if n != backends.current().name)
    with backends.backend_scope(other):
        loss.to_backend(other)
        compiled.to_backend(other)
        assert {k: float(v) for k, v in compiled.result().items()} == before
        predictions = [np.asarray(ops.convert_to_numpy(x)) for x in TWO]
        loss([LABELS, LABELS], [ops.convert_to_tensor(p) for p in predictions])


def test_unknown_sizes_in_a_tensorflow_function():
    tf = pytest.importorskip("tensorflow")
    from kerata import backend as backends

    with backends.backend_scope("tensorflow"):
        loss = CompileLoss(SCC, output_names=["a", "b"])
        compiled = CompileMetrics([["acc"], [SCA]], [["acc"], [SCC]], output_names=["a", "b"])
        pairs = [KerasTensor((None,)), KerasTensor((None, 5))], [KerasTensor((None, 3)), KerasTensor((None, 5, 3))]
        loss.build(*pairs)
        compiled.build(*pairs)
        sizes = ((None,), (None, None), (None, 3), (None, None, 3), (None,))
        specs = [tf.TensorSpec(s, "int32" if i < 2 else "float32") for i, s in enumerate(sizes)]

        @tf.function(input_signature=specs, autograph=False)
        def step(a, b, p, q, w):
            compiled.update_state([a, b], [p, q], [w, None])
            return loss([a, b], [p, q], [w, None])

        y = [rng.integers(0, 3, 7).astype("int32"), rng.integers(0, 3, (7, 5)).astype("int32")]
        p = [rng.dirichlet([1] * 3, 7).astype("float32"), rng.dirichlet([1] * 3, (7, 5)).astype("float32")]
        weight = rng.random(7).astype("float32")
        traced = float(step(*y, *p, weight)), {k: float(v) for k, v in compiled.result().items()}
        compiled.reset_state()
        compiled.update_state(y, p, [weight, None])
        plain = float(loss(y, p, [weight, None])), {k: float(v) for k, v in compiled.result().items()}
    assert traced[0] == pytest.approx(plain[0], rel=1e-5)
    assert traced[1] == pytest.approx(plain[1], rel=1e-5)
    assert compiled.metrics and loss.metrics[0].name == "a_loss"
