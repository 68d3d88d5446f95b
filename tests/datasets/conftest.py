import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "utils"))


@pytest.fixture
def server():
    """A local HTTP server whose files and faults the test sets."""
    from server import serve

    with serve() as files:
        yield files


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder where data sets are looked for; it is empty, and so is the home folder."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "cache" / "datasets").mkdir(parents=True)
    return tmp_path / "cache" / "datasets"


@pytest.fixture
def offline(monkeypatch):
    """No data set can be downloaded."""
    import urllib.error

    def refuse(*args, **kwargs):
        raise urllib.error.URLError(OSError("no network"))

    monkeypatch.setattr("urllib.request.urlopen", refuse)
