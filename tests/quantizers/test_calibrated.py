"""GPTQ and AWQ: what they leave of a model's outputs, beside plain rounding; files."""

import numpy as np
import pytest
from remember import remember

import kerata
from kerata import ops
from kerata.models.calibration import Seen, finish, sequences
from kerata.quantizers import AWQConfig, GPTQConfig
from kerata.quantizers.awq import awq
from kerata.quantizers.gptq import gptq
from kerata.quantizers.grid import grids_of_groups, rounded

RNG = np.random.default_rng(0)
# Activations that hang together, with inputs of different size: what both methods make use of.
INPUTS = (RNG.normal(size=(400, 6)) @ RNG.normal(size=(6, 16)) * np.linspace(0.1, 4, 16)).astype("float32")
WEIGHT = RNG.normal(size=(16, 12)).astype("float32")
IDS = RNG.integers(0, 20, size=(10, 6)).astype("int32")


def error_of(found):
    groups = found["g_idx"].astype(int)
    weight = (found["integers"] - found["zero"][groups].astype("float32")) * found["scale"][groups]
    if "awq_scales" in found:
        weight = weight / found["awq_scales"][:, None]
    return np.square(INPUTS @ weight - INPUTS @ WEIGHT).mean()


def plainly(bits, group):
    scale, zero, groups = grids_of_groups(WEIGHT, bits, group)
    return {"integers": rounded(WEIGHT, scale[groups], zero[groups], bits), "scale": scale, "zero": zero, "g_idx": groups}


@pytest.mark.parametrize("options", [{}, {"group_size": 4}, {"weight_bits": 3, "activation_order": True}, {"weight_bits": 8, "group_size": 5}], ids=str)
def test_gptq_is_nearer_than_rounding(options):
    config = GPTQConfig(None, None, **options)
    found = gptq(WEIGHT, 2 * INPUTS.T @ INPUTS / len(INPUTS), config)
    assert error_of(found) < 0.6 * error_of(plainly(config.weight_bits, config.group_size))


def test_gptq_without_correlations_is_rounding():
    config = GPTQConfig(None, None, group_size=4)
    found, wanted = gptq(WEIGHT, np.eye(16), config), plainly(4, 4)
    for key in ("integers", "scale", "zero"):
        np.testing.assert_allclose(found[key], wanted[key], rtol=1e-6)
    np.testing.assert_allclose(np.floor(found["g_idx"]), wanted["g_idx"])


def test_awq_weighs_inputs_by_their_size():
    size = np.geomspace(0.01, 30, 16).astype("float32")
    found = awq(WEIGHT, size, AWQConfig(None, None, group_size=8))
    weight = (found["integers"] - found["zero"][found["g_idx"].astype(int)].astype("float32")) * found["scale"][found["g_idx"].astype(int)]
    plain = plainly(4, 8)
    off = plain["scale"][plain["g_idx"]] * (plain["integers"] - plain["zero"][plain["g_idx"]]) - WEIGHT
    weighed = lambda x: np.square(x * size[:, None]).sum()
    assert weighed(weight / found["awq_scales"][:, None] - WEIGHT) < 0.5 * weighed(off)


# With inputs that hang together in pairs alone, the inverse Hessian's rows are those of its Cholesky factor: there Keras's
# formula, which takes the rows of the inverse itself, is the paper's.
PAIRS = 20 * np.linalg.qr(RNG.normal(size=(400, 16)))[0]
PAIRS = ((PAIRS + 0.7 * PAIRS[:, np.arange(16) ^ 1]) * np.linspace(0.5, 3, 16)).astype("float32")
GPTQ_OPTIONS = [{}, {"weight_bits": 8}, {"weight_bits": 3, "group_size": 2}, {"weight_bits": 2, "group_size": 4}, {"symmetric": True},
                {"per_channel": False}, {"per_channel": False, "group_size": 8}, {"hessian_damping": 0.5}, {"hessian_damping": 0.0},
                {"activation_order": True}, {"group_size": -1, "weight_bits": 8}]  # fmt: skip
AWQ_OPTIONS = [{}, {"group_size": 4}, {"group_size": -1}, {"num_grid_points": 1}, {"num_grid_points": 5, "group_size": 8}]


@remember
def wanted(mode):
    """What the object that quantizes one layer in Keras leaves in it. (`Model.quantize` does not show it any data.)"""
    import keras
    from keras.src.quantizers.awq import AWQ
    from keras.src.quantizers.gptq import GPTQ

    found = []
    for options in GPTQ_OPTIONS if mode == "gptq" else AWQ_OPTIONS:
        layer = keras.layers.Dense(12)
        layer.build((None, 16))
        layer.set_weights([WEIGHT, np.zeros(12)])
        config = (keras.quantizers.GPTQConfig if mode == "gptq" else keras.quantizers.AWQConfig)([1], 1, **options)
        layer.quantize(mode, config=config)
        one = GPTQ(layer, config) if mode == "gptq" else AWQ(layer, config)
        for x in np.split(PAIRS if mode == "gptq" else INPUTS, [100, 130]):
            (one.update_hessian_with_batch if mode == "gptq" else one.update_activation_magnitudes)(keras.ops.convert_to_tensor(x))
        one.quantize_and_correct_layer() if mode == "gptq" else one.quantize_layer()
        found.append(({w.name: np.asarray(w.value) for w in layer.weights}, np.asarray(layer(INPUTS[:3]))))
    return found


@pytest.mark.parametrize("mode", ["gptq", "awq"])
def test_layers_as_in_keras(mode):
    for options, (theirs, output) in zip(GPTQ_OPTIONS if mode == "gptq" else AWQ_OPTIONS, wanted(mode)):
        config = (GPTQConfig if mode == "gptq" else AWQConfig)(None, None, **options)
        layer = kerata.layers.Dense(12)
        layer.build((None, 16))
        layer.set_weights([WEIGHT, np.zeros(12)])
        layer.quantize(mode, config=config)
        seen = Seen(layer)
        for x in np.split(PAIRS if mode == "gptq" else INPUTS, [100, 130]):
            seen.add(x)
        finish(layer, seen, config)
        tied = config.mode == "gptq" and config.symmetric  # the largest weight lies between two integers of such a grid
        for w in [w for w in layer.weights if not tied or "kernel" != w.name]:
            mine, error = ops.convert_to_numpy(w.value), f"{options} {w.name}"
            assert (mine.dtype, mine.shape) == (theirs[w.name].dtype, theirs[w.name].shape), error
            np.testing.assert_allclose(mine.astype(float), theirs[w.name].astype(float), rtol=1e-5, atol=1e-6, err_msg=error)
        if not tied:
            np.testing.assert_allclose(ops.convert_to_numpy(layer(INPUTS[:3])), output, rtol=1e-4, atol=1e-4)


def test_windows_of_the_data():
    def starts(total, count, length):
        config = GPTQConfig([np.arange(total // 2), np.arange(total // 2, total)], None, num_samples=count, sequence_length=length)
        return [int(x[0]) for x in sequences(config)]

    assert starts(5000, 5, 4) == [0, 999, 1998, 2997, 3996] and starts(33, 8, 4) == list(range(0, 24, 3))
    assert starts(10, 8, 4) == [0, 4, 8, 2, 6, 0, 4, 8]  # put together four times, 37 places
    with pytest.raises(TypeError, match="list or generator"):
        sequences(GPTQConfig("text", Tokenizer()))


class Block(kerata.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.a = kerata.layers.Dense(11, activation="relu", name="a")
        self.b = kerata.layers.EinsumDense("abc,cd->abd", (None, 8), bias_axes="d", name="b")

    def build(self, shape):
        self.a.build(shape)
        self.b.build((*shape[:-1], 11))

    def call(self, x):
        return x + self.b(self.a(x))


def model():
    ids = kerata.Input((6,), dtype="int32")
    embedding, blocks = kerata.layers.Embedding(20, 8), [Block(name="one"), Block(name="two")]
    made = kerata.Model(ids, kerata.layers.Dense(5, name="head")(blocks[1](blocks[0](embedding(ids)))))
    for i, w in enumerate(made.weights):
        w.assign(np.random.default_rng(i).normal(size=w.shape) * 0.4)
    return made, {"pre_block_layers": [embedding], "sequential_blocks": blocks}


class Tokenizer:
    def tokenize(self, text):
        return [ord(c) % 20 for c in text]


@pytest.mark.parametrize("kind", [GPTQConfig, AWQConfig])
def test_models(kind, backend):
    made, structure = model()
    before = ops.convert_to_numpy(made(IDS))
    config = kind(list(IDS), None, num_samples=8, sequence_length=6, group_size=4, quantization_layer_structure=structure)
    made.quantize(config.mode, config=config)
    after = ops.convert_to_numpy(made(IDS))
    assert 1e-4 < np.abs(after - before).mean() < 0.1 * np.abs(before).mean()
    layer = structure["sequential_blocks"][0].a
    assert layer.dtype_policy.name == f"{config.mode}/4/4_from_float32" and getattr(layer, f"is_{config.mode}_calibrated")
    names = ["bias", "kernel", "kernel_scale", "kernel_zero", *(["awq_scales"] if config.mode == "awq" else []), "g_idx"]
    assert [w.name for w in layer.weights] == names
    assert [tuple(w.shape) for w in layer.weights][1:4] == [(6, 8), (11, 2), (11, 2)]
    assert made.get_layer("head").quantization_mode is None
    again = kerata.layers.Dense.from_config(layer.get_config())
    again.build((None, 8))
    kept = {}
    layer.save_own_variables(kept)
    again.load_own_variables({k: ops.convert_to_numpy(v) for k, v in kept.items()})
    x = INPUTS[:3, :8]
    np.testing.assert_allclose(ops.convert_to_numpy(again(x)), ops.convert_to_numpy(layer(x)), rtol=1e-6)


def test_data_and_errors():
    texts = GPTQConfig(["hello world this", "is a text of some length"], Tokenizer(), num_samples=4, sequence_length=6)
    made, structure = model()
    with pytest.raises(ValueError, match="quantization_layer_structure"):
        made.quantize("gptq", config=texts)
    texts.quantization_layer_structure = structure
    made.quantize("gptq", config=texts)
    for dataset, tokenizer, text in ((None, None, "dataset"), ([], None, "empty"), (["abc"], None, "tokenizer")):
        made, structure = model()
        config = GPTQConfig(dataset, tokenizer, num_samples=2, sequence_length=6, quantization_layer_structure=structure)
        with pytest.raises(ValueError, match=text):
            made.quantize("gptq", config=config)
