"""How long a 500 MB model takes to save and to load, beside h5py with the bare arrays, and the peak of memory.

    python benchmarks/saving.py [megabytes] [layers]

Reading with h5py makes new arrays, as loading a model does: most of that time goes into getting the memory from
the system, a page at a time. Loading weights into a model that is there may be quicker, as its memory is there too.
The checksum of a `.keras` file is computed beside the reading; before anything is changed in a model that is there.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time

os.environ.setdefault("KERATA_BACKEND", "numpy")


ROUNDS = 4


def memory(field: str) -> int:
    """VmRSS or VmHWM (the peak) of this process, in bytes."""
    with open("/proc/self/status") as f:
        return int(re.search(rf"{field}:\s+(\d+)", f.read())[1]) << 10


def measured(fn, size: int) -> tuple[float, int]:
    """Seconds, and how far memory rose above where it was."""
    warm(3 * size)
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")
    before, start = memory("VmRSS"), time.perf_counter()
    fn()
    return time.perf_counter() - start, memory("VmHWM") - before


def warm(size: int) -> None:
    """Have the system hold free memory, as on a virtual machine it may have to ask its host for it, ten times slower."""
    import numpy as np

    np.ones(size // 8)


def main() -> None:
    """Print a table."""
    import h5py
    import numpy as np

    import kerata

    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    layers = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    side = int((megabytes * 1e6 / 4 / layers) ** 0.5)
    model = kerata.Sequential([kerata.Input((side,)), *[kerata.layers.Dense(side) for _ in range(layers)]])
    arrays = [np.asarray(v.numpy()) for v in model.variables]
    size = sum(a.nbytes for a in arrays)
    names = {"m.weights.h5": "m.weights.h5", "m.keras": "m.keras", "m.h5": "m.h5", "m.keras (weights)": "m.keras"}
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
                return [f[str(i)][()] for i in range(len(arrays))]

        def saving(path):
            return lambda: model.save_weights(path) if ".weights." in path else model.save(path)

        def loading(name, path):
            return lambda: model.load_weights(path) if "weights" in name else kerata.saving.load_model(path)

        times = {"h5py": []}
        for _ in range(ROUNDS):
            times["h5py"].append((measured(write_bare, size), measured(read_bare, size)))
            for name, file in names.items():
                path = os.path.join(folder, file)
                times.setdefault(name, []).append(
                    (measured(saving(path), size), measured(loading(name, path), size))
                )
                os.unlink(path)
    report(times, size, layers)


def report(times: dict, size: int, layers: int) -> None:
    """The best of each, beside writing the bare arrays (the bound: 1.3x) and beside the same with h5py."""
    import kerata

    best = {name: [min(t[i][0] for t in runs) for i in (0, 1)] for name, runs in times.items()}
    peak = {name: [max(t[i][1] for t in runs) / size for i in (0, 1)] for name, runs in times.items()}
    write, read = best["h5py"]
    print(f"{size / 1e6:.0f} MB of weights in {layers} layers, backend {kerata.backend.current().name}; best of {ROUNDS}")
    print(f"{'':18} save s  of h5py's  peak    load s  of writing  of reading  peak")
    for name, (save, load) in best.items():
        print(f"{name:18} {save:6.2f} {save / write:8.2f}x {peak[name][0]:6.2f}    {load:6.2f} {load / write:10.2f}x "
              f"{load / read:10.2f}x {peak[name][1]:6.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
