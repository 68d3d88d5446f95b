"""LearningRateScheduler."""

from __future__ import annotations

import inspect

from kerata.callbacks.callback import Callback
from kerata.utils.console import print_msg


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch.

    Args:
        schedule: `(epoch, learning rate) -> learning rate`, or of the epoch alone.
        verbose: 1 to say so.
    """

    def __init__(self, schedule, verbose=0):
        super().__init__()
        self.schedule, self.verbose = schedule, verbose
        parameters = [p for p in inspect.signature(schedule).parameters.values() if p.default is p.empty]
        self._takes_rate = len(inspect.signature(schedule).parameters) >= 2 or len(parameters) >= 2

    def on_epoch_begin(self, epoch, logs=None):
        optimizer = self.model.optimizer
        if not hasattr(optimizer, "learning_rate"):
            raise ValueError("LearningRateScheduler needs an optimizer with a `learning_rate`.")
        rate = float(optimizer.learning_rate)
        rate = self.schedule(epoch, rate) if self._takes_rate else self.schedule(epoch)
        try:
            rate = float(rate)
        except (TypeError, ValueError):
            raise ValueError(f"The schedule of LearningRateScheduler must give a number; it gave {rate!r}.") from None
        optimizer.learning_rate = rate
        if self.verbose > 0:
            print_msg(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)
