import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def server():
    """A local HTTP server whose files and faults the test sets."""
    from server import serve

    with serve() as files:
        yield files


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, which `KERAS_HOME` names; the home folder is empty too."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache"
