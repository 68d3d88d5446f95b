"""Generators, PyDataset with its workers, tf.data, DataLoader."""

import threading
import time

import numpy as np
import pytest

import kerata
from kerata import backend as backends
from kerata.training.data import PyDataset, make_source


def numbers(count, size=2):
    for i in range(count):
        yield np.full((size, 1), i), np.full(size, i)


def firsts(source, epoch=0):
    return [int(b[0].ravel()[0]) for b in source.epoch(epoch)]


class Numbers(PyDataset):
    def __init__(self, count=7, delay=None, **kwargs):
        super().__init__(**kwargs)
        self.count, self.delay, self.offset, self.calls = count, delay, 0, []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if self.delay:
            time.sleep(self.delay(index))
        self.calls.append(("item", index))
        return np.full((2, 1), index + self.offset), np.full(2, index)

    def on_epoch_begin(self):
        self.calls.append(("begin",))

    def on_epoch_end(self):
        self.calls.append(("end",))
        self.offset += 100


class Plain(PyDataset):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def __len__(self):
        return 5

    def __getitem__(self, index):
        if index == 3:
            raise KeyError("no file for batch 3")
        return np.full((2, 1), index)


# ---- generators


def test_peek_uses_nothing_up():
    source = make_source(numbers(3))
    assert source.peek()[0][0, 0] == 0 and source.peek()[0][0, 0] == 0
    assert firsts(source) == [0, 1, 2]
    assert source.num_batches is None and source.num_samples is None and not source.has_arrays


def test_steps_go_on_through_one_generator():
    source = make_source(numbers(6), steps=2)
    assert source.num_batches == 2
    assert [firsts(source, e) for e in range(3)] == [[0, 1], [2, 3], [4, 5]]


def test_validation_reads_on_as_well():
    source = make_source(numbers(6), steps=2)
    assert [firsts(source, 0) for _ in range(3)] == [[0, 1], [2, 3], [4, 5]]


def test_early_end_warns_and_stops():
    source = make_source(numbers(5), steps=3)
    assert firsts(source, 0) == [0, 1, 2] and not source.exhausted
    with pytest.warns(UserWarning, match=r"ran out in epoch 2 after 2 batches where 3 were wanted"):
        assert firsts(source, 1) == [3, 4]
    assert source.exhausted


def test_second_epoch_of_a_finished_generator():
    source = make_source(numbers(2))
    assert firsts(source, 0) == [0, 1] and not source.exhausted
    with pytest.warns(UserWarning, match="only once"):
        assert firsts(source, 1) == []
    assert source.exhausted


def test_a_generator_is_left_where_steps_end():
    generator = numbers(9)
    source = make_source(generator, steps=2)
    firsts(source)
    source.close()
    assert next(generator)[0][0, 0] == 2


@pytest.mark.parametrize(
    ("batches", "words"),
    [
        ([(1, 2, 3, 4)], "tuple of 4 items in batch 0"),
        ([(np.ones((2, 1)), np.ones(2)), (np.ones((2, 1)),)], r"yielded \(x\) in batch 1, but \(x, y\) before"),
        ([({"a": np.ones(2)},), ({"a": np.ones(2), "b": np.ones(2)},)], "x of 2 arrays"),
        ([(np.ones((3, 1)), np.ones(2))], r"batch 0 differ.*x has shape \(3, 1\), y has shape \(2,\)"),
        ([(np.array([None, 1]), np.ones(2))], r"batch 0: x.*row 0 holds None"),
        ([("text", 1)], "'text'"),
        ([], "no batch at all"),
    ],
)
def test_wrong_batches(batches, words):
    source = make_source(iter(batches))
    with pytest.raises(ValueError, match=words):
        source.peek()
        list(source.epoch(0))


def test_forms_of_a_batch():
    x = np.ones((2, 1))
    for raw, length in [(x, 1), ((x,), 1), ((x, [0, 1]), 2), ([x, x], 2), ((x, None), 1), ((x, x, None), 2), ({"a": x}, 1)]:
        assert len(make_source(iter([raw])).peek()) == length
    assert make_source(iter([(x.astype("float64"), [1, 2])])).peek()[0].dtype == "float32"


def test_what_a_data_set_brings_is_not_given_twice():
    with pytest.raises(ValueError, match=r"`y` was given beside a generator"):
        make_source(numbers(2), y=np.ones(2))
    with pytest.raises(ValueError, match=r"`sample_weight` was given beside a PyDataset"):
        make_source(Numbers(), sample_weight=np.ones(2))


def test_a_generator_function_is_not_a_generator():
    with pytest.raises(ValueError, match=r"call it, `numbers\(\)`"):
        make_source(numbers)


# ---- PyDataset

WORKERS = [{}, {"workers": 3}, {"workers": 2, "use_multiprocessing": True}, {"workers": 4, "max_queue_size": 1}]


@pytest.mark.parametrize("options", WORKERS, ids=str)
def test_order_is_kept(options):
    source = make_source(Numbers(delay=lambda i: 0.01 * (i % 3 == 0), **options))
    assert source.num_batches == 7
    source.peek()
    assert firsts(source) == list(range(7))
    source.on_epoch_end()
    assert firsts(source, 1) == list(range(100, 107)), "workers see what on_epoch_end changed"
    source.close()


@pytest.mark.parametrize("options", WORKERS, ids=str)
def test_errors_of_workers_arrive(options):
    source = make_source(Plain(**options))
    seen = []
    with pytest.raises(KeyError, match="no file for batch 3"):
        for batch in source.epoch(0):
            seen.append(int(batch[0][0, 0]))
    assert seen == [0, 1, 2]
    source.close()


def test_shuffled_batches_are_new_each_epoch_and_repeat_with_a_seed():
    runs = []
    for _ in range(2):
        source = make_source(Plain2(), shuffle=True, seed=4)
        runs.append([firsts(source, e) for e in range(2)])
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1] and sorted(runs[0][0]) == list(range(20))


class Plain2(PyDataset):
    def __len__(self):
        return 20

    def __getitem__(self, index):
        return np.full((1, 1), index)


def test_a_forgotten_super_init_warns():
    class Forgetful(Plain2):
        def __init__(self):
            self.x = 1

    with pytest.warns(UserWarning, match=r"super\(\).__init__"):
        source = make_source(Forgetful())
    assert len(firsts(source)) == 20


def test_steps_of_a_pydataset():
    source = make_source(Numbers(count=4), steps=2)
    assert [firsts(source, e) for e in (0, 1, 2)] == [[0, 1], [2, 3], [0, 1]]
    assert firsts(source, 0) == [0, 1], "epoch 0 starts afresh"
    with pytest.warns(UserWarning, match="Ask for fewer steps"):
        assert firsts(make_source(Numbers(count=3), steps=5)) == [0, 1, 2]


def test_endless_pydataset():
    class Endless(PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return np.full((1, 1), index)

    source = make_source(Endless(workers=2), steps=3)
    assert [firsts(source, e) for e in range(2)] == [[0, 1, 2], [3, 4, 5]]
    source.close()


def test_missing_methods_are_named():
    class Wrong(PyDataset):
        def __len__(self):
            return 1

        def __get_item__(self, index):
            return index

    with pytest.raises(NotImplementedError, match=r"__getitem__.*Did you mean '__get_item__'"):
        make_source(Wrong()).peek()

    class NoLength(PyDataset):
        def __getitem__(self, index):
            return index

    with pytest.raises(NotImplementedError, match="__len__"):
        make_source(NoLength()).peek()


def test_hooks_are_passed_on():
    data = Numbers(count=2)
    source = make_source(data)
    source.on_epoch_begin()
    firsts(source)
    source.on_epoch_end()
    assert data.calls == [("begin",), ("item", 0), ("item", 1), ("end",)]


def test_workers_run_at_once_and_end_on_close():
    meeting = threading.Barrier(3, timeout=20)

    class Meet(PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            meeting.wait()  # all three at the same time, or an error
            return np.full((1, 1), index)

    source = make_source(Meet(workers=3))
    assert firsts(source) == [0, 1, 2]
    source.close()
    deadline = time.time() + 10
    while any(t.name.startswith("kerata-data") for t in threading.enumerate()) and time.time() < deadline:
        time.sleep(0.02)
    assert not any(t.name.startswith("kerata-data") for t in threading.enumerate())


class Noise(PyDataset):
    def __len__(self):
        return 6

    def __getitem__(self, index):
        return np.random.rand(1, 1)


def test_random_items_of_processes_differ_and_repeat():
    from kerata.utils import set_random_seed

    def draw():
        set_random_seed(5)
        source = make_source(Noise(workers=2, use_multiprocessing=True))
        values = [float(b[0][0, 0]) for epoch in range(2) for b in source.epoch(epoch)]
        source.close()
        return values

    first = draw()
    assert len(set(first)) == 12 and draw() == first


def test_a_dying_worker_process_is_reported():
    class Dies(PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            import os

            os._exit(3)

    source = make_source(Dies(workers=2, use_multiprocessing=True))
    with pytest.raises(RuntimeError, match="worker process died"):
        source.peek()


def test_keras_own_pydataset_is_read():
    keras = pytest.importorskip("keras")

    class Theirs(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return np.full((2, 1), index), np.zeros(2)

    assert firsts(make_source(Theirs(workers=2))) == [0, 1, 2]


# ---- other libraries


def test_tf_data(train_backend):
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((np.arange(10.0), np.arange(10))).batch(4)
    source = make_source(data)
    assert source.num_batches == 3
    batch = source.peek()
    assert (type(batch[0]) is np.ndarray) == (train_backend != "tensorflow")
    b = backends.current()
    for epoch in range(2):
        assert np.concatenate([b.to_numpy(x[1]) for x in source.epoch(epoch)]).tolist() == list(range(10))
    assert b.to_numpy(batch[0]).dtype == "float32" if train_backend != "tensorflow" else True


def test_tf_data_sparse_ragged_and_endless():
    tf = pytest.importorskip("tensorflow")
    with backends.backend_scope("numpy"):
        ragged = tf.data.Dataset.from_tensors(tf.ragged.constant([[1, 2], [3]]))
        assert make_source(ragged).peek()[0].tolist() == [[1, 2], [3, 0]]
        sparse = tf.data.Dataset.from_tensors(tf.sparse.from_dense([[0, 5], [6, 0]]))
        assert make_source(sparse).peek()[0].tolist() == [[0, 5], [6, 0]]
        endless = make_source(tf.data.Dataset.from_tensors(np.ones((2, 1))).repeat(), steps=3)
        assert [len(list(endless.epoch(e))) for e in range(2)] == [3, 3]
        with pytest.raises(ValueError, match=r"`y` was given beside a tf.data.Dataset"):
            make_source(ragged, y=[1])


def test_torch_loader(train_backend):
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.arange(10.0)[:, None], torch.arange(10))
    source = make_source(torch.utils.data.DataLoader(data, batch_size=4))
    assert (source.num_batches, source.batch_size, source.num_samples) == (3, 4, 10)
    b = backends.current()
    got = [x for x in source.epoch(0)]
    assert np.concatenate([b.to_numpy(x[1]) for x in got]).tolist() == list(range(10))
    assert len(got[0]) == 2 and got[0][0].shape == (4, 1)
    with pytest.raises(ValueError, match="wrap it"):
        make_source(data)


def test_grain_is_recognised_without_being_imported(monkeypatch):
    import sys
    import types

    class MapDataset:
        def __len__(self):
            return 2

        def __iter__(self):
            return iter([(np.zeros((2, 1)), np.zeros(2)), (np.ones((2, 1)), np.ones(2))])

    grain = types.ModuleType("grain")
    grain.MapDataset = MapDataset
    monkeypatch.setitem(sys.modules, "grain", grain)
    source = make_source(MapDataset())
    assert source.num_batches == 2 and firsts(source) == [0, 1] and firsts(source, 1) == [0, 1]
    with pytest.raises(ValueError, match="grain data set"):
        make_source(MapDataset(), y=[1])


def test_every_pass_over_a_data_set_begins_and_ends(train_backend):
    """Also those of validations, `evaluate` and `predict`; the first batch is looked at after the beginning."""

    class Made(Numbers):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return x * self.factor, y

        def on_epoch_begin(self):
            super().on_epoch_begin()
            self.factor = 0.01

    def passes(*datasets):
        return ["".join({"item": "i", "begin": "B", "end": "E"}[c[0]] for c in d.calls) for d in datasets]

    model = kerata.Sequential([kerata.Input((1,)), kerata.layers.Dense(1)])
    model.compile("sgd", "mse")
    train, validation, tested, given = (Made(count=2) for _ in range(4))
    model.fit(train, epochs=2, validation_data=validation, verbose=0, shuffle=False)
    model.evaluate(tested, verbose=0)
    model.predict(given, verbose=0)
    assert passes(train, validation) == ["BiiEBiiE"] * 2
    assert passes(tested, given) == ["BiiE"] * 2
