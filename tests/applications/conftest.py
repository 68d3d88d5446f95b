import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "utils")]


@pytest.fixture
def server():
    """A local HTTP server whose files the test sets."""
    from server import serve

    with serve() as files:
        yield files
