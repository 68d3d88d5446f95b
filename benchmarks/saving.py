"""How long a 500 MB model takes to save and to load, beside h5py with the bare arrays, and the peak of memory.

    python benchmarks/saving.py [megabytes]
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time

os.environ.setdefault("KERATA_BACKEND", "numpy")


def memory(field: str) -> int:
    """VmRSS or VmHWM (the peak) of this process, in bytes."""
    with open("/proc/self/status") as f:
        return int(re.search(rf"{field}:\s+(\d+)", f.read())[1]) << 10


def measured(fn) -> tuple[float, int]:
    """Seconds, and how far memory rose above where it was."""
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")
    before, start = memory("VmRSS"), time.perf_counter()
    fn()
    return time.perf_counter() - start, memory("VmHWM") - before


def main() -> None:
    """Print a table."""
    import h5py
    import numpy as np

    import kerata

    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    side = int((megabytes * 1e6 / 4 / 10) ** 0.5)
    model = kerata.Sequential([kerata.Input((side,)), *[kerata.layers.Dense(side) for _ in range(10)]])
    arrays = [np.asarray(v.numpy()) for v in model.variables]
    size = sum(a.nbytes for a in arrays)
    with tempfile.TemporaryDirectory() as folder:
        bare = os.path.join(folder, "bare.h5")

        def write_bare():
            with h5py.File(bare, "w") as f:
                for i, a in enumerate(arrays):
                    f[str(i)] = a
            with open(bare, "rb+") as f:
                os.fsync(f.fileno())

        def read_bare():
            with h5py.File(bare) as f:
                for i, a in enumerate(arrays):
                    f[str(i)].read_direct(a)

        times = {"h5py": []}
        for _ in range(3):
            times["h5py"].append((measured(write_bare), measured(read_bare)))
            for name in ("m.weights.h5", "m.keras", "m.h5"):
                path = os.path.join(folder, name)
                save = (lambda p=path: model.save_weights(p)) if name == "m.weights.h5" else (lambda p=path: model.save(p))
                load = (lambda p=path: model.load_weights(p)) if name == "m.weights.h5" else (lambda p=path: kerata.saving.load_model(p))
                times.setdefault(name, []).append((measured(save), measured(load)))
                os.unlink(path)
    base = [min(t[i][0] for t in times["h5py"]) for i in (0, 1)]
    print(f"{size / 1e6:.0f} MB of weights; seconds (beside h5py), peak of memory beside the weights")
    for name, runs in times.items():
        best = [min(t[i][0] for t in runs) for i in (0, 1)]
        peak = [max(t[i][1] for t in runs) / size for i in (0, 1)]
        print(f"{name:14} save {best[0]:5.2f} ({best[0] / base[0]:4.2f}x) {peak[0]:4.2f}   load {best[1]:5.2f} ({best[1] / base[1]:4.2f}x) {peak[1]:4.2f}")


if __name__ == "__main__":
    main()
