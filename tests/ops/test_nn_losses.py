"""Crossentropies, label encodings and CTC against Keras."""

import numpy as np
import pytest
from comparison import compare
from op_gradients import compare_gradients

import kerata
from kerata import ops

_rng = np.random.default_rng(0)
LOGITS = (_rng.standard_normal((3, 8)) * 2).astype("float32")
P = (np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)).astype("float32")
LABELS = np.array([1, 7, 3])
SERIES = _rng.standard_normal((2, 5, 4)).astype("float32")


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_crossentropies(backend, name, from_logits):
    output = LOGITS if from_logits else P
    key = (name, from_logits)
    compare(f"nn.{name}", (P, output), {"from_logits": from_logits}, key)
    if backend != "numpy":
        compare_gradients(lambda o, x: getattr(o.nn, name)(P, x, from_logits=from_logits), [output], key)


@pytest.mark.parametrize("from_logits", [True, False])
def test_sparse_crossentropy(backend, from_logits):
    output = LOGITS if from_logits else P
    name, kwargs = "nn.sparse_categorical_crossentropy", {"from_logits": from_logits}
    compare(name, (LABELS, output), kwargs, ("sparse", from_logits))
    compare(name, (LABELS[:, None], output), kwargs, ("sparse-column", from_logits))
    compare(name, (np.array([-1, 3, 9]), output), kwargs, ("sparse-out", from_logits))
    series = SERIES if from_logits else np.abs(SERIES)
    compare(name, (_labels(), series), kwargs, ("sparse-series", from_logits))
    if backend != "numpy":
        compare_gradients(
            lambda o, x: o.nn.sparse_categorical_crossentropy(LABELS, x, **kwargs), [output], ("sparse", from_logits)
        )


def _labels():
    return np.arange(10).reshape(2, 5) % 4


def test_sparse_crossentropy_along_another_axis(backend):
    moved = np.moveaxis(SERIES, -1, 1).copy()
    a = ops.sparse_categorical_crossentropy(_labels(), moved, from_logits=True, axis=1)
    b = ops.sparse_categorical_crossentropy(_labels(), SERIES, from_logits=True)
    np.testing.assert_allclose(ops.convert_to_numpy(a), ops.convert_to_numpy(b), rtol=1e-5)


def test_huge_logits_stay_finite(train_backend):
    x = np.array([[1e4, -1e4, 0.0]], "float32")
    for fn in (
        lambda x: ops.binary_crossentropy(np.ones((1, 3), "float32"), x, from_logits=True),
        lambda x: ops.categorical_crossentropy(np.eye(3, dtype="float32")[:1], x, from_logits=True),
        lambda x: ops.sparse_categorical_crossentropy(np.array([1]), x, from_logits=True),
    ):
        value, grad = kerata.value_and_grad(lambda x, fn=fn: ops.sum(fn(x)))(x)
        assert np.isfinite(ops.convert_to_numpy(value))
        assert np.isfinite(ops.convert_to_numpy(grad)).all()


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((LABELS, 8), {}),
        ((LABELS[:, None], 8), {"axis": 1, "dtype": "int32"}),
        ((np.array([-1, 9, 2]), 8), {}),
        ((LABELS.astype("uint8"), 8), {"dtype": "bool"}),
        ((LABELS, 8), {"axis": 0}),
    ],
)
def test_one_hot(backend, args, kwargs):
    compare("nn.one_hot", args, kwargs, ("one_hot", str(args), str(kwargs)))


def test_multi_hot(backend):
    compare("nn.multi_hot", (np.array([[1, 2], [3, 3]]), 5), {}, "multi-1")
    compare("nn.multi_hot", (np.array([1, 2]), 5), {"dtype": "int32"}, "multi-2")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.binary_crossentropy(P[:2], LOGITS), "the shapes differ"),
        (lambda: ops.categorical_crossentropy(P[:, :3], LOGITS), "the shapes differ"),
        (lambda: ops.sparse_categorical_crossentropy(P, LOGITS), "one-hot"),
        (lambda: ops.multi_hot(LABELS), "num_classes"),
        (lambda: ops.ctc_decode(SERIES, np.array([5, 5]), strategy="best"), "'best'"),
    ],
)
def test_errors(backend, call, words):
    with pytest.raises(ValueError, match=words):
        call()


STEPS = _rng.standard_normal((3, 8, 5)).astype("float32")
TARGET = np.array([[1, 1, 3], [2, 4, 1], [3, 1, 2]])
TARGET_LENGTH, LENGTH = np.array([3, 2, 1]), np.array([8, 7, 5])


@pytest.mark.parametrize("blank", [0, 4])
def test_ctc_loss(backend, blank):
    target = TARGET if blank == 0 else TARGET - 1
    args = (target, STEPS, TARGET_LENGTH, LENGTH)
    compare("nn.ctc_loss", args, {"mask_index": blank}, ("ctc", blank), rtol=1e-4)
    if backend != "numpy":
        compare_gradients(
            lambda o, x: o.nn.ctc_loss(target, x, TARGET_LENGTH, LENGTH, mask_index=blank), [STEPS], ("ctc", blank)
        )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_ctc_loss_of_half_floats(backend, dtype):
    logits = ops.cast(STEPS, dtype)
    found = ops.ctc_loss(TARGET, logits, TARGET_LENGTH, LENGTH)
    wanted = ops.ctc_loss(TARGET, ops.cast(logits, "float32"), TARGET_LENGTH, LENGTH)
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(found, "float32")), ops.convert_to_numpy(wanted), rtol=3e-2)


@pytest.mark.parametrize("kwargs", [{}, {"merge_repeated": False, "mask_index": 4}])
def test_greedy_decoding(backend, kwargs):
    compare("nn.ctc_decode", (STEPS, LENGTH), kwargs, ("greedy", str(kwargs)))


def test_a_blank_counted_from_the_end(backend):
    for strategy in ("greedy", "beam_search"):
        found, wanted = (ops.ctc_decode(STEPS, LENGTH, strategy, mask_index=i) for i in (-2, STEPS.shape[-1] - 2))
        for f, w in zip(found, wanted):
            np.testing.assert_array_equal(ops.convert_to_numpy(f), ops.convert_to_numpy(w))
    with pytest.raises(ValueError, match=r"`mask_index` is one of the \d+ classes of `inputs`; got 50"):
        ops.ctc_decode(STEPS, LENGTH, mask_index=50)


def _all_spellings(logits, length, blank):
    """The log probability of every label sequence, by going through all paths."""
    import itertools

    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    found = {}
    for path in itertools.product(range(logits.shape[-1]), repeat=length):
        merged = [c for c, _ in itertools.groupby(path)]
        key = tuple(c for c in merged if c != blank)
        score = sum(log_p[t, c] for t, c in enumerate(path))
        found[key] = np.logaddexp(found.get(key, -np.inf), score)
    return sorted(found.items(), key=lambda item: -item[1])


@pytest.mark.parametrize("blank", [0, 2])
def test_beam_search_finds_the_likeliest_labels(backend, blank):
    logits = np.random.default_rng(5).standard_normal((2, 4, 3)).astype("float32") * 2
    lengths = np.array([4, 3])
    paths, scores = ops.ctc_decode(
        logits, lengths, strategy="beam_search", beam_width=60, top_paths=3, mask_index=blank
    )
    paths, scores = ops.convert_to_numpy(paths), ops.convert_to_numpy(scores)
    assert paths.shape == (3, 2, 4)
    assert scores.shape == (2, 3)
    for row in range(2):
        for k, (labels, score) in enumerate(_all_spellings(logits[row], lengths[row], blank)[:3]):
            assert tuple(c for c in paths[k, row] if c >= 0) == labels
            np.testing.assert_allclose(scores[row, k], score, rtol=1e-4)
