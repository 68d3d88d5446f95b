"""Each row of known attacks in docs/files.md names tests that are there."""

from __future__ import annotations

import os
import re

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")


def test_every_row_has_its_tests():
    with open(os.path.join(ROOT, "docs", "files.md"), encoding="utf-8") as f:
        rows = re.findall(r"^\| (R\d+) \|.*\| (.*) \|$", f.read(), re.MULTILINE)
    assert len(rows) == 50
    for row, tests in rows:
        found = re.findall(r"`([\w/.]+)::(\w+)`", tests)
        assert found, row
        for file, name in found:
            path = os.path.join(ROOT, file) if "/" in file else os.path.join(os.path.dirname(__file__), file)
            with open(path, encoding="utf-8") as f:
                assert f"def {name}(" in f.read(), f"{row}: {file}::{name}"
