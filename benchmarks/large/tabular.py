"""An MLP on 5 million rows of 50 columns in an HDF5 file, read as the training goes on, in bounded memory."""

from __future__ import annotations

import contextlib
import os
import tempfile

import numpy as np

from large import DRY, Waiting, fit_times

ROWS, COLUMNS, BATCH = (20_000 if DRY else 5_000_000), 50, 1024


def file() -> str:
    """The path of the file, which is made once (about 1 GB) and lies in the temporary folder until `remove()`."""
    path = os.path.join(tempfile.gettempdir(), f"kerata-tabular-{ROWS}.h5")
    if not os.path.exists(path):
        import h5py

        rng, part = np.random.default_rng(0), 100_000
        with h5py.File(path + ".part", "w") as f:
            x = f.create_dataset("x", (ROWS, COLUMNS), "float32")
            y = f.create_dataset("y", (ROWS,), "float32")
            weights = rng.normal(size=COLUMNS).astype("float32")
            for i in range(0, ROWS, part):
                rows = rng.standard_normal((min(part, ROWS - i), COLUMNS), dtype="float32")
                x[i : i + part], y[i : i + part] = rows, rows @ weights > 0
        os.replace(path + ".part", path)
    return path


@contextlib.contextmanager
def opened():
    """Rows and labels, of the open file; it is made in a process of its own, whose memory does not count."""
    import subprocess
    import sys

    subprocess.run([sys.executable, "-c", "from large import tabular; tabular.file()"], check=True,
                   cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # fmt: skip
    import h5py

    with h5py.File(file()) as f:
        yield f["x"], f["y"]


def remove() -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(tempfile.gettempdir(), f"kerata-tabular-{ROWS}.h5"))


def model(K):
    m = K.Sequential([K.Input((COLUMNS,)), K.layers.Dense(128, activation="relu"), K.layers.Dense(64, activation="relu"),
                      K.layers.Dense(1, activation="sigmoid")])  # fmt: skip
    m.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return m


def measure(library: str, backend: str) -> dict:
    """Kerata takes the datasets of the open file; Keras would read them into memory, so it gets a PyDataset. Both mix batches."""
    K = __import__(library)
    m, steps = model(K), -(-ROWS // BATCH)
    with opened() as (x, y):
        if library == "kerata":
            found = fit_times(K, m, steps, 1, x, y, batch_size=BATCH, shuffle="batch")
            with Waiting(m) as waiting:  # by itself: it costs 0.1 ms a step, and a step takes 0.6
                m.fit(x, y, batch_size=BATCH, shuffle="batch", verbose=0)
            return {**found, "waiting": waiting.share}

        class Rows(K.utils.PyDataset):
            def __len__(self):
                return steps

            def __getitem__(self, i):
                return x[i * BATCH : (i + 1) * BATCH], y[i * BATCH : (i + 1) * BATCH]

        return fit_times(K, m, steps, 1, Rows(), shuffle=True)
