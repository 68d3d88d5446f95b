"""The workloads as somebody who knows a backend well would write them by hand for it, and tuned: what Kerata is measured against.

`raw.jax`, `raw.torch` and `raw.tensorflow` each have a class `Raw(workload)` with `epoch()` (a shuffled epoch of training
with dropout, Adam, the mean loss and the accuracy, as Keras's `fit` gives them) and `predict_one()` (one sample, from NumPy
to NumPy). They have the same weights, losses, data and batches as the models of `workloads.py`.

`RAW_OPTIONS="conv=patches,loop=0"` overrides a program's choices, to measure others; each file says what was tried and lost.
"""

from __future__ import annotations

import ctypes
import os
import platform


def options(defaults: dict) -> dict:
    """The choices for a workload, with those of `RAW_OPTIONS` put over them."""
    given = dict(part.split("=") for part in os.environ.get("RAW_OPTIONS", "").split(",") if part)
    return {**defaults, **{k: int(v) if v.isdigit() else v for k, v in given.items()}}


def tune_malloc(programs: bool = False) -> None:
    """Large temporaries stay in the process: otherwise each costs its page faults again.

    `programs`: also those of whole programs of XLA, which are one block, that a thread asks for.
    """
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD
        mallopt(-1, 1 << 30)  # M_TRIM_THRESHOLD
        if programs:
            mallopt(-8, 1)  # M_ARENA_MAX
            mallopt(-4, 0)  # M_MMAP_MAX
