"""ReduceLROnPlateau."""

from __future__ import annotations

import warnings

import numpy as np

from kerata.callbacks.monitor import MonitorCallback
from kerata.core.configurable import unknown_arguments
from kerata.utils.console import print_msg


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate when a value no longer improves.

    Args:
        monitor: name of a log, such as "val_loss" (the default).
        factor: number below 1: the new rate is the old one times this; 0.1 by default.
        patience: integer: epochs without improvement before that; 10 by default.
        verbose: 1 to say so; 0 by default.
        mode: "min" (less is better), "max", or "auto" (the default) for the metric's own direction.
        min_delta: number: how much better counts as better, in units of the value; 0.0001 by default.
        cooldown: integer: epochs to wait after a reduction; 0 by default.
        min_lr: the least rate; 0.0 by default.

    Raises:
        ValueError: if `factor` is not below 1.

    >>> import kerata
    >>> model = kerata.Sequential([kerata.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    >>> reduce = kerata.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=1e9)
    >>> history = model.fit(x, y, epochs=3, verbose=0, callbacks=[reduce])
    >>> model.optimizer.learning_rate.numpy()  # 0.0001
    """

    _carried = ("best", "wait", "cooldown_counter")

    def __init__(self, monitor="val_loss", factor=0.1, patience=10, verbose=0, mode="auto", min_delta=1e-4, cooldown=0,
                 min_lr=0.0, **kwargs):  # fmt: skip
        super().__init__(monitor, mode, None, min_delta)
        if factor >= 1.0:
            raise ValueError(f"`factor` of ReduceLROnPlateau must be less than 1; got {factor}.")
        if kwargs:
            raise TypeError(unknown_arguments(ReduceLROnPlateau, kwargs))
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self.cooldown_counter = self.wait = 0

    def on_train_begin(self, logs=None):
        self.cooldown_counter = self.wait = 0
        self.best = None
        self._rising = None

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        value = self.value(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(value, self.best):
            self.best, self.wait = value, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        optimizer = self.model.optimizer
        old = float(optimizer.learning_rate)
        if old <= np.float32(self.min_lr):  # the rate is kept in float32
            return
        try:
            optimizer.learning_rate = max(old * self.factor, self.min_lr)
        except TypeError as e:
            warnings.warn(f"ReduceLROnPlateau cannot set the learning rate: {e}", stacklevel=2)
            return
        if self.verbose:
            print_msg(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {float(optimizer.learning_rate)}.")
        self.cooldown_counter, self.wait = self.cooldown, 0

    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0
