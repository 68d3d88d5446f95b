"""Three thousand mutated files in the suite; `make fuzz` loads 200,000 (see tools/fuzz.py)."""

from __future__ import annotations

import importlib.util
import os
import tempfile
import time

import pytest

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
            1000, 7, str(work), kinds=(kind,), deadline=time.monotonic() + 40,
            found=lambda outcome, report, path, number: found.append((outcome, number, report[-1500:])),
        )  # fmt: skip
    assert not found, "\n".join(map(str, found[:5]))
    assert counts.get("refused", 0) > 20 and counts.get("loaded", 0) > 20
