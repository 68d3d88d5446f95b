"""The version of Kerata."""

__version__ = "0.1.0"


def version() -> str:
    """The version of Kerata, such as "0.1.0".

    >>> kerata.version() == kerata.__version__
    True
    """
    return __version__
