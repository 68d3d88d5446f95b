"""Dtype policies of quantized layers, and DTypePolicyMap."""

import json

import numpy as np
import pytest
from remember import remember

import kerata
from kerata import dtype_policies as policies

NAMES = ["int8_from_float32", "int4_from_float32", "int4/64_from_float32", "int4/-1_from_float16", "gptq/4/128_from_float32",
         "awq/4/-1_from_mixed_bfloat16", "float8_from_bfloat16"]  # fmt: skip
WRONG = ["int8", "int4/abc_from_float32", "gptq_from_float32", "gptq/5/128_from_float32", "gptq/4/0_from_float32",
         "awq/8/128_from_float32", "int9_from_float32", "int8_from_abc"]  # fmt: skip


@remember
def wanted():
    from keras import dtype_policies as theirs

    def of(name):
        p = theirs.get(name)
        return p.name, p.quantization_mode, p.compute_dtype, p.variable_dtype, json.dumps(theirs.serialize(p))

    return [of(name) for name in NAMES]


def test_named_policies_are_as_in_keras():
    for name, want in zip(NAMES, wanted()):
        p = policies.get(name)
        assert (p.name, p.quantization_mode, p.compute_dtype, p.variable_dtype, json.dumps(policies.serialize(p))) == want
        assert policies.get(json.loads(want[-1])) == p
    assert policies.get("int4/64_from_float32").block_size == 64
    p = policies.GPTQDTypePolicy("gptq/3/32", "float32")
    assert (p.weight_bits, p.group_size, p.mode) == (3, 32, "gptq")
    for name in WRONG:
        with pytest.raises(ValueError):
            policies.get(name)


def test_map():
    m = policies.DTypePolicyMap("mixed_bfloat16", {"a/b": "float16", "enc/.*": policies.QuantizedDTypePolicy("int8", "float32")})
    assert [m[k].name for k in ("a/b", "enc/1/x", "a/b/c", "x/enc/1")] == [
        "float16", "int8_from_float32", "mixed_bfloat16", "mixed_bfloat16",
    ]  # fmt: skip
    assert (len(m), list(m), "a/b" in m, "enc/1" in m) == (2, ["a/b", "enc/.*"], True, False)
    assert (m.compute_dtype, m.variable_dtype, m.name) == ("bfloat16", "float32", "map_mixed_bfloat16")
    again = policies.deserialize(json.loads(json.dumps(policies.serialize(m))))
    assert again == m and policies.serialize(m)["class_name"] == "DTypePolicyMap"
    with pytest.raises(ValueError, match="already"):
        m["a/b"] = "float32"
    with pytest.raises(ValueError, match="several"):
        policies.DTypePolicyMap(policy_map={"a.*": "float16", ".*b": "bfloat16"})["ab"]
    with pytest.raises(TypeError, match="policy_map"):
        policies.DTypePolicyMap(policy_map=[1])
    del m["a/b"]
    assert list(m) == ["enc/.*"]


def test_layers_take_the_policy_of_their_path(backend):
    class Pair(kerata.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.a = kerata.layers.Dense(2, name="a", dtype=self.dtype_policy)
            self.b = kerata.layers.Dense(2, name="b", dtype=self.dtype_policy)

        def call(self, x):
            return self.b(self.a(x))

    m = policies.DTypePolicyMap(policy_map={"pair/a": "bfloat16", "pair/b": "int8_from_float32"})
    pair = Pair(name="pair", dtype=m)
    assert pair(np.ones((2, 3), "float32")).shape == (2, 2)
    kernels = [pair.a.weights[0], next(w for w in pair.b.weights if w.name == "kernel")]
    assert [w.dtype for w in kernels] == ["bfloat16", "int8"]
    assert pair.a.compute_dtype == "bfloat16" and pair.b.quantization_mode == "int8" and pair.dtype_policy is m
    mha = kerata.layers.MultiHeadAttention(
        2, 3, name="mha", dtype=policies.DTypePolicyMap(policy_map={"mha/.*": "bfloat16"})
    )
    mha.build((None, 4, 5), (None, 4, 5))
    assert {w.dtype for w in mha.weights} == {"bfloat16"}
    assert type(mha).from_config(mha.get_config()).dtype_policy == mha.dtype_policy
