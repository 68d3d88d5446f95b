"""Each function of `metrics` against the real Keras: shapes of every rank, kinds of numbers, options."""

import inspect

import numpy as np
import pytest
from remember import remember

from kerata import metrics, ops

RNG = np.random.default_rng(11)
REAL = [RNG.normal(size=(3, 4)).astype("float32") for _ in range(2)]
BITS = [RNG.integers(0, 2, (3, 4)).astype("float32"), RNG.random((3, 4)).astype("float32")]
PROB = [p / p.sum(-1, keepdims=True) for p in (RNG.random((2, 3, 5)).astype("float32") for _ in range(2))]
ONE_HOT = np.eye(5, dtype="float32")[RNG.integers(0, 5, (2, 3))]
IDS = RNG.integers(0, 5, (2, 3)).astype("int32")
CASES = [
    ("binary_accuracy", BITS, [{}, {"threshold": 0.2}]),
    ("categorical_accuracy", [ONE_HOT, PROB[1]], [{}]),
    ("categorical_accuracy", [ONE_HOT[0], PROB[1][0]], [{}]),
    ("sparse_categorical_accuracy", [IDS, PROB[1]], [{}]),
    ("sparse_categorical_accuracy", [IDS[0][:, None], PROB[1][0]], [{}]),
    ("top_k_categorical_accuracy", [ONE_HOT[0], PROB[1][0]], [{}, {"k": 2}, {"k": 1}]),
    ("top_k_categorical_accuracy", [ONE_HOT, PROB[1]], [{"k": 3}]),
    ("sparse_top_k_categorical_accuracy", [IDS[0], PROB[1][0]], [{}, {"k": 2}]),
    ("sparse_top_k_categorical_accuracy", [IDS, PROB[1]], [{"k": 3}, {"k": 3, "from_sorted_ids": False}]),
    ("sparse_top_k_categorical_accuracy", [IDS[0], np.argsort(-PROB[1][0])], [{"k": 2, "from_sorted_ids": True}]),
    ("concordance_correlation", REAL, [{}, {"axis": 0}]),
    ("pearson_correlation", REAL, [{}, {"axis": 0}]),
    ("mean_squared_error", REAL, [{}]), ("mean_absolute_error", REAL, [{}]), ("mean_absolute_percentage_error", REAL, [{}]),
    ("mean_squared_logarithmic_error", [np.abs(r) for r in REAL], [{}]), ("log_cosh", REAL, [{}]), ("huber", REAL, [{}, {"delta": 0.3}]),
    ("hinge", [BITS[0] * 2 - 1, REAL[1]], [{}]), ("squared_hinge", [BITS[0] * 2 - 1, REAL[1]], [{}]), ("hinge", BITS, [{}]),
    ("categorical_hinge", [ONE_HOT, PROB[1]], [{}]), ("kl_divergence", PROB, [{}]), ("poisson", [np.abs(r) for r in REAL], [{}]),
    ("binary_crossentropy", BITS, [{}, {"label_smoothing": 0.1}, {"from_logits": True}]),
    ("binary_focal_crossentropy", BITS, [{}, {"apply_class_balancing": True, "gamma": 1.0}]),
    ("categorical_crossentropy", [ONE_HOT, PROB[1]], [{}, {"from_logits": True, "label_smoothing": 0.2}]),
    ("categorical_focal_crossentropy", [ONE_HOT, PROB[1]], [{}, {"alpha": 0.5}]),
    ("sparse_categorical_crossentropy", [IDS, PROB[1]], [{}, {"ignore_class": 1}, {"from_logits": True}]),
]  # fmt: skip

JAX_ALONE = ("sparse_categorical_crossentropy",)  # Keras gives float32 for float16 on JAX, float16 on PyTorch


@remember
def _of_keras(case: int, option: int, dtype: str):
    import keras

    return _ask(keras, case, option, dtype)


def _ask(framework, case, option, dtype):
    name, data, options = CASES[case]
    data = [d.astype(dtype) if d.dtype == np.float32 else d for d in data]
    result = getattr(framework.metrics, name)(*data, **options[option])
    return framework.backend.standardize_dtype(result.dtype), np.asarray(framework.ops.convert_to_numpy(result), "float64")


@pytest.mark.parametrize("case", range(len(CASES)), ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)])
def test_as_keras(backend, case):
    import kerata

    for option in range(len(CASES[case][2])):
        for dtype, close in (("float32", 1e-5), ("float16", 5e-3)):
            want_dtype, want = _of_keras(case, option, dtype)
            found_dtype, found = _ask(kerata, case, option, dtype)
            assert found.shape == want.shape
            if dtype == "float32" or CASES[case][0] not in JAX_ALONE:
                assert found_dtype == want_dtype
            np.testing.assert_allclose(found, want, rtol=close, atol=close)


def test_every_function_has_a_case():
    functions = {n for n in metrics.__all__ if inspect.isfunction(getattr(metrics, n)) and n not in ("get", "serialize", "deserialize")}
    same = {getattr(metrics, c[0]) for c in CASES}
    assert {n for n in functions if getattr(metrics, n) not in same} == set()


def test_lists_and_single_numbers(backend):
    assert float(metrics.mean_squared_error([1.0, 2.0], [1.0, 4.0])) == 2.0
    np.testing.assert_array_equal(ops.convert_to_numpy(metrics.sparse_categorical_accuracy([1], [[0.1, 0.9]])), [1.0])


def test_correlation_with_what_is_constant(backend):
    """Undefined, as in Keras."""
    found = metrics.pearson_correlation([[1.0, 1.0], [1.0, 2.0]], [[1.0, 3.0], [1.0, 3.0]])
    np.testing.assert_allclose(ops.convert_to_numpy(found), [np.nan, 1.0], rtol=1e-5)
