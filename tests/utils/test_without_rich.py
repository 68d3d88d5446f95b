"""Where an optional package is missing, the error names it."""

import sys

import pytest

import kerata


def test_summary_names_rich(monkeypatch):
    model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2)])
    for name in [n for n in sys.modules if n.partition(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    with pytest.raises(ImportError, match=r"'rich'.*pip install rich"):
        model.summary()
