"""Names of model files: checked, and errors that help to find the right one."""

from __future__ import annotations

import difflib
import os
import sys


class MissingFileError(ValueError, FileNotFoundError):
    """A file that is to be read does not exist."""

    def __str__(self) -> str:
        return str(self.args[0])


def as_path(filepath) -> str:
    """A path as a string; TypeError for anything else."""
    try:
        path = os.fspath(filepath)
    except TypeError:
        raise TypeError(f"A file name is wanted, as str or Path; got {filepath!r} ({type(filepath).__name__}).") from None
    path = path.decode() if isinstance(path, bytes) else path
    scheme = path.partition("://")[0] if "://" in path else ""
    if scheme and scheme.isalnum():
        raise ValueError(
            f"{path!r} is the address of something elsewhere. Models are read from and written to local files: download "
            "it first (kerata.utils.get_file for a web address)."
        )
    return path


def existing(path: str) -> str:
    """The path itself; an error with near names if nothing is there."""
    if os.path.exists(path):
        if not os.access(path, os.R_OK):
            raise PermissionError(f"{path!r} cannot be read: there is no permission.")
        return path
    folder, name = os.path.split(path)
    where = folder or "."
    if not os.path.isdir(where):
        raise MissingFileError(f"There is no file {path!r}: the folder {where!r} does not exist (seen from {os.getcwd()!r}).")
    others = sorted(f for f in os.listdir(where) if not f.startswith("."))
    near = difflib.get_close_matches(name, others, 3, cutoff=0.5)
    near += [f for f in others if f.endswith((".keras", ".h5", ".hdf5", ".weights.json")) and f not in near][:5]
    hint = f" Did you mean {' or '.join(repr(os.path.join(folder, f)) for f in near[:4])}?" if near else ""
    if os.path.lexists(path):
        raise MissingFileError(f"{path!r} is a link to a file that does not exist.")
    raise MissingFileError(f"There is no file {path!r} (seen from {os.getcwd()!r}).{hint}")


def may_write(path: str, overwrite: bool) -> bool:
    """Whether `path` may be written; asks the person at the keyboard about a file that exists, if there is one."""
    if overwrite or not os.path.exists(path):
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        raise ValueError(f"{path!r} exists already, and `overwrite=False` was given. Pass `overwrite=True`, or another name.")
    answer = input(f"{path!r} exists already - overwrite it? [y/n] ").strip().lower()
    return answer in ("y", "yes")
