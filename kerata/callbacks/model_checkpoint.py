"""ModelCheckpoint."""

from __future__ import annotations

import os
import re

from kerata.callbacks.monitor import MonitorCallback
from kerata.utils.console import print_msg


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, during training.

    Args:
        filepath: path that ends in ".keras" (or ".weights.h5" for weights); it may hold `{epoch}` and names
            of logs, such as "best-{epoch:02d}-{val_loss:.2f}.keras".
        monitor: name of the log that says which is best; "val_loss" by default.
        verbose: 1 to say when it saves; 0 by default.
        save_best_only: whether only what is better than all before is saved; False by default.
        save_weights_only: whether weights are saved without the model; False by default.
        mode: "min" (less is better), "max", or "auto" (the default) for the metric's own direction.
        save_freq: "epoch" (the default), or a number of batches.
        initial_value_threshold: number: only what is better than this is saved; None for none.

    Raises:
        ValueError: if `filepath` ends otherwise, or `save_freq` is neither.
        KeyError: if `filepath` names a log that there is not.

    >>> import kerata
    >>> model = kerata.Sequential([kerata.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    >>> save = kerata.callbacks.ModelCheckpoint("net-{epoch}.weights.h5", save_weights_only=True)
    >>> history = model.fit(x, y, epochs=2, verbose=0, callbacks=[save])
    >>> import os; sorted(name for name in os.listdir() if name.startswith("net"))
    ['net-1.weights.h5', 'net-2.weights.h5']
    """

    _carried = ("best", "_batches_seen", "_last_batch", "_current_epoch")

    def __init__(self, filepath, monitor="val_loss", verbose=0, save_best_only=False, save_weights_only=False,
                 mode="auto", save_freq="epoch", initial_value_threshold=None):  # fmt: skip
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose, self.save_best_only, self.save_weights_only = verbose, save_best_only, save_weights_only
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(f"`save_freq` is 'epoch' or a number of batches; got {save_freq!r}.")
        self.save_freq = save_freq
        endings = (".weights.h5",) if save_weights_only else (".keras", ".h5", ".weights.h5")
        if not self.filepath.endswith(endings):
            kind = "weights" if save_weights_only else "a model"
            raise ValueError(f"`filepath` of a checkpoint of {kind} must end in {endings[0]!r}; got {self.filepath!r}.")
        self._current_epoch = self._batches_seen = self._last_batch = 0

    @property
    def _per_chunk(self) -> bool:
        return self.save_freq == "epoch"

    def on_epoch_begin(self, epoch, logs=None):
        self._current_epoch = epoch
        self._last_batch = 0

    def on_train_batch_end(self, batch, logs=None):
        if self._should_save_on_batch(batch):
            self._save_model(self._current_epoch, batch, logs)

    # The names that classes of this one use and define are Keras's.
    def _should_save_on_batch(self, batch) -> bool:
        if self.save_freq == "epoch":
            return False
        self._batches_seen += batch + 1 - self._last_batch
        self._last_batch = batch + 1
        if self._batches_seen < self.save_freq:
            return False
        self._batches_seen = 0
        return True

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._save_model(epoch, None, logs)

    def _save_model(self, epoch, batch, logs) -> None:
        path = self._get_file_path(epoch, batch, logs)
        value = self.value(logs) if self.save_best_only else None
        if value is not None and not self.improves(value, self.best):
            if self.verbose:
                print_msg(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {self.best:.5f}")
            return
        if self.verbose:
            before = "" if self.best is None else f" from {self.best:.5f}"
            gain = "" if value is None else f" {self.monitor} improved{before} to {value:.5f},"
            print_msg(f"\nEpoch {epoch + 1}:{gain} saving model to {path}")
        if value is not None:  # else it is not among the logs, which was warned of: better a model than none
            self.best = value
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _get_file_path(self, epoch, batch, logs) -> str:
        values = {"epoch": epoch + 1, **(logs or {})}
        if batch is not None:
            values["batch"] = batch + 1
        try:
            return self.filepath.format(**values)
        except KeyError as e:
            wanted = re.findall(r"{(\w+)", self.filepath)
            raise KeyError(
                f"The checkpoint's `filepath` {self.filepath!r} uses {wanted}; {e} is not among the logs: {', '.join(values)}."
            ) from None
