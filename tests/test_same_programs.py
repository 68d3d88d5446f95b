"""Short programs over public names that stand beside layers and ops: with Kerata they give what they give with Keras."""

import contextlib
import copy
import functools
import io
import re

import numpy as np
import pytest
from twins import check_twins, of_keras

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 3)).astype("float32"), RNG.normal(size=(6, 2)).astype("float32")
IMAGE = RNG.integers(0, 255, (5, 7, 3)).astype("uint8")


def model_of(k, seed=1):
    k.utils.clear_session()
    model = k.Sequential([k.Input((3,)), k.layers.Dense(4, activation="tanh", name="a"), k.layers.Dense(2, name="b")], name="m")
    generator = np.random.default_rng(seed)
    model.set_weights([generator.normal(size=w.shape) * 0.5 for w in model.get_weights()])
    return model


# -- serialize, deserialize and get of each namespace ---------------------------------------------------------
THINGS = {
    "activations": lambda k: k.activations.softplus,
    "constraints": lambda k: k.constraints.MaxNorm(3.0, axis=1),
    "dtype_policies": lambda k: k.dtype_policies.DTypePolicy("mixed_bfloat16"),
    "initializers": lambda k: k.initializers.VarianceScaling(2.0, "fan_out", seed=3),
    "layers": lambda k: k.layers.Dense(3, activation="relu", kernel_regularizer="l2", name="x"),
    "losses": lambda k: k.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.25, name="x"),
    "metrics": lambda k: k.metrics.MeanIoU(num_classes=3, name="x"),
    "optimizers": lambda k: k.optimizers.Adam(0.5, beta_1=0.7, name="x"),
    "quantizers": lambda k: k.quantizers.AbsMaxQuantizer(axis=1),
    "regularizers": lambda k: k.regularizers.L1L2(0.25, 0.5),
}
BY_NAME = {
    "activations": "gelu", "constraints": "unit_norm", "initializers": "he_normal", "losses": "mse", "metrics": "mae",
    "optimizers": "rmsprop", "regularizers": "l1",
    "quantizers": {"class_name": "AbsMaxQuantizer", "config": {"axis": 1, "output_dtype": "int8"}},
}  # fmt: skip


def config_of(x):
    return x.get_config() if hasattr(x, "get_config") else x.__name__


def written(space, k):
    return getattr(k, space).serialize(THINGS[space](k))


def read(space, k):
    return config_of(getattr(k, space).deserialize(copy.deepcopy(of_keras(functools.partial(written, space)))))


def got(space, k):
    get, thing = getattr(k, space).get, THINGS[space](k)
    found = get(BY_NAME[space])
    return config_of(found() if isinstance(found, type) else found), get(thing) is thing, get(None) is None


@pytest.mark.parametrize("space", THINGS)
def test_serialize(space, backend):
    check_twins(functools.partial(written, space))


@pytest.mark.parametrize("space", THINGS)
def test_deserialize(space, backend):
    check_twins(functools.partial(read, space))


@pytest.mark.parametrize("space", BY_NAME)
def test_get(space, backend):
    check_twins(functools.partial(got, space))


# -- programs --------------------------------------------------------------------------------------------------
PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


@program
def whole_models(k):
    """save_model, load_model, clone_model, model_from_json, save_weights, load_weights."""
    model = model_of(k)
    path, weights = "m.keras", "m.weights.h5"
    k.saving.save_model(model, path)
    k.saving.save_weights(model, weights)
    loaded, cloned, other = k.saving.load_model(path), k.models.clone_model(model), model_of(k, 2)
    k.saving.load_weights(other, weights)
    written = k.models.model_from_json(model.to_json())
    shapes = [[tuple(w.shape) for w in m.weights] for m in (cloned, written)]
    same = [np.array_equal(a, b) for a, b in zip(cloned.get_weights(), model.get_weights())]
    sources = [t.name for t in k.utils.get_source_inputs(model.outputs[0])]
    names = [[x.name for x in m.layers] for m in (cloned, written)]
    return [m.predict(X, verbose=0) for m in (model, loaded, other)], shapes, same, names, sources


@program
def settings(k):
    found = [k.config.dtype_policy().name, k.config.is_interactive_logging_enabled()]
    k.config.set_dtype_policy("mixed_bfloat16")
    found += [k.config.dtype_policy().compute_dtype, k.layers.Dense(1).variable_dtype]
    k.config.set_dtype_policy("float32")
    k.config.disable_interactive_logging()
    found.append(k.config.is_interactive_logging_enabled())
    k.config.enable_interactive_logging()
    return [*found, k.config.is_interactive_logging_enabled(), k.backend.image_data_format()]


@program
def policies(k):
    d = k.dtype_policies
    names = ["mixed_float16", "bfloat16", "int8_from_mixed_bfloat16", "float8_from_float32", "int4_from_float32"]
    found = [d.get(n) for n in names] + [k.DTypePolicy("float16"), d.QuantizedDTypePolicy("int8", "float32")]
    table = d.DTypePolicyMap()
    table["a/b"] = d.DTypePolicy("bfloat16")
    table["c.*"] = d.DTypePolicy("float16")
    found += [table["a/b"], table["cd"], table["none"]]
    return [(p.name, p.compute_dtype, p.variable_dtype, type(p).__name__) for p in found], list(table)


@program
def dtypes_and_tensors(k):
    found = [k.backend.standardize_dtype(d) for d in (bool, np.float16, "uint8", None)]
    symbol = k.Input((3, None), dtype="int32", name="in", batch_size=2)
    tensor = k.KerasTensor((None, 4), "float16", name="t")
    spec = k.InputSpec(dtype="float32", shape=(None, 3), ndim=None, max_ndim=3, min_ndim=1, axes={1: 3})
    return (found, [k.backend.is_keras_tensor(x) for x in (symbol, X)], str(symbol.shape), symbol.dtype, symbol.name, str(tensor.shape),
            tensor.dtype, str(spec.get_config()), [k.backend.is_float_dtype(d) for d in ("float16", "int8", "bfloat16")])  # fmt: skip


@program
def layers_around_layers(k):
    class Twice(k.layers.Wrapper):
        def call(self, x):
            return self.layer(self.layer(x))

    inner = k.layers.Dense(3, kernel_initializer="ones", bias_initializer="ones")
    inputs = k.layers.InputLayer(shape=(3,), name="given", dtype="float32")
    twice = Twice(inner)
    out = k.Model(inputs.output, twice(inputs.output)).predict(X, verbose=0)
    config = twice.get_config()
    return out, inputs.get_config(), sorted(config), config["layer"]["config"]["units"], [w.path.split("/")[-1] for w in twice.weights]


@program
def callbacks_get_their_events(k):
    told = []

    class Listener(k.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            told.append(("own", epoch, sorted(logs), self.params["epochs"], self.model.name))

    def of(name):
        return lambda *given, logs=None: told.append((name, *[g for g in given if isinstance(g, int)]))

    listener = k.callbacks.LambdaCallback(
        **{f"on_{n}": of(n) for n in ("train_begin", "train_end", "epoch_begin", "epoch_end", "train_batch_end")}
    )
    model = model_of(k)
    model.compile("sgd", "mse", metrics=["mae"])
    model.fit(X, Y, batch_size=3, epochs=2, verbose=0, callbacks=[Listener(), listener])
    both = k.callbacks.CallbackList([Listener()], model=model, epochs=7)
    both.on_epoch_end(4, {"loss": 1.0})
    return told


@program
def pictures(k):
    image = k.utils.array_to_img(IMAGE, scale=False)
    image.save("i.png")
    loaded = k.utils.load_img("i.png", target_size=(4, 6), color_mode="rgb")
    array = k.utils.img_to_array(loaded, data_format="channels_first", dtype="float64")
    k.utils.save_img("j.png", IMAGE[::-1], scale=False)
    saved = np.asarray(k.utils.load_img("j.png"))
    return np.asarray(image), np.asarray(loaded), array, saved, k.preprocessing.image.smart_resize(IMAGE, (4, 4))


@program
def progress(k):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        bar = k.utils.Progbar(3, verbose=2, stateful_metrics=["b"])
        for value in (1.0, 2.0, 6.0):
            bar.add(1, [("a", value), ("b", value)])
    return re.sub(r"\d+[mu]?s(/step)?", "T", out.getvalue()).split()


@program
def a_logger_of_progress(k):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        bar = k.callbacks.CallbackList([k.callbacks.ProgbarLogger()], epochs=2, steps=3, verbose=2)
        bar.on_train_begin()
        bar.on_epoch_begin(0)
        for i in range(3):
            bar.on_train_batch_end(i, {"loss": 1.0 + i})
        bar.on_epoch_end(0, {"loss": 3.0})
        bar.on_train_end()
    return re.sub(r"\d+[mu]?s(/step)?", "T", out.getvalue()).split()


@program
def batches_by_number(k):
    class Halves(k.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return X[3 * i : 3 * i + 3], Y[3 * i : 3 * i + 3]

    model = model_of(k)
    model.compile("sgd", "mse")
    data = Halves(workers=1, max_queue_size=3)
    fitted = model.fit(data, epochs=2, shuffle=False, verbose=0).history["loss"]
    return fitted, model.predict(data, verbose=0), data.workers, data.use_multiprocessing, data.num_batches


@program
def registered_objects(k):
    def own(x):
        return x

    with k.saving.CustomObjectScope({"own": own}):
        found = [k.saving.get_registered_object("own") is own, k.saving.get_custom_objects() is not None]
    k.saving.register_keras_serializable("pack", "named")(own)
    found += [k.saving.get_registered_name(own), k.saving.get_registered_object("pack>named") is own]
    k.saving.get_custom_objects().clear()
    return [*found, k.saving.get_registered_object("pack>named")]


@program
def trees(k):
    t = k.tree
    nest = {"b": [1, (2, 3)], "a": 4}
    kept = t.traverse(lambda x: t.MAP_TO_NONE if x == 2 else None, nest)
    return t.flatten(nest), kept, t.map_structure(lambda x: x * 2, nest), t.flatten_with_path(nest)


@program
def features(k):
    space = k.utils.FeatureSpace(
        {"n": k.utils.FeatureSpace.float_normalized(), "w": k.utils.FeatureSpace.string_categorical(num_oov_indices=1)},
        output_mode="concat",
    )
    tf = pytest.importorskip("tensorflow")
    rows = {"n": np.array([[1.0], [3.0], [5.0]], "float32"), "w": np.array([["x"], ["y"], ["x"]])}
    space.adapt(tf.data.Dataset.from_tensor_slices(rows).batch(1))
    return space({"n": tf.constant([[2.0], [5.0]]), "w": tf.constant([["y"], ["z"]])})


@program
def losses_of_regions(k):
    y = (Y > 0).astype("float32")[..., None]
    p = (1 / (1 + np.exp(-Y[::-1])))[..., None].astype("float32")
    values = [k.losses.get(name)(y, p) for name in ("dice", "tversky", "binary_focal_crossentropy")]
    return values


@program
def names_of_scopes(k):
    with k.name_scope("outer"), k.name_scope("inner"):
        variable = k.Variable([1.0], name="v")
    with k.device("cpu:0"):
        total = k.ops.sum(k.ops.convert_to_tensor(X))
    return variable.path, total


@program
def memory_for_time(k):
    with k.RematScope(mode="full"):
        layer = k.layers.Dense(3, kernel_initializer="ones", activation="tanh")
    inside = k.remat(lambda x: k.ops.tanh(x) * 2)
    return layer(X), inside(k.ops.convert_to_tensor(X))


@program
def own_classes(k):
    """Of classes that a user derives: what the base class makes of them."""

    class Same(k.initializers.Initializer):
        def __init__(self, value):
            self.value = value

        def __call__(self, shape, dtype=None, **kwargs):
            return k.ops.full(shape, self.value, dtype=dtype)

        def get_config(self):
            return {"value": self.value}

    class Power(k.regularizers.Regularizer):
        def __init__(self, factor, power):
            self.factor, self.power = factor, power

        def __call__(self, x):
            return self.factor * k.ops.sum(k.ops.abs(x) ** self.power)

        def get_config(self):
            return {"factor": self.factor, "power": self.power}

    class AtMost(k.constraints.Constraint):
        def __init__(self, limit):
            self.limit = limit

        def __call__(self, w):
            return k.ops.minimum(w, self.limit)

        def get_config(self):
            return {"limit": self.limit}

    class Steps(k.quantizers.Quantizer):
        def __init__(self, size, output_dtype="int8"):
            super().__init__(output_dtype=output_dtype)
            self.size = size

        def __call__(self, x):
            return k.ops.cast(k.ops.round(x / self.size), self.output_dtype)

        def get_config(self):
            return {"size": self.size, "output_dtype": self.output_dtype}

    class Falling(k.optimizers.schedules.LearningRateSchedule):
        def __init__(self, first):
            self.first = first

        def __call__(self, step):
            return self.first / (1.0 + k.ops.cast(step, "float32"))

        def get_config(self):
            return {"first": self.first}

    class Largest(k.metrics.Metric):
        def __init__(self, name="largest"):
            super().__init__(name=name)
            self.most = self.add_weight(name="most", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.most.assign(k.ops.maximum(self.most, k.ops.max(k.ops.abs(y_true - y_pred))))

        def result(self):
            return self.most

    made = [Same(2.5), Power(0.5, 3.0), AtMost(0.25), Steps(0.5), Falling(0.1)]
    again = [type(m).from_config(m.get_config()) for m in made]
    given = [(2, 2), X, X, X, 4]
    largest = Largest()
    return ([m(k.ops.convert_to_tensor(x) if x is X else x) for m, x in zip(again, given)], again[0].clone()((3,)), again[3].output_dtype,
            largest(Y, Y * 2), largest(Y, Y), largest.name)  # fmt: skip


@program
def settings_of_quantization(k):
    q = k.quantizers
    found = [q.Float8QuantizationConfig(), q.Int8QuantizationConfig(), q.Int8QuantizationConfig(q.AbsMaxQuantizer(axis=0), None)]

    class Own(q.QuantizationConfig):
        @property
        def mode(self):
            return "own"

    found.append(Own(weight_quantizer=q.AbsMaxQuantizer(axis=1)))
    own, plain = q.AbsMaxQuantizer(axis=0), q.QuantizationConfig
    of = [(plain.weight_quantizer_or_default(c, own), plain.activation_quantizer_or_default(c, own)) for c in (*found[1:], None)]
    configs = [[None if x is None else config_of(x) for x in pair] for pair in of]
    return configs, [config_of(c) for c in found[1:]], [(c.mode, type(c.weight_quantizer).__name__, c.activation_quantizer is None) for c in found]


@program
def quantization_from_a_config(k):
    config = k.quantizers.Int8QuantizationConfig(k.quantizers.AbsMaxQuantizer(axis=0), None).get_config()
    again = k.quantizers.Int8QuantizationConfig.from_config(config)
    return again.mode, config_of(again.weight_quantizer), again.activation_quantizer is None


@program
def own_distillation_loss(k):
    class Difference(k.distillation.DistillationLoss):
        def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
            return k.ops.mean(k.ops.abs(teacher_outputs - student_outputs))

    loss, found = Difference(), []
    for teacher, student in (([X, X], [X]), ([X], [Y]), ({"a": X}, {"a": X}), ({"a": X}, [X]), (X, [X]), ({"a": X}, {"b": X})):
        try:
            loss.validate_outputs(teacher, student)
            found.append("taken")
        except ValueError:
            found.append("refused")
    return found, loss.compute_loss(X, 2 * X)


@program
def events_of_the_base_class(k):
    """A batch's events are also those of names that old programs define."""
    told = []

    class Old(k.callbacks.Callback):
        def on_batch_begin(self, batch, logs=None):
            told.append(("begin", batch))

        def on_batch_end(self, batch, logs=None):
            told.append(("end", batch, logs))

    old = Old()
    for batch in range(2):
        old.on_train_batch_begin(batch)
        old.on_train_batch_end(batch, {"loss": 1.5})
    lambdas = k.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: told.append(("epoch", epoch)))
    k.callbacks.CallbackList([old, lambdas]).on_epoch_begin(3)
    return told


# What these ask for, NumPy does not have: gradients.
TRAINED = {"callbacks_get_their_events", "batches_by_number"}


@pytest.mark.parametrize("name", sorted(PROGRAMS.keys() - TRAINED))
def test_a_program_gives_what_it_gives_with_keras(name, backend, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_twins(PROGRAMS[name])


@pytest.mark.parametrize("name", sorted(TRAINED))
def test_a_training_gives_what_it_gives_with_keras(name, train_backend, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_twins(PROGRAMS[name])
