"""GPTQ and AWQ: what they leave of a model's outputs, beside plain rounding; files."""

import numpy as np
import pytest

import kerata
from kerata import ops
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
    for key in ("integers", "scale", "zero", "g_idx"):
        np.testing.assert_allclose(found[key], wanted[key], rtol=1e-6)


def test_awq_is_nearer_than_rounding():
    found = awq(WEIGHT, np.abs(INPUTS).mean(axis=0), INPUTS, AWQConfig(None, None, group_size=8))
    assert error_of(found) < 0.9 * error_of(plainly(4, 8))


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
