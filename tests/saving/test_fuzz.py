"""Three thousand mutated files in the suite; `make fuzz` loads 200,000 (see tools/fuzz.py)."""

from __future__ import annotations

import importlib.util
import os
import random
import tempfile
import time

import hypothesis
import pytest
from hypothesis import strategies as st

import kerata

_PATH = os.path.join(os.path.dirname(__file__), "..", "..", "tools", "fuzz.py")
_spec = importlib.util.spec_from_file_location("fuzz", _PATH)
fuzz = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(fuzz)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["keras", "weights", "h5"])
def test_mutated_files(kind, tmp_path, monkeypatch):
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(work))
    found = []
    with kerata.backend_scope("numpy"):
        counts = fuzz.run(
            1000, 7, str(work), kinds=(kind,), deadline=time.monotonic() + 600,
            found=lambda outcome, report, path, number: found.append((outcome, number, report[-1500:])),
        )  # fmt: skip
    assert not found, "\n".join(map(str, found[:5]))
    assert sum(counts.values()) == 1000
    assert counts.get("refused", 0) > 20 and counts.get("loaded", 0) > 20


@hypothesis.settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
)  # fmt: skip
@hypothesis.given(
    source=st.sampled_from(fuzz.seeds()), kind=st.sampled_from(["as tools/fuzz.py does", "bytes"]), seed=st.integers(0, 2**32),
    changes=st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), max_size=6), cut=st.none() | st.integers(0, 2**16),
)  # fmt: skip
def test_changes_that_hypothesis_finds(tmp_path, source, kind, seed, changes, cut):
    """What goes wrong here comes with the smallest change that does it."""
    with open(source, "rb") as f:
        data = bytearray(f.read() if kind == "bytes" else fuzz._mutated(source, random.Random(seed)))
    for at, value in changes:
        if data:
            data[at % len(data)] = value
    name = "case" + (".weights.h5" if fuzz.kind_of(source) == "weights" else os.path.splitext(source)[1])
    (tmp_path / name).write_bytes(bytes(data[:cut]))
    with kerata.backend_scope("numpy"):
        _LOADERS.setdefault("one", fuzz.Loader(str(tmp_path))).load(str(tmp_path / name), source)


_LOADERS: dict = {}
