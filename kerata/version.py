"""The version of Kerata."""

__version__ = "0.1.0"


def version() -> str:
    """The version as a string, e.g. "0.1.0"."""
    return __version__
