"""Compiled programs are kept on disk, so that a program which was compiled once starts fast.

JAX's own persistent cache does the work: bounded, least recently used entries go first, locked against other processes.
Here it is turned on, with a folder of the user's own. An entry is machine code that will be run: the folder must belong
to the user, and other processors than this one have folders of their own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import time

import jax

SIZE = 128 << 20  # bytes of one folder; an entry has some 10 to 500 KB
WORTH = 0.1  # seconds: programs that compile faster than that are not kept
_ABANDONED = 60.0  # seconds after which an entry that is not complete has nobody who is writing it


def enable() -> None:
    """Turn the cache on, unless the user chose otherwise (`KERATA_COMPILATION_CACHE=off`, or JAX's own settings)."""
    wanted = os.environ.get("KERATA_COMPILATION_CACHE", "")
    if wanted.lower() in ("off", "0", "false", "none") or jax.config.jax_compilation_cache_dir:
        return
    if importlib.util.find_spec("filelock") is None:  # JAX needs it to keep the bound
        return
    folder = _own_folder(wanted or _default_folder())
    if folder is None:
        return
    _sweep(folder)
    jax.config.update("jax_compilation_cache_max_size", SIZE)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", WORTH)
    jax.config.update("jax_compilation_cache_dir", folder)


def _default_folder() -> str:
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "kerata", "compiled")


def _own_folder(root: str) -> str | None:
    """The folder for this JAX and this processor; None where it cannot be made, or could be written by others."""
    folder = os.path.join(os.path.abspath(root), f"jax-{jax.__version__}-{_processor()}")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        state = os.stat(folder)
    except OSError:
        return None
    foreign = hasattr(os, "getuid") and (state.st_uid != os.getuid() or state.st_mode & 0o022)
    return None if foreign or not os.access(folder, os.W_OK) else folder


def _processor() -> str:
    """A short name for what this machine's processor can do: programs for more than that would crash."""
    text = platform.platform()
    try:
        with open("/proc/cpuinfo") as f:
            text = "".join(sorted({line for line in f if line.startswith(("flags", "Features", "model name"))}))
    except OSError:
        pass
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _sweep(folder: str) -> None:
    """Remove what a killed process left half written: entries to which JAX had not yet added the time of their use."""
    names = set(os.listdir(folder))
    for name in names:
        if name.endswith("-cache") and name.removesuffix("-cache") + "-atime" not in names:
            path = os.path.join(folder, name)
            try:
                if time.time() - os.stat(path).st_mtime > _ABANDONED:
                    os.remove(path)
            except OSError:  # another process was faster
                continue
