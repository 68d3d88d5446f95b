"""Sparse and ragged tensors: ops, layers and training take them where Keras 3.15.1 does."""

import numpy as np
import pytest

import kerata
from kerata import layers, ops
from kerata.core.keras_tensor import KerasTensor
from kerata.ops._composite import is_ragged, is_sparse

A = np.array([[0, 1, 0, 0], [0, 0, 2, 0], [-3, 0, 0, 0.5]], "float32")
B = np.roll(A, 1, axis=1)


@pytest.fixture(params=["jax", "tensorflow"])
def sparse_backend(request):
    pytest.importorskip(request.param)
    with kerata.backend.backend_scope(request.param):
        yield request.param


def sparse(array):
    return ops.cast(kerata.backend.current().composite.from_dense(ops.convert_to_tensor(array)), str(array.dtype))


# op, arguments ("A", "B": sparse; others as they are), whether the result is sparse
CASES = [
    *[(name, ("A",), True) for name in ("abs", "sin", "square", "negative", "sign", "floor", "tanh", "expm1", "relu")],
    *[(name, ("A",), False) for name in ("exp", "sigmoid", "cos", "logical_not", "isnan", "softmax")],
    *[(name, ("A", "B"), True) for name in ("add", "subtract", "maximum", "minimum", "multiply")],
    *[(name, ("A", B + 1), name in ("multiply", "divide")) for name in ("add", "subtract", "maximum", "multiply", "divide")],
    *[(name, (B + 1, "A"), name == "multiply") for name in ("add", "subtract", "multiply")],
    ("multiply", ("A", 2.0), True), ("divide", ("A", 2.0), True), ("add", ("A", 2.0), False),
    ("multiply", ("A", np.array([1.0, 2, 3, 4], "float32")), True), ("power", ("A", 2.0), False),
    ("matmul", ("A", B.T.copy()), False), ("matmul", (B.T.copy(), "A"), False),
    ("reshape", ("A", (2, -1)), True), ("transpose", ("A",), True), ("expand_dims", ("A", 1), True),
    ("concatenate", (["A", "B"], 0), True), ("concatenate", (["A", "B"], -1), True), ("concatenate", (["A", B], 1), False),
    ("sum", ("A", 1), True), ("mean", ("A", -1), True), ("max", ("A", 1), False), ("cast", ("A", "int32"), True),
    ("clip", ("A", -1, 1), False), ("take", ("A", np.array([2, 0])), False), ("where", ("A", 1.0, 0.0), False),
]  # fmt: skip


def test_ops_of_sparse_tensors_give_what_they_give_for_dense_ones(sparse_backend):
    pick = {"A": A, "B": B}

    def args(given, make):
        one = lambda a: make(pick[a]) if isinstance(a, str) and a in pick else a
        return [[one(v) for v in a] if isinstance(a, list) else one(a) for a in given]

    for name, given, stays in CASES:
        op = getattr(ops, name)
        out = op(*args(given, sparse))
        assert is_sparse(out) is stays, name
        want = ops.convert_to_numpy(op(*args(given, np.asarray)))
        np.testing.assert_allclose(ops.convert_to_numpy(out), want, atol=1e-6, err_msg=name)
        symbolic = op(*args(given, lambda a: KerasTensor(a.shape, sparse=True)))
        assert symbolic.sparse is stays and symbolic.shape == want.shape, name


@pytest.mark.parametrize("divisor", [B, np.array([1.0, 0.0, np.nan, 2.0], "float32"), np.where(B != 0, B, np.nan)])
def test_zeros_divided_by_zero_are_nan(sparse_backend, divisor):
    """Those that are not stored as well, as in Keras."""
    with np.errstate(divide="ignore", invalid="ignore"):
        want = A / divisor
    for name in ("divide", "true_divide"):
        out = getattr(ops, name)(sparse(A), ops.convert_to_tensor(divisor))
        assert is_sparse(out)
        np.testing.assert_array_equal(ops.convert_to_numpy(out), want)


def test_conversion(sparse_backend):
    x = sparse(A)
    assert ops.is_tensor(x) and ops.shape(x) == (3, 4)
    assert is_sparse(ops.convert_to_tensor(x)) and not is_sparse(ops.convert_to_tensor(x, sparse=False))
    np.testing.assert_array_equal(ops.convert_to_numpy(x), A)
    import scipy.sparse as scipy

    assert is_sparse(ops.convert_to_tensor(scipy.csr_matrix(A)))
    np.testing.assert_allclose(ops.convert_to_numpy(ops.add(scipy.csr_matrix(A), B)), A + B)


def test_sparse_outputs(sparse_backend):
    indices = np.array([[0, 2], [1, 1]])
    made = {
        "one_hot": lambda s: ops.one_hot([0, 2, -1], 4, sparse=s),
        "multi_hot": lambda s: ops.multi_hot(indices, 4, sparse=s),
        "bincount": lambda s: ops.bincount(indices, sparse=s),
        "CategoryEncoding": lambda s: layers.CategoryEncoding(4, sparse=s)(indices),
        "Discretization": lambda s: layers.Discretization([0.0, 1.0], output_mode="one_hot", sparse=s)(np.array([[0.5], [-1]])),
        "IntegerLookup": lambda s: layers.IntegerLookup(vocabulary=[3, 4], output_mode="count", sparse=s)(np.array([[3, 4]])),
        "Hashing": lambda s: layers.Hashing(4, output_mode="multi_hot", sparse=s)(np.array([["a"], ["b"]])),
        "TextVectorization": lambda s: layers.TextVectorization(vocabulary=["a"], output_mode="count", sparse=s)(["a b a"]),
    }
    for name, make in made.items():
        out = make(True)
        assert is_sparse(out), name
        np.testing.assert_array_equal(ops.convert_to_numpy(out), ops.convert_to_numpy(make(False)), err_msg=name)
    assert layers.CategoryEncoding(4, sparse=True)(layers.Input((2,), dtype="int32")).sparse


def test_what_is_not_stored_stays_so(sparse_backend):
    for same in (ops.stop_gradient, ops.copy):
        assert is_sparse(same(sparse(A)))
        np.testing.assert_array_equal(ops.convert_to_numpy(same(sparse(A))), A)
    symbol = kerata.KerasTensor((3, 4), sparse=True)
    assert ops.copy(symbol).sparse and ops.stop_gradient(symbol).sparse and ops.convert_to_tensor(symbol).sparse
    assert not ops.convert_to_tensor(symbol, sparse=False).sparse
    values = np.array([[0, 0.5, 2], [-3, 0, 0]], "float32")
    bins = layers.Discretization([0.0, 1.0])(sparse(values))
    assert is_sparse(bins)
    np.testing.assert_array_equal(ops.convert_to_numpy(bins), [[0, 1, 2], [0, 0, 0]])
    counts = ops.bincount(sparse(np.array([[1, 1, 2], [0, 0, 1]])), minlength=4)
    assert is_sparse(counts)
    np.testing.assert_array_equal(ops.convert_to_numpy(counts), [[0, 2, 1, 0], [0, 1, 0, 0]])


@pytest.mark.parametrize("name", ["torch", "numpy"])
def test_backends_without_sparse_tensors_say_so(name):
    with kerata.backend.backend_scope(name):
        with pytest.raises(ValueError, match=r"sparse=True.*needs sparse tensors"):
            ops.one_hot([0], 2, sparse=True)
        with pytest.raises(ValueError, match="sparse=True"):
            layers.CategoryEncoding(4, sparse=True)(np.array([[1]]))
        with pytest.raises(ValueError, match="ragged=True"):
            layers.TextVectorization(vocabulary=["a"], ragged=True)(["a b"])


def test_layers_and_training_on_sparse_data(train_backend):
    import scipy.sparse as scipy

    y, data = np.ones((3, 2)), [A, scipy.csr_matrix(A)]
    if train_backend != "torch":
        data.append(sparse(A))
    seen = []
    for x in data:
        inputs = layers.Input((4,), sparse=x is not A)
        model = kerata.Model(inputs, layers.Dense(2, kernel_initializer="ones")(inputs))
        model.compile("sgd", "mse")
        losses = model.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0).history["loss"]
        seen.append([*losses, model.evaluate(x, y, verbose=0), *model.predict(x, verbose=0).ravel()])
        np.testing.assert_allclose(ops.convert_to_numpy(model(x)).ravel(), seen[-1][3:], rtol=1e-5)
    for other in seen[1:]:
        np.testing.assert_allclose(other, seen[0], rtol=1e-5)


def test_data_sets_of_sparse_tensors():
    tf = pytest.importorskip("tensorflow")
    with kerata.backend.backend_scope("tensorflow"):
        model = kerata.Sequential([layers.Input((4,), sparse=True), layers.Dense(1, kernel_initializer="ones")])
        batches = tf.data.Dataset.from_tensor_slices(tf.sparse.from_dense(A)).batch(2)
        np.testing.assert_allclose(model.predict(batches, verbose=0), A.sum(1, keepdims=True))


def test_ragged_tensors():
    tf = pytest.importorskip("tensorflow")
    rows, words = tf.ragged.constant([[1, 2], [3], [4, 5, 6]]), tf.ragged.constant([["a", "b"], ["z"], ["b", "b", "a"]])
    with kerata.backend.backend_scope("tensorflow"):
        x = ops.cast(rows, "float32")
        assert [r.tolist() for r in ops.add(x, x).numpy()] == [[2, 4], [6], [8, 10, 12]]
        assert ops.mean(rows, axis=1).numpy().tolist() == [1.5, 3, 5]
        assert ops.convert_to_tensor(rows, ragged=False).shape == (3, 3) and ops.is_tensor(rows)
        assert ops.concatenate([x, x], axis=1).to_list()[1] == [3, 3]
        with pytest.raises(ValueError, match="no ragged tensors"):
            ops.sort(x)
        lookup = lambda mode: layers.StringLookup(vocabulary=["a", "b"], output_mode=mode)
        assert lookup("int")(words).to_list() == [[1, 2], [0], [2, 2, 1]]
        assert lookup("count")(words).numpy().tolist() == [[0, 1, 1], [1, 0, 0], [0, 1, 2]]
        assert layers.CategoryEncoding(7, output_mode="count")(rows).numpy()[2].tolist() == [0, 0, 0, 0, 1, 1, 1]
        assert layers.Discretization([2.0, 4.0])(x).to_list() == [[0, 1], [1], [2, 2, 2]]
        text = layers.TextVectorization(vocabulary=["a", "b"], ragged=True)
        assert text(np.array(["a b", "z", "b b a"])).to_list() == [[2, 3], [1], [3, 3, 2]]
        assert is_ragged(layers.Embedding(7, 2)(rows)) and layers.Embedding(7, 2)(layers.Input((None,), ragged=True)).ragged
        inside = next(iter(tf.data.Dataset.from_tensors(words).map(lookup("count"))))
        assert inside.numpy().tolist() == [[0, 1, 1], [1, 0, 0], [0, 1, 2]]


def test_training_on_ragged_data():
    tf = pytest.importorskip("tensorflow")
    rows, y = tf.ragged.constant([[1, 2], [3], [4, 5, 6]]), np.ones((3, 2))
    with kerata.backend.backend_scope("tensorflow"):
        inputs = layers.Input((None,), dtype="int32", ragged=True)
        vectors = layers.Embedding(8, 2, embeddings_initializer=kerata.initializers.Constant(0.3))(inputs)
        model = kerata.Model(inputs, layers.GlobalAveragePooling1D()(vectors))
        model.compile("sgd", "mse")
        losses = model.fit(rows, y, epochs=2, batch_size=2, shuffle=False, verbose=0).history["loss"]
        np.testing.assert_allclose(losses, [0.49, 0.4865], atol=2e-4)  # as Keras gives; padded with zeros it would be 0.4870
        assert model.predict(rows, verbose=0).shape == (3, 2)
