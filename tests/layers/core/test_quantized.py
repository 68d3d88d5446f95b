"""Layers with quantized weights and adapters, against Keras: variables, files, outputs."""

import gc
import json
import os
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
from remember import remember

import kerata
from kerata import ops

pytestmark = pytest.mark.slow  # Keras takes its time with more than a hundred layers

# name -> class, arguments, input shape, modes
LAYERS = {
    "dense": ("Dense", {"units": 7, "activation": "relu"}, (2, 5)),
    "dense3": ("Dense", {"units": 4, "use_bias": False}, (2, 3, 6)),
    "einsum": ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 4, 3), "bias_axes": "de"}, (2, 2, 5)),
    "einsum2": ("EinsumDense", {"equation": "btnh,nhd->btd", "output_shape": (None, 6), "bias_axes": "d"}, (2, 2, 4, 3)),
    "embedding": ("Embedding", {"input_dim": 7, "output_dim": 5}, (2, 3)),
    "reversible": ("ReversibleEmbedding", {"input_dim": 7, "output_dim": 6}, (2, 3)),
    "untied": ("ReversibleEmbedding", {"input_dim": 7, "output_dim": 5, "tie_weights": False}, (2, 3)),
}
MODES = {
    "int8": lambda q: q.Int8QuantizationConfig(),
    "int8 weights": lambda q: q.Int8QuantizationConfig(activation_quantizer=None),
    "int8 own": lambda q: q.Int8QuantizationConfig(q.AbsMaxQuantizer(axis=0, value_range=(-100, 100)), q.AbsMaxQuantizer(value_range=(-50, 50))),
    "int4": lambda q: q.Int4QuantizationConfig(),
    "int4 blocks": lambda q: q.Int4QuantizationConfig(block_size=2),
    "int4 outputs": lambda q: q.Int4QuantizationConfig(block_size=None),
    "int4 inputs": lambda q: q.Int4QuantizationConfig(block_size=-1, activation_quantizer=q.AbsMaxQuantizer()),
    "float8": lambda q: q.Float8QuantizationConfig(),
    "none": lambda q: None,
}
ADAPTERS = (None, "before", "after")


def cases():
    for layer in LAYERS:
        for mode in MODES:
            for adapter in ADAPTERS:
                if mode == "float8" and (adapter or "mbed" in layer or layer in ("reversible", "untied")):
                    continue  # Keras saves no adapters with float8, and Embeddings have no such form
                if mode in ("int8 own", "int4 inputs") and (adapter or "dense" not in layer):
                    continue
                if (mode, adapter) != ("none", None) and not (mode == "none" and adapter == "after"):
                    yield layer, mode, adapter


def values(n: int, shape):
    return np.random.default_rng(n).normal(size=shape).astype("float32")


def inputs_of(layer: str):
    _, _, shape = LAYERS[layer]
    if LAYERS[layer][0].endswith("Embedding"):
        return np.random.default_rng(5).integers(0, 7, size=shape).astype("int32")
    return values(5, shape)


def made(library, layer: str, mode: str, adapter):
    """The layer, quantized and adapted, with weights that depend on their shapes alone."""
    kind, arguments, shape = LAYERS[layer]
    made = getattr(library.layers, kind)(**arguments, name="layer")
    made.build((None, *shape[1:]))
    for i, w in enumerate(made.weights):
        w.assign(values(i, w.shape))
    if adapter == "before":
        adapt(made)
    config = MODES[mode](library.quantizers)
    if config is not None:
        made.quantize(config.mode, config=config)
    if adapter == "after":
        adapt(made)
    return made


def adapt(layer):
    layer.enable_lora(2, lora_alpha=3)
    for w in layer.weights:
        if w.name.startswith("lora_"):
            w.assign(values(9, w.shape))


def answers(layer, name: str, array):
    """What is compared: variables, what stands in files, outputs, config."""
    kept = {}
    layer.save_own_variables(kept)
    x = inputs_of(name)
    outputs = [array(layer(x))]
    if name in ("reversible", "untied"):
        outputs.append(array(layer(values(7, (2, 3, LAYERS[name][1]["output_dim"])), reverse=True)))
    config = {k: v for k, v in layer.get_config().items() if k in ("dtype", "quantization_config", "lora_rank", "lora_alpha")}
    specs = [(w.path, w.dtype, tuple(w.shape), w.trainable) for w in layer.weights]
    return specs, {k: array(v) for k, v in kept.items()}, outputs, json.dumps(config, sort_keys=True)


def asked() -> dict:
    import keras

    gc.freeze()  # Keras collects garbage whenever it drops a weight: half a second each with all that is loaded
    found = {}
    for case in cases():
        layer = made(keras, *case)
        found[case] = answers(layer, case[0], keras.ops.convert_to_numpy), json.dumps(keras.layers.serialize(layer))
    return found


@remember
def wanted():
    """Keras's answers on PyTorch, in a process of its own: JAX compiles the many small ops, which takes minutes."""
    program = "import pickle, sys; from test_quantized import asked; sys.stdout.buffer.write(pickle.dumps(asked()))"
    paths = os.pathsep.join([str(pathlib.Path(__file__).parent), *sys.path])
    env = {**os.environ, "KERAS_BACKEND": "torch", "PYTHONPATH": paths}
    return pickle.loads(subprocess.run([sys.executable, "-c", program], env=env, check=True, stdout=subprocess.PIPE).stdout)


def own(layer):
    """NumPy arrays of Kerata's tensors and variables, with their dtypes."""
    return lambda x: ops.convert_to_numpy(x)


def same_files(found: dict, expected: dict, label, slack: int = 0):
    assert found.keys() == expected.keys(), label
    for key, want in expected.items():
        assert (found[key].dtype, found[key].shape) == (want.dtype, want.shape), (label, key)
        np.testing.assert_allclose(found[key], want, rtol=1e-5, atol=1e-6, err_msg=f"{label} {key}")


@pytest.mark.parametrize("name", LAYERS)
def test_same_as_keras(name, backend):
    for case, ((specs, kept, outputs, config), serialized) in wanted().items():
        if case[0] != name:
            continue
        mine = made(kerata, *case)
        found = answers(mine, name, own(mine))
        assert found[0] == specs, case
        assert found[3] == config, case
        same_files(found[1], kept, case)
        compared = 1 if case[2] else 2  # Keras leaves the adapter out on the way back of quantized ReversibleEmbeddings
        for y, want in zip(found[2][:compared], outputs):
            np.testing.assert_allclose(y, want, rtol=1e-4, atol=1e-4, err_msg=str(case))
        again = kerata.layers.deserialize(json.loads(serialized))
        again.built or again.build((None, *LAYERS[name][2][1:]))
        again.load_own_variables(kept)
        written = {}
        again.save_own_variables(written)
        if case[2] is None:
            same_files({k: own(again)(v) for k, v in written.items()}, kept, ("read", *case))
            np.testing.assert_allclose(own(again)(again(inputs_of(name))), outputs[0], rtol=1e-4, atol=1e-4, err_msg=str(case))


@remember
def adapter_gradients():
    import jax
    import keras

    found = {}
    for name, mode in GRADIENTS:
        layer = made(keras, name, mode, "after")
        weights, fixed = [v.value for v in layer.trainable_variables], [v.value for v in layer.non_trainable_variables]

        def loss(weights, layer=layer, fixed=fixed, name=name):
            return (layer.stateless_call(weights, fixed, inputs_of(name))[0] ** 2).sum()

        grads = jax.grad(loss)(weights)
        found[name, mode] = [(v.path, np.asarray(g)) for v, g in zip(layer.trainable_variables, grads)]
    return found


GRADIENTS = [("dense", "int8"), ("dense", "int4 blocks"), ("einsum", "int8"), ("einsum2", "int4 outputs"), ("embedding", "int4 blocks")]


def test_gradients_of_adapters(train_backend):
    for (name, mode), expected in adapter_gradients().items():
        layer = made(kerata, name, mode, "after")
        x = ops.convert_to_tensor(inputs_of(name))
        assert [v.path for v in layer.trainable_variables] == [p for p, _ in expected]
        for variable, (path, want) in zip(layer.trainable_variables, expected):
            start = ops.convert_to_tensor(variable)

            def loss(value, variable=variable, layer=layer, x=x):
                with kerata.StatelessScope(state_mapping=[(variable, value)]):
                    return ops.sum(ops.square(layer(x)))

            _, found = kerata.value_and_grad(loss)(start)
            np.testing.assert_allclose(ops.convert_to_numpy(found), want, rtol=1e-3, atol=1e-3, err_msg=f"{name} {mode} {path}")


X, Y = values(1, (8, 5)), values(2, (8, 3))


def trained(library):
    model = library.Sequential([library.Input((5,)), library.layers.Dense(4, activation="tanh", name="a"), library.layers.Dense(3, name="b")])
    for i, w in enumerate(model.weights):
        w.assign(values(i, w.shape))
    model.quantize("float8", filters="a")
    model.compile(library.optimizers.SGD(0.1), "mse")
    losses = model.fit(X, Y, batch_size=4, epochs=3, shuffle=False, verbose=0).history["loss"]
    return model, losses


@remember
def trained_by_keras():
    import keras

    model, losses = trained(keras)
    return losses, [(w.path, np.asarray(w)) for w in model.weights]


def test_training_in_float8(train_backend):
    model, losses = trained(kerata)
    expected, weights = trained_by_keras()
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    for w, (path, want) in zip(model.weights, weights, strict=True):
        assert w.path.rpartition("/")[2] == path.rpartition("/")[2]
        np.testing.assert_allclose(w.numpy(), want, rtol=2e-3, atol=1e-4, err_msg=path)


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_files_go_both_ways(mode, tmp_path, backend):
    import keras

    def model(library):
        ids = library.Input((3,), dtype="int32")
        x = library.layers.Embedding(7, 4)(ids)
        x = library.layers.MultiHeadAttention(2, 3)(x, x) if library is kerata else library.layers.EinsumDense("abc,cd->abd", (None, 4))(x)
        return library.Model(ids, library.layers.Dense(2)(x))

    theirs = model(keras)
    theirs.quantize(mode, filters=lambda layer: mode != "float8" or "embedding" not in layer.name)
    theirs.save(tmp_path / "theirs.keras")
    mine = kerata.saving.load_model(tmp_path / "theirs.keras")
    x = np.arange(6, dtype="int32").reshape(2, 3)
    expected = np.asarray(theirs(x))
    np.testing.assert_allclose(ops.convert_to_numpy(mine(x)), expected, rtol=1e-4, atol=1e-5)
    mine.save(tmp_path / "mine.keras")
    np.testing.assert_allclose(np.asarray(keras.saving.load_model(tmp_path / "mine.keras")(x)), expected, rtol=1e-4, atol=1e-5)


def test_models_and_filters():
    def model():
        return kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(3, name="a"), kerata.layers.ReLU(), kerata.layers.Dense(2, name="ab")])

    def quantized(**arguments):
        m = model()
        m.quantize(**arguments)
        return [layer.name for layer in m.layers if layer.quantization_mode]

    q = kerata.quantizers
    assert quantized(mode="int8") == quantized(config=q.Int4QuantizationConfig()) == ["a", "ab"]
    assert quantized(mode="int8", filters="b") == quantized(mode="int8", filters=["b$"]) == ["ab"]
    assert quantized(mode="int4", filters=lambda layer: layer.name == "a") == ["a"]
    for kind, text, arguments in (
        (ValueError, "mode", {}),
        (ValueError, "int9", {"mode": "int9"}),
        (ValueError, "int4", {"mode": "int8", "config": q.Int4QuantizationConfig()}),
        (ValueError, "GPTQConfig", {"mode": "gptq"}),
        (ValueError, "filters", {"mode": "int8", "filters": 5}),
        (ValueError, "what", {"mode": "int8", "what": 5}),
    ):
        with pytest.raises(kind, match=text):
            quantized(**arguments)
    m = model()
    m.quantize("int8")
    with pytest.raises(ValueError, match="already"):
        m.quantize("int4")
    with pytest.raises(ValueError, match="build"):
        kerata.layers.Dense(2).quantize("int8")
    with pytest.raises(NotImplementedError, match="float8"):
        kerata.layers.Embedding(2, 3, dtype="float8_from_float32").build()
    conv = kerata.layers.Conv2D(2, 3)
    with pytest.raises(ValueError, match="build"):
        conv.quantize("int8")
    conv.build((None, 8, 8, 3))
    with pytest.raises(NotImplementedError):
        conv.quantize("int8")
    with pytest.raises(ValueError, match="int9"):
        conv.quantize("int9")

    class Mine(kerata.layers.Dense):
        pass

    mine = Mine(3)
    mine.build((None, 2))
    with pytest.raises(NotImplementedError, match="type_check"):
        mine.quantize("int8")
    mine.quantize("int8", type_check=False)
    assert mine.quantization_mode == "int8"


def test_layers_that_have_no_such_form_stay_as_they_are():
    class Mine(kerata.layers.Dense):
        pass

    layers = kerata.layers
    model = kerata.Sequential([kerata.Input((4,), dtype="int32"), layers.Embedding(9, 3), Mine(3), layers.Dense(2)])
    with pytest.warns(UserWarning) as seen:
        model.quantize("float8")
    assert [layer.quantization_mode for layer in model.layers] == [None, None, "float8"]
    texts = " ".join(str(w.message) for w in seen)
    assert "Embedding" in texts and "type_check" in texts
    other = kerata.Sequential([kerata.Input((4,)), Mine(3), layers.Dense(2)])
    other.quantize("int8", type_check=False)
    assert [layer.quantization_mode for layer in other.layers] == ["int8", "int8"]


def test_predictions_follow_quantize(backend):
    m = kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(300, name="a")])
    x = values(0, (2, 4))
    before = m.predict(x, verbose=0)
    m.quantize("int4")
    after = m.predict(x, verbose=0)
    assert 1e-3 < np.abs(before - after).max() < 0.5
    assert m.count_params() == 4 * 150 + 300 + 300 + 300 + 4
