"""EarlyStopping."""

from __future__ import annotations

from kerata.callbacks.monitor import MonitorCallback
from kerata.utils.console import print_msg


class EarlyStopping(MonitorCallback):
    """Stops training when a value no longer improves.

    Args:
        monitor: name of a log, such as "val_loss" (the default).
        min_delta: number: how much better counts as better, in units of the value; 0 by default.
        patience: integer: epochs without improvement before it stops; 0 by default.
        verbose: 1 to say so; 0 by default.
        mode: "min" (less is better), "max", or "auto" (the default) for the metric's own direction.
        baseline: number that is to be beaten within `patience` epochs; None for none.
        restore_best_weights: whether the weights of the best epoch are put back at the end; False by default.
        start_from_epoch: integer: epochs before it begins to watch; 0 by default.

    >>> import kerata
    >>> model = kerata.Sequential([kerata.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    >>> stop = kerata.callbacks.EarlyStopping("loss", min_delta=1e9, patience=2)
    >>> model.fit(x, y, epochs=9, verbose=0, callbacks=[stop]).epoch
    [0, 1, 2]
    """

    _carried = ("best", "best_epoch", "wait", "stopped_epoch", "best_weights")

    def __init__(self, monitor="val_loss", min_delta=0, patience=0, verbose=0, mode="auto", baseline=None,
                 restore_best_weights=False, start_from_epoch=0):  # fmt: skip
        super().__init__(monitor, mode, baseline, min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best_weights = None

    def on_train_begin(self, logs=None):
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = None
        self.best_weights = None
        self._rising = None

    def on_epoch_end(self, epoch, logs=None):
        value = self.value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self.improves(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.improves(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.stopped_epoch > 0 and self.verbose > 0:
            print_msg(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print_msg(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs):
        return self.value(logs)
