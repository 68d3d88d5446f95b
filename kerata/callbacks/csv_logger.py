"""CSVLogger."""

from __future__ import annotations

import csv
import os

import numpy as np

from kerata.callbacks.callback import Callback
from kerata.saving.atomic import check_writable


class CSVLogger(Callback):
    """Writes the logs of each epoch to a CSV file, one row each.

    Args:
        filename: the file's path.
        separator: string between columns; "," by default.
        append: whether to go on with a file that exists; False by default.

    Raises:
        OSError: if the file cannot be written.

    >>> import kerata
    >>> model = kerata.Sequential([kerata.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    >>> history = model.fit(x, y, epochs=2, verbose=0, callbacks=[kerata.callbacks.CSVLogger("log.csv")])
    >>> open("log.csv").readline().strip()
    'epoch,loss,val_loss'
    """

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.filename, self.sep, self.append = os.fspath(filename), separator, append
        self.writer = self.keys = self._file = None

    def on_train_begin(self, logs=None):
        check_writable(self.filename)
        going_on = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self.keys = None
        if going_on:
            with open(self.filename, newline="") as f:
                header = next(csv.reader(f, delimiter=self.sep), [])
            self.keys = header[1:] or None
        self._header_needed = not going_on
        self._file = open(self.filename, "a" if self.append else "w", newline="")
        self.writer = None

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(k.startswith("val_") for k in logs):  # validations may come in later epochs, or in a later `fit`
                self.keys += [f"val_{k}" for k in self.keys]
        if self.writer is None:
            self.writer = csv.DictWriter(
                self._file, ["epoch", *self.keys], delimiter=self.sep, extrasaction="ignore"
            )
            if self._header_needed:
                self.writer.writeheader()
        row = {"epoch": epoch, **{k: _cell(logs.get(k, "NA")) for k in self.keys}}
        try:
            self.writer.writerow(row)
            self._file.flush()
        except OSError as error:
            raise OSError(
                error.errno,
                f"The log {self.filename!r} cannot be written: {error.strerror}. Rows up to epoch {epoch} stand in it, and the model "
                f"has trained to the end of epoch {epoch + 1}.",
            ) from error

    def on_train_end(self, logs=None):
        if self._file is not None:
            self._file.close()
        self.writer = self._file = None


def _cell(value):
    if isinstance(value, np.ndarray | list | tuple):
        return f'"[{", ".join(map(str, np.ravel(value).tolist()))}]"'
    return value
