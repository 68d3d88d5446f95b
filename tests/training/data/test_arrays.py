"""Whole arrays as a source: orders, batches, what is accepted, and what is refused with which words."""

import sys

import numpy as np
import pytest

from kerata import backend as backends
from kerata.core import config
from kerata.training.data import ArraySource, make_source, train_validation_split
from kerata.utils import set_random_seed


def batches(source, epoch=0):
    return list(source.epoch(epoch))


def test_unshuffled_batches_are_views_in_order():
    x = np.arange(20, dtype="float32").reshape(10, 2)
    source = make_source(x, np.arange(10), batch_size=4)
    got = batches(source)
    assert [len(b[0]) for b in got] == [4, 4, 2]
    assert all(np.shares_memory(b[0], x) for b in got)
    assert np.concatenate([b[1] for b in got]).tolist() == list(range(10))
    assert (source.num_samples, source.batch_size, source.num_batches, source.has_arrays) == (10, 4, 3, True)


@pytest.mark.parametrize("packed", [(1, 1, 1), (1, 1, 0), (1, 0, 0), (1, 0, 1)])
def test_tuples_have_what_was_given(packed):
    x, y, w = (np.ones((4, 1)) if p else None for p in packed)
    source = make_source(x, y, w)
    length = 3 if w is not None else 2 if y is not None else 1
    assert len(source.data) == len(batches(source)[0]) == len(source.peek()) == length


def test_shuffled_epochs_visit_every_sample_once_and_differ():
    source = make_source(np.arange(100), np.arange(100), batch_size=7, shuffle=True, seed=3)
    first, second = source.order(0), source.order(1)
    assert first.dtype in (np.int32, np.int64)
    assert sorted(first) == sorted(second) == list(range(100))
    assert first.tolist() != second.tolist()
    got = batches(source, 1)
    assert np.concatenate([b[0] for b in got]).tolist() == second.tolist()
    assert all(np.array_equal(b[0], b[1]) for b in got)
    assert np.array_equal(source.order(0), first), "an order depends on the epoch alone"


def test_shuffle_by_batch_keeps_neighbours():
    source = make_source(np.arange(23), batch_size=5, shuffle="batch", seed=1)
    got = [b[0].tolist() for b in batches(source)]
    assert [len(b) for b in got] == [5, 5, 5, 5, 3]
    assert all(b == list(range(b[0], b[0] + len(b))) and b[0] % 5 == 0 for b in got)
    assert any(source.order(e).tolist() != list(range(23)) for e in range(4))


def test_orders_follow_the_global_seed():
    def order():
        set_random_seed(7)
        return [make_source(np.arange(50), shuffle=True).order(0).tolist() for _ in range(2)]

    one, other = order(), order()
    assert one == other
    assert one[0] != one[1], "two sources of one run have different orders"


def test_orders_follow_numpys_seed_when_none_is_set(monkeypatch):
    from kerata.utils import seeds

    monkeypatch.setattr(seeds._state, "seed", None)
    orders = []
    for _ in range(2):
        np.random.seed(5)
        orders.append(make_source(np.arange(50), shuffle=True).order(0).tolist())
    assert orders[0] == orders[1]


def test_fewer_steps_go_on_in_the_next_epoch():
    with pytest.warns(UserWarning, match="has only 1 of them"):
        source = make_source(np.arange(10), batch_size=2, steps=2)
    assert source.num_batches == 2
    got = [np.concatenate([b[0] for b in batches(source, e)]).tolist() for e in range(4)]
    assert got == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], [0, 1, 2, 3]]  # as Keras: no batch has samples of two passes
    assert [source.order(e).tolist() for e in range(4)] == got


@pytest.mark.filterwarnings("ignore:20 steps")
@pytest.mark.parametrize("steps, size", [(None, 32), (1, 10), (3, 4), (4, 3), (20, 1)])
def test_steps_alone_say_how_large_batches_are(steps, size):
    assert make_source(np.arange(10), steps=steps).batch_size == size


def test_more_steps_than_data_end_with_them():
    with pytest.warns(UserWarning, match="only 3"):
        source = make_source(np.arange(10), batch_size=4, steps=9)
    assert source.num_batches == len(batches(source)) == 3


def test_nested_structures_and_lists_of_numbers():
    x = {"a": np.ones((6, 2)), "b": [np.zeros((6, 3)), (1, 2, 3, 4, 5, 6)]}
    source = make_source(x, [0, 1, 0, 1, 0, 1], batch_size=4, shuffle=True)
    bx, by = batches(source)[0]
    assert bx["a"].shape == (4, 2) and bx["b"][0].shape == (4, 3) and bx["b"][1].shape == (4,) and by.shape == (4,)
    assert np.array_equal((bx["b"][1] - 1) % 2, by)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("float64", "float32"), ("float16", "float32"), ("float32", "float32"), ("int64", "int64"), ("uint8", "uint8"),
     ("bool", "bool"), ("int32", "int32")],
)  # fmt: skip
def test_dtypes(given, wanted):
    assert make_source(np.ones((3, 2), given)).data[0].dtype == wanted


def test_floats_become_floatx():
    config.set_floatx("float64")
    try:
        assert make_source(np.ones(3, "float32")).data[0].dtype == "float64"
    finally:
        config.set_floatx("float32")


def test_tensors_of_each_backend(backend):
    b = backends.current()
    x = b.convert(np.arange(12, dtype="float32").reshape(6, 2))
    source = make_source(x, b.convert(np.arange(6, dtype="int32")), batch_size=4, shuffle=True, seed=0)
    got = batches(source)
    order = source.order(0)
    assert np.allclose(np.concatenate([b.to_numpy(g[0]) for g in got]), np.arange(12).reshape(6, 2)[order])
    assert np.array_equal(np.concatenate([b.to_numpy(g[1]) for g in got]), order)
    if backend != "numpy":
        assert b.is_tensor(source.data[0]), "tensors of the backend in force stay where they are"
    (train, _), (val, _) = train_validation_split((x, x), 0.5)
    assert len(train) == len(val) == 3


@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow"])
def test_tensors_of_other_backends_become_numpy(name):
    if name not in backends.installed():
        pytest.skip(f"{name} is not installed")
    x = backends.get(name).convert(np.ones((4, 2), "float32"))
    with backends.backend_scope("numpy"):
        assert type(make_source(x).data[0]) is np.ndarray


def test_torch_details():
    torch = pytest.importorskip("torch")
    with backends.backend_scope("numpy"):
        assert make_source(torch.ones(3, 2, requires_grad=True)).data[0].dtype == "float32"
        assert make_source(torch.ones(3, 2, dtype=torch.bfloat16)).data[0].dtype == "float32"


def test_pandas():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1.5, 2.0, 3.0], "b": [1, 2, 3]})
    source = make_source(frame, pd.Series([0, 1, 1]))
    assert source.data[0].dtype == "float32" and source.data[0].shape == (3, 2)
    assert source.data[1].shape == (3, 1) and source.data[1].dtype == "int64"
    assert make_source(pd.DataFrame({"a": [1, 2]})).data[0].dtype.kind == "i"
    mixed = pd.DataFrame({"a": [1.5, 2.0], "ok": [True, False]})
    assert make_source(mixed).data[0].tolist() == [[1.5, 1.0], [2.0, 0.0]]
    nullable = pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": [1.0, 2.0]})
    assert np.isnan(make_source(nullable).data[0][1, 0])
    assert make_source({"u": frame["b"], "v": frame[["a"]]}).data[0]["u"].shape == (3, 1)


def test_pandas_errors_name_column_and_row():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"age": [1.0, 2.0], "city": ["Athens", "Patras"]})
    with pytest.raises(ValueError, match=r"column 'city'.*row 0 holds 'Athens'"):
        make_source(frame, [0, 1])
    with pytest.raises(ValueError, match=r"column 'late'.*row 1 holds 'n/a'"):
        make_source(pd.DataFrame({"late": pd.Series([1, "n/a"], dtype=object), "b": [1, 2]}))


@pytest.mark.parametrize("kind", ["csr_matrix", "coo_matrix", "csc_array"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_sparse_rows_are_made_dense_by_the_batch(kind, shuffle):
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.random.default_rng(0).random((9, 4)) * (np.random.default_rng(1).random((9, 4)) > 0.5)
    source = make_source(getattr(sparse, kind)(dense), np.arange(9), batch_size=4, shuffle=shuffle, seed=1)
    assert not source.has_arrays
    got = batches(source)
    assert got[0][0].dtype == "float32"
    assert np.allclose(np.concatenate([b[0] for b in got]), dense[source.order(0)])
    (train,), (val,) = train_validation_split((getattr(sparse, kind)(dense),), 0.3)
    assert (train.shape, val.shape) == ((6, 4), (3, 4))


def test_hdf5_datasets_are_read_by_the_batch(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "d.h5", "w") as f:
        f["x"] = np.arange(20.0).reshape(10, 2)
        source = make_source(f["x"], np.arange(10), batch_size=3, shuffle=True, seed=2)
        assert not source.has_arrays
        got = batches(source)
        assert np.allclose(np.concatenate([b[0] for b in got])[:, 0] / 2, source.order(0))
        (train, _), (val, _) = train_validation_split((f["x"], np.arange(10)), 0.2)
        assert val.rows(slice(None))[:, 0].tolist() == [16.0, 18.0] and len(train) == 8


def test_strings_stay_on_the_host():
    source = make_source(np.array(["a", "b", "c"]), [0, 1, 0])
    assert not source.has_arrays and batches(source)[0][0].tolist() == ["a", "b", "c"]
    assert make_source(np.array(["a", "b"], object)).data[0].dtype.kind == "U"


def test_objects_that_are_numbers_become_numbers():
    assert make_source(np.array([[1, 2.5], [3, 4]], object)).data[0].dtype == "float32"


ERRORS = [
    (lambda: make_source(np.ones((4, 2)), np.ones(5)), "x has 4, y has 5"),
    (lambda: make_source({"a": np.ones(4), "b": np.ones(3)}, np.ones(4)), r"x\['a'\] has 4, x\['b'\] has 3"),
    (lambda: make_source(np.ones(4), np.ones(4), np.ones(2)), "sample_weight has 2"),
    (lambda: make_source(np.ones((0, 2)), np.ones(0)), r"no data.*\(0, 2\)"),
    (lambda: make_source([]), "no data"),
    (lambda: make_source(None), "`x` is None"),
    (lambda: make_source({}), "empty"),
    (lambda: make_source(np.float32(1)), "single number"),
    (lambda: make_source("abc"), "'abc'.*str"),
    (lambda: make_source(object()), "object.*cannot be read as an array"),
    (lambda: make_source([[1, 2], [3]]), r"row 0 has 2 values, row 1 has 1.*pad_sequences"),
    (lambda: make_source(np.array([[1, "a"], [2, "b"]], object)), "row 0, column 1 holds 'a'"),
    (lambda: make_source(np.array([1, None], object)), "row 1 holds None.*missing"),
    (lambda: make_source(np.array([[1, 2], [1]], object)), "pad_sequences"),
    (lambda: make_source(np.array(["2020-01-01"], "M8[D]")), "dates"),
    (lambda: make_source(np.zeros(2, [("a", "f4"), ("b", "i4")])), "structured array.*a, b"),
    (lambda: make_source(np.ones(4), batch_size=0), "batch_size must be a positive integer; got 0"),
    (lambda: make_source(np.ones(4), batch_size=2.5), "positive integer; got 2.5"),
    (lambda: make_source(np.ones(4), steps=-1), "number of steps"),
    (lambda: make_source(np.ones(4), shuffle="yes"), "'batch'; got 'yes'"),
    (lambda: train_validation_split((np.ones(4), None), 1.0), "between 0 and 1"),
    (lambda: train_validation_split((np.ones(1), None), 0.5), "none for training"),
]


@pytest.mark.parametrize(("call", "words"), ERRORS, ids=[w[:25] for _, w in ERRORS])
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_symbolic_tensor_is_no_data():
    from kerata.core.keras_tensor import KerasTensor

    with pytest.raises(ValueError, match="symbolic"):
        make_source(KerasTensor((None, 2)))


def test_split_takes_the_end_before_shuffling_and_keeps_none():
    (x, y, w), (vx, vy, vw) = train_validation_split(({"a": np.arange(10)}, np.arange(10), None), 0.25)
    assert x["a"].tolist() == list(range(7)) and vx["a"].tolist() == [7, 8, 9] and vy.tolist() == [7, 8, 9]
    assert w is None and vw is None and len(y) == 7


def test_split_agrees_with_keras():
    pytest.importorskip("keras")
    from keras.src.trainers.data_adapters.array_slicing import train_validation_split as keras_split

    for n, fraction in [(10, 0.25), (7, 0.3), (100, 0.1), (3, 0.5)]:
        ours = train_validation_split((np.arange(n), np.arange(n)), fraction)
        theirs = keras_split((np.arange(n), np.arange(n)), fraction)
        assert ours[1][0].tolist() == np.asarray(theirs[1][0]).tolist()


def test_a_source_is_given_back_as_it_is():
    source = ArraySource(np.ones(3))
    assert make_source(source) is source


def test_reading_data_imports_no_library():
    import subprocess

    code = (
        "import sys, numpy as np\nfrom kerata.training.data import make_source\n"
        "list(make_source(np.ones((4, 2)), [0, 1, 0, 1], shuffle=True).epoch(0))\n"
        "print([m for m in ('torch', 'tensorflow', 'pandas', 'scipy', 'h5py', 'rich') if m in sys.modules])"
    )
    env = {"KERATA_BACKEND": "numpy", "PATH": "", "PYTHONPATH": ":".join(p for p in sys.path if p)}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert out.stdout.strip() == "[]", out.stderr
