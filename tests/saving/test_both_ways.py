"""What files hold beside plain weights, written by Keras and read by Kerata and the reverse: state, adapters, integers."""

from __future__ import annotations

import warnings

import keras as real
import numpy as np
import pytest

import kerata

RNG = np.random.default_rng(1)
WAYS = [(real, kerata), (kerata, real), (kerata, kerata)]


@pytest.fixture(autouse=True)
def torch():
    with kerata.backend_scope("torch"):
        yield


def floats(*shape):
    return RNG.normal(size=shape).astype("float32")


def filled(variables) -> None:
    """Other values than at the start, so that what is not read back shows."""
    for v in variables:
        if str(v.dtype).startswith("float"):
            v.assign(np.abs(RNG.normal(size=v.shape)).astype("float32") + 0.5)


def values(variables) -> list[np.ndarray]:
    return [np.asarray(v.numpy(), "float32") for v in variables]


def same(a, b, where, tol=1e-5) -> None:
    assert len(a) == len(b), where
    for x, y in zip(a, b):
        np.testing.assert_allclose(np.asarray(x, "float32"), np.asarray(y, "float32"), atol=tol, rtol=tol, err_msg=str(where))


def keep(model, path: str) -> None:
    model.save_weights(path) if path.endswith(".weights.h5") else model.save(path)


# -- the state of every optimizer ------------------------------------------------------------------------------
def mapped(k):
    chosen = k.optimizers.OptimizerMap(k.optimizers.Adam(0.01))
    chosen[".*a/.*"] = k.optimizers.SGD(0.05, momentum=0.9)
    return k.optimizers.MultiOptimizer(chosen)


OPTIMIZERS = {
    "SGD": [{}, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.9, "clipvalue": 0.1, "weight_decay": 0.01}],
    "Adam": [
        {}, {"amsgrad": True, "global_clipnorm": 1.0}, {"use_ema": True, "ema_momentum": 0.9},
        {"use_ema": True, "ema_overwrite_frequency": 3}, {"gradient_accumulation_steps": 3},
        {"gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2},
    ],
    "AdamW": [{"weight_decay": 0.01, "clipnorm": 1.0}], "RMSprop": [{}, {"momentum": 0.9, "centered": True}], "Adagrad": [{}],
    "Adadelta": [{}], "Adafactor": [{}, {"relative_step": False, "beta_2_decay": -0.7}], "Nadam": [{}], "Adamax": [{}],
    "Ftrl": [{"l1_regularization_strength": 0.1}], "Lion": [{}], "Lamb": [{}], "Muon": [{}], "ScheduleFreeAdamW": [{}],
}  # fmt: skip
SCHEDULES = {
    "ExponentialDecay": (0.1, 2, 0.5), "CosineDecay": (0.01, 20, 0.1), "CosineDecayRestarts": (0.1, 3),
    "PiecewiseConstantDecay": ([2, 3], [0.1, 0.05, 0.01]), "PolynomialDecay": (0.1, 10), "InverseTimeDecay": (0.1, 3, 0.5),
}  # fmt: skip


def optimizers():
    for name, settings in OPTIMIZERS.items():
        for given in settings:
            yield f"{name} {given}", lambda k, n=name, s=given: getattr(k.optimizers, n)(learning_rate=0.01, **s)
    for name, given in SCHEDULES.items():
        yield name, lambda k, n=name, s=given: k.optimizers.Adam(getattr(k.optimizers.schedules, n)(*s))
    yield "scaled", lambda k: k.optimizers.LossScaleOptimizer(k.optimizers.Adam(0.01), initial_scale=64.0)
    yield "scaled, accumulated", lambda k: k.optimizers.LossScaleOptimizer(
        k.optimizers.SGD(0.01, momentum=0.9, gradient_accumulation_steps=2)
    )
    yield "mapped", mapped


def compiled(k, make):
    model = k.Sequential([k.Input((4,)), k.layers.Dense(5, activation="tanh", name="a"), k.layers.Dense(2, name="b")])
    model.compile(make(k), k.losses.MeanSquaredError())
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.mark.parametrize("suffix", [pytest.param(".keras", marks=pytest.mark.slow), ".weights.h5", ".h5"])
def test_state_of_every_optimizer(tmp_path, suffix):
    path = str(tmp_path / f"m{suffix}")
    for label, make in optimizers():
        for writer, reader in WAYS[:2]:
            if suffix == ".h5" and writer is real and "Adafactor" in label:
                continue  # Keras cannot write it: two of its slots have one name
            if suffix == ".h5" and reader is real and "Lamb" in label:
                continue  # Keras does not know its name in such files, its own among them
            model = compiled(writer, make)
            filled(model.optimizer.variables[2:])
            keep(model, path)
            with warnings.catch_warnings():
                warnings.filterwarnings("error", message=".*(Skipping|starts afresh).*")
                if suffix == ".weights.h5":
                    other = compiled(reader, make)
                    other.load_weights(path)
                elif suffix == ".h5" and reader is real:  # Keras gives such an optimizer no variables, in its own files too
                    other = real.saving.load_model(path)
                    assert type(other.optimizer).__name__ == type(model.optimizer).__name__, label
                    continue
                else:
                    other = reader.saving.load_model(path)
            same(values(other.optimizer.variables), values(model.optimizer.variables), (label, writer.__name__, reader.__name__))


# -- adapters, integers, policies ------------------------------------------------------------------------------
def adapted(k, layer, shape, dtype="float32", **how):
    model = k.Sequential([k.Input(shape, dtype=dtype), layer, k.layers.Flatten(), k.layers.Dense(2)])
    layer.enable_lora(2, **how)
    filled([v for v in layer.trainable_variables if "lora" in v.name])
    return model


def quantized(k, *layers, mode, shape, dtype="float32"):
    model = k.Sequential([k.Input(shape, dtype=dtype), *layers])
    model.quantize(mode)
    return model


def integers_adapted(k):
    model = quantized(k, k.layers.Dense(8), k.layers.Dense(4), mode="int8", shape=(4,))
    model.layers[0].enable_lora(2)
    return model


def tied(k):
    x = k.Input((5,), dtype="int32")
    embedding = k.layers.ReversibleEmbedding(10, 8)
    model = k.Model(x, embedding(embedding(x), reverse=True))
    model.quantize("int8")
    return model


def words(k):
    L = k.layers
    return [L.Embedding(10, 8), L.EinsumDense("abc,cd->abd", (5, 8), bias_axes="d"), L.Flatten(), L.Dense(6, activation="relu")]


X, TOKENS, IMAGES, STEPS = floats(4, 4), RNG.integers(0, 10, (4, 5)).astype("int32"), floats(4, 6, 6, 2), floats(4, 5, 4)
EINSUM = "abc,cd->abd", (5, 6)
KINDS = {
    "lora dense": (lambda k: adapted(k, k.layers.Dense(5), (4,)), X),
    "lora embedding": (lambda k: adapted(k, k.layers.Embedding(10, 4), (5,), "int32"), TOKENS),
    "lora conv": (lambda k: adapted(k, k.layers.Conv2D(3, 3), (6, 6, 2)), IMAGES),
    "lora einsum": (lambda k: adapted(k, k.layers.EinsumDense(*EINSUM), (5, 4)), STEPS),
    "int8": (lambda k: quantized(k, *words(k), mode="int8", shape=(5,), dtype="int32"), TOKENS),
    "int4": (lambda k: quantized(k, *words(k), mode="int4", shape=(5,), dtype="int32"), TOKENS),
    "float8": (lambda k: quantized(k, k.layers.Dense(8), k.layers.Dense(4), mode="float8", shape=(4,)), X),
    "int8 and lora": (integers_adapted, X),
    "int8 tied": (tied, TOKENS),
    "int8 by policy": (lambda k: k.Sequential([k.Input((4,)), k.layers.Dense(8, dtype="int8_from_float32")]), X),
    "int8 from bfloat16": (lambda k: k.Sequential([k.Input((4,)), k.layers.Dense(8, dtype="int8_from_mixed_bfloat16")]), X),
    "bfloat16": (lambda k: k.Sequential([k.Input((4,)), k.layers.Dense(8, dtype="mixed_bfloat16")]), X),
    "float16": (lambda k: k.Sequential([k.Input((4,)), k.layers.Dense(8, dtype="mixed_float16")]), X),
    "grouped heads": (lambda k: grouped(k), STEPS),
    "normalised": (lambda k: k.Sequential([k.Input((4,)), normal(k), k.layers.Dense(2)]), X),
}  # fmt: skip
ROUGH = {"int8 from bfloat16": 5e-2, "bfloat16": 2e-2, "float16": 5e-3, "int4": 1e-3, "int8": 1e-3, "float8": 1e-3}


def grouped(k):
    x = k.Input((5, 4))
    return k.Model(x, k.layers.Dense(2)(k.layers.GroupQueryAttention(2, 4, 2)(x, x)))


def normal(k):
    layer = k.layers.Normalization()
    layer.adapt(X)
    return layer


def results(model, x) -> list[np.ndarray]:
    y = model(x)
    return [np.asarray(kerata.ops.convert_to_numpy(y) if type(model).__module__.startswith("kerata") else y, "float32")]


@pytest.mark.slow
@pytest.mark.parametrize("label", KINDS)
def test_adapters_and_quantized_models(tmp_path, label):
    build, x = KINDS[label]
    for writer, reader in WAYS[:2]:
        model = build(writer)
        want = results(model, x)
        for suffix in (".keras", ".weights.h5", ".h5"):
            path = str(tmp_path / f"m{suffix}")
            keep(model, path)
            if suffix == ".weights.h5":
                other = build(reader)
                other.load_weights(path)
            else:
                other = reader.saving.load_model(path)
            same(results(other, x), want, (suffix, writer.__name__, reader.__name__), ROUGH.get(label, 1e-5))


def test_a_layer_that_two_models_share(tmp_path):
    """A nested model, used inside another nested one and beside it, is one model again (Keras cannot load such a file)."""
    L, x = kerata.layers, kerata.Input((4,))
    inner = kerata.Sequential([kerata.Input((4,)), L.Dense(4, activation="tanh"), L.BatchNormalization()], name="inner")
    outer = kerata.Model(x, L.Dense(3)(inner(inner(x))), name="outer")
    y = kerata.Input((4,))
    model = kerata.Model(y, L.Dense(2)(L.Concatenate()([outer(y), inner(y)])))
    model.compile("adam", "mse")
    data, target = floats(8, 4), floats(8, 2)
    model.train_on_batch(data, target)
    for suffix in (".keras", ".h5"):
        model.save(tmp_path / f"m{suffix}")
        again = kerata.saving.load_model(tmp_path / f"m{suffix}")
        assert again.get_layer("outer").get_layer("inner") is again.get_layer("inner")
        assert again.count_params() == model.count_params()
        same(values(again.optimizer.variables), values(model.optimizer.variables), suffix)
        same([again.predict(data, verbose=0)], [model.predict(data, verbose=0)], suffix)


def test_metrics_keep_their_short_names_in_h5(tmp_path):
    model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2)])
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
    x, y = floats(4, 3), floats(4, 2)
    model.save(tmp_path / "m.h5")
    again = kerata.saving.load_model(tmp_path / "m.h5")
    assert again.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(model.evaluate(x, y, verbose=0, return_dict=True))
    assert set(real.saving.load_model(tmp_path / "m.h5").evaluate(x, y, verbose=0, return_dict=True)) >= {"loss"}


# -- vocabularies ----------------------------------------------------------------------------------------------
TEXTS = np.array(["the cat sat", "a dog the cat", "zebra"])


def lookups(k) -> list:
    L = k.layers
    adapted = [
        L.TextVectorization(output_sequence_length=4), L.TextVectorization(output_mode="tf_idf", ngrams=2, max_tokens=12),
        L.StringLookup(output_mode="tf_idf"), L.StringLookup(num_oov_indices=2),
    ]  # fmt: skip
    for layer in adapted:
        layer.adapt(TEXTS)
    given = [L.StringLookup(vocabulary=["zebra"], mask_token=""), L.StringLookup(vocabulary=["b"], idf_weights=[0.5],
             output_mode="tf_idf"), L.Hashing(5, salt=3)]  # fmt: skip
    return adapted + given


def test_vocabularies(tmp_path):
    import tensorflow as tf

    path = str(tmp_path / "m.keras")
    for writer, reader in WAYS:
        layers = lookups(writer)
        x = writer.Input((1,), dtype="string")
        writer.Model(x, [layer(x) for layer in layers]).save(path)
        found = {layer.name: layer for layer in reader.saving.load_model(path).layers}
        for layer in layers:
            texts = tf.constant(TEXTS[:, None])
            got, want = (np.asarray(one(texts)) for one in (found[layer.name], layer))
            same([got], [want], (layer.name, writer.__name__, reader.__name__))


def test_feature_spaces(tmp_path):
    import tensorflow as tf

    data = {"n": floats(8, 1), "d": floats(8, 1), "s": np.array(list("xyzxxyqx"))[:, None], "i": RNG.integers(0, 4, (8, 1))}
    batch = {k: tf.constant(v) for k, v in data.items()}
    path = str(tmp_path / "m.keras")
    for writer, reader in WAYS:
        kind = writer.utils.FeatureSpace
        features = {"n": "float_normalized", "d": "float_discretized", "s": "string_categorical", "i": kind.integer_hashed(3)}
        space = kind(features, output_mode="concat", crosses=[kind.cross(("s", "i"), crossing_dim=8)])
        space.adapt(tf.data.Dataset.from_tensor_slices(data).batch(4))
        space.save(path)
        same([np.asarray(reader.saving.load_model(path)(batch))], [np.asarray(space(batch))], (writer, reader))


def test_names_in_h5_are_texts(tmp_path):
    """Programs that look into such a file read its names as `str`."""
    import h5py

    found = []
    for K in (kerata, real):
        model = K.Sequential([K.Input((3,), name="x"), K.layers.Dense(2, name="a"), K.layers.Dense(1, name="bé")], name="m")
        model.save(tmp_path / "m.h5")
        with h5py.File(tmp_path / "m.h5") as file:
            group = file["model_weights"]
            found.append([list(group.attrs["layer_names"]), list(group["a"].attrs["weight_names"])])
    assert found[0] == found[1] and isinstance(found[0][0][0], str)
