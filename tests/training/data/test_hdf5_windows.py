"""Data sets in HDF5 files: windows, blocks, the order in which an epoch visits them."""

import itertools

import numpy as np
import pytest

from kerata.training.data import files, make_source
from kerata.training.data.convert import FileRows

h5py = pytest.importorskip("h5py")
ROWS = 1003


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Datasets of an open file that is many windows long."""
    monkeypatch.setattr(files, "_BLOCK", 400)
    monkeypatch.setattr(files, "_WINDOW", 2000)
    with h5py.File(tmp_path / "d.h5", "w") as f:
        f["x"] = np.arange(ROWS * 3, dtype="float32").reshape(-1, 3)
        f["y"] = np.arange(ROWS)
    with h5py.File(tmp_path / "d.h5") as f:
        yield f["x"], f["y"]


@pytest.mark.filterwarnings("ignore:The 63 batches")
@pytest.mark.parametrize("shuffle, steps", itertools.product((True, False, "batch"), (None, 30)))
def test_batches_are_those_of_the_order(data, shuffle, steps):
    source = make_source(*data, batch_size=16, steps=steps, shuffle=shuffle, seed=3)
    for epoch in range(3):
        got = list(source.epoch(epoch))
        x, y = (np.concatenate([b[i] for b in got]) for i in (0, 1))
        assert np.array_equal(x[:, 0], 3 * y) and np.array_equal(y, source.order(epoch))
        assert len(got) == (3 if steps and epoch == 2 else source.num_batches)  # 63 batches: 30, 30 and 3
        assert all(len(b[0]) == 16 for b in got[:-1])
        if steps is None:
            assert sorted(y) == list(range(ROWS))
        rest = list(source.epoch_from(epoch, 2))
        assert len(rest) == len(got) - 2 and all(np.array_equal(a[1], b[1]) for a, b in zip(rest, got[2:]))


def test_large_files_are_shuffled_by_blocks_and_small_ones_entirely(data):
    source = make_source(*data, batch_size=16, shuffle=True, seed=3)
    plan = source._file
    assert plan.window < ROWS and plan.window % plan.block == plan.block % 16 == 0
    window = np.sort(source.order(0)[: plan.window]).reshape(-1, plan.block)
    assert np.array_equal(window, window[:, :1] + np.arange(plan.block)), "the rows of whole blocks"
    assert source.order(0).tolist() != source.order(1).tolist()
    count = plan.window - 1
    small = make_source(FileRows(data[0], 0, count), batch_size=16, shuffle=True, seed=3).order(0)
    assert sorted(small) == list(range(count))
    assert not np.array_equal(np.sort(small[: plan.block]), small[: plan.block].min() + np.arange(plan.block))


def test_rows_at_any_indices(data):
    held = FileRows(data[0], 10, 900)
    whole, rng = data[0][10:900], np.random.default_rng(0)
    for index in (rng.permutation(890), rng.integers(0, 890, 50), np.array([5, 5, 6, 880]), np.arange(100, 200)[::-1]):
        assert np.array_equal(files.rows(held, index), whole[index])


def test_an_error_while_reading_is_raised_in_the_training(data):
    source = make_source(*data, batch_size=16)
    epoch = iter(source.epoch(0))
    next(epoch)
    data[0].file.close()
    with pytest.raises((ValueError, RuntimeError, KeyError, OSError)):
        list(epoch)
