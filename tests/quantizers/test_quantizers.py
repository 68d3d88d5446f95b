"""The functions of `kerata.quantizers`, against Keras."""

import json

import numpy as np
import pytest
from remember import remember

import kerata
from kerata import ops, quantizers

X = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
SIGNED = np.random.default_rng(1).integers(-8, 8, size=(5, 4, 3)).astype("int8")
HISTORY = np.array([1, 2, 3, 4, 0], "float32")
LIMITS = (np.array([-1.0, -2.0, 0.5, -3.0, -0.1, -1.0], "float32"), np.array([1.0, 2.0, 3.0, -1.0, 0.2, 4.0], "float32"))
# name, arguments, keywords
CASES = [
    ("abs_max_quantize", (X,), {"axis": 0}),
    ("abs_max_quantize", (X,), {"axis": -1, "to_numpy": True}),
    ("abs_max_quantize", (X,), {"axis": (0, 1), "value_range": (-8, 7), "epsilon": 1e-3}),
    ("abs_max_quantize", (X,), {"axis": None, "dtype": "int32"}),
    ("abs_max_quantize_grouped_with_zero_point", (X,), {"block_size": 2}),
    ("abs_max_quantize_grouped_with_zero_point", (X,), {"block_size": 2, "to_numpy": True}),
    ("abs_max_quantize_grouped_with_zero_point", (np.abs(X),), {"block_size": 8}),
    ("abs_max_quantize_grouped_with_zero_point", (np.abs(X),), {"block_size": 8, "to_numpy": True}),
    ("abs_max_quantize_grouped_with_zero_point", (np.ones((5, 3), "float32"),), {"block_size": 2}),
    ("abs_max_quantize_grouped_with_zero_point", (np.ones((5, 3), "float32"),), {"block_size": 2, "to_numpy": True}),
    ("pack_int4", (SIGNED,), {}),
    ("pack_int4", (SIGNED,), {"axis": 1}),
    ("pack_int4", (SIGNED,), {"axis": -1}),
    ("pack_int4", ((SIGNED + 8).astype("uint8"),), {"dtype": "uint8"}),
    ("unpack_int4", (SIGNED * 9,), {"orig_len": 9}),
    ("unpack_int4", (SIGNED * 9,), {"orig_len": 5, "axis": -1}),
    ("unpack_int4", ((SIGNED + 8).astype("uint8") * 9,), {"orig_len": 8, "axis": 1, "dtype": "uint8"}),
    ("fake_quant_with_min_max_vars", (X, -1.03, 2.07), {}),
    ("fake_quant_with_min_max_vars", (X, -1.03, 2.07), {"num_bits": 4, "narrow_range": True}),
    ("fake_quant_with_min_max_vars", (X, *LIMITS), {"axis": 1}),
    ("fake_quant_with_min_max_vars", (X, *LIMITS), {}),
    ("compute_float8_scale", (np.float32(2), np.float32(1), 448.0), {}),
    ("compute_float8_scale", (np.float32(0), np.float32(5), 448.0), {}),
    ("compute_float8_scale", (np.float32("inf"), np.float32(5), 448.0), {"margin": 1}),
    ("compute_float8_scale", (np.float32(3), np.float32(5), 57344.0), {"margin": 2}),
    ("compute_float8_amax_history", (X * 3, HISTORY), {}),
    ("quantize_and_dequantize", (X * 200, np.float32(2), "float8_e4m3fn", "float32"), {}),
    ("quantize_and_dequantize", (X * 1e5, np.float32(0.7), "float8_e5m2", "float32"), {}),
    ("quantize_and_dequantize", (X, np.float32(0.2), "float8_e4m3fn", "bfloat16"), {}),
]


def plain(value):
    """Arrays of NumPy with the dtype that was."""
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, int):
        return value
    dtype = str(value.dtype) if hasattr(value, "dtype") else ops.dtype(value)
    array = np.asarray(value) if type(value).__module__.startswith("jax") else kerata.ops.convert_to_numpy(value)
    return dtype.removeprefix("torch.").removeprefix("<dtype: '").removesuffix("'>"), array.astype("float64")


@remember
def wanted():
    from keras import quantizers as theirs

    return [plain(getattr(theirs, name)(*args, **kwargs)) for name, args, kwargs in CASES]


def same(found, expected, label):
    if isinstance(expected, list):
        assert len(found) == len(expected), label
        for f, e in zip(found, expected):
            same(f, e, label)
    elif isinstance(expected, tuple):
        assert found[0] == expected[0], label
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-5, atol=1e-6, err_msg=str(label))
    else:
        assert found == expected, label


def test_values(backend):
    for (name, args, kwargs), expected in zip(CASES, wanted()):
        same(plain(getattr(quantizers, name)(*args, **kwargs)), expected, (name, kwargs))


def test_symbolic_shapes(backend):
    x = kerata.KerasTensor((None, 6))
    y = quantizers.fake_quant_with_min_max_vars(x, -1.0, 2.0)
    assert (y.shape, y.dtype) == ((None, 6), "float32")


@remember
def gradients():
    import jax
    import jax.numpy as jnp
    from keras import quantizers as theirs

    w = jnp.arange(30.0).reshape(5, 6)
    found = []
    for axis, low, high in ((None, jnp.float32(-1.03), jnp.float32(1.07)), (1, *map(jnp.asarray, LIMITS))):
        fn = lambda x, a, b, axis=axis: (theirs.fake_quant_with_min_max_vars(x, a, b, axis=axis) * w).sum()
        found.append([np.asarray(g) for g in jax.grad(fn, argnums=(0, 1, 2))(jnp.asarray(X), low, high)])
    return found


def test_gradients_of_fake_quant(train_backend):
    w = ops.convert_to_tensor(np.arange(30.0, dtype="float32").reshape(5, 6))
    for (axis, low, high), expected in zip(((None, np.float32(-1.03), np.float32(1.07)), (1, *LIMITS)), gradients()):
        args = [ops.convert_to_tensor(v) for v in (X, low, high)]
        for i, want in enumerate(expected):
            def loss(v, i=i, axis=axis, args=args):
                given = [*args[:i], v, *args[i + 1 :]]
                return ops.sum(ops.multiply(quantizers.fake_quant_with_min_max_vars(*given, axis=axis), w))

            _, found = kerata.value_and_grad(loss)(args[i])
            np.testing.assert_allclose(ops.convert_to_numpy(found), want, rtol=1e-5, atol=1e-5)


@remember
def serialized():
    from keras import quantizers as q

    return [json.dumps(q.serialize(make(q)), sort_keys=True) for make in OBJECTS]


OBJECTS = [
    lambda q: q.AbsMaxQuantizer(),
    lambda q: q.AbsMaxQuantizer(axis=-1, value_range=(-8, 7), epsilon=1e-3),
    lambda q: q.QuantizationConfig(),
    lambda q: q.Int8QuantizationConfig(),
    lambda q: q.Int8QuantizationConfig(q.AbsMaxQuantizer(axis=0), None),
    lambda q: q.Int4QuantizationConfig(),
    lambda q: q.Int4QuantizationConfig(q.AbsMaxQuantizer(value_range=(-8, 7)), q.AbsMaxQuantizer(), block_size=None),
    lambda q: q.Float8QuantizationConfig(),
    lambda q: q.GPTQConfig("data", "tokenizer", weight_bits=3, group_size=-1),
    lambda q: q.AWQConfig(None, None, num_grid_points=5),
]


def test_serialized_forms():
    for make, want in zip(OBJECTS, serialized()):
        mine = quantizers.serialize(make(quantizers))
        assert json.dumps(mine, sort_keys=True) == want
        again = quantizers.get(json.loads(want))
        assert json.dumps(quantizers.serialize(again), sort_keys=True) == want
    assert quantizers.get(None) is None
    assert isinstance(quantizers.get("AbsMaxQuantizer"), kerata.Quantizer)
    assert quantizers.get("abs_max_quantizer", axis=(0, 1)).axis == (0, 1)
    assert [c.mode for c in (quantizers.Int8QuantizationConfig(), quantizers.Int4QuantizationConfig())] == ["int8", "int4"]
    assert quantizers.GPTQConfig(None, None).dtype_policy_string() == "gptq/4/128"


BAD = [
    (ValueError, "value_range", lambda q: q.AbsMaxQuantizer(value_range=(-200, 3))),
    (ValueError, "nope", lambda q: q.get("nope")),
    (ValueError, "5", lambda q: q.get(5)),
    (NotImplementedError, "Quantizer", lambda q: q.Quantizer().get_config()),
    (NotImplementedError, "mode", lambda q: q.QuantizationConfig().mode),
    (ValueError, "int8", lambda q: q.Int8QuantizationConfig(q.AbsMaxQuantizer(output_dtype="int16"))),
    (ValueError, "block_size", lambda q: q.Int4QuantizationConfig(block_size=0)),
    (ValueError, "block_size", lambda q: q.Int4QuantizationConfig(q.AbsMaxQuantizer())),
    (ValueError, "weight_bits", lambda q: q.GPTQConfig(None, None, weight_bits=5)),
    (ValueError, "weight_bits", lambda q: q.AWQConfig(None, None, weight_bits=8)),
    (ValueError, "num_samples", lambda q: q.GPTQConfig(None, None, num_samples=0)),
    (ValueError, "group_size", lambda q: q.AWQConfig(None, None, group_size=0)),
    (ValueError, "hessian_damping", lambda q: q.GPTQConfig(None, None, hessian_damping=2.0)),
    (ValueError, "num_grid_points", lambda q: q.AWQConfig(None, None, num_grid_points=0)),
    (ValueError, "dtype", lambda q: q.pack_int4(SIGNED, dtype="int16")),
    (TypeError, "int8", lambda q: q.pack_int4(X)),
    (TypeError, "int8", lambda q: q.unpack_int4(X, 3)),
]


@remember
def errors_of_keras():
    from keras import quantizers as q

    return [_raised(make, q) for _, _, make in BAD]


def _raised(make, q):
    try:
        make(q)
    except Exception as e:
        return type(e).__name__
    return None


def test_errors():
    for (kind, text, make), theirs in zip(BAD, errors_of_keras()):
        with pytest.raises(kind, match=text):
            make(quantizers)
        assert theirs == kind.__name__


def test_a_weight_quantizer_of_wrong_axes():
    layer = kerata.layers.Embedding(5, 4)
    layer.build(None)
    with pytest.raises(ValueError, match="one scale for each output"):
        layer.quantize(config=quantizers.Int8QuantizationConfig(quantizers.AbsMaxQuantizer(axis=0)))
