"""LearningRateScheduler."""

from __future__ import annotations

import inspect

from kerata.callbacks.callback import Callback
from kerata.utils.console import print_msg


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch.

    Args:
        schedule: function of the epoch, from 0, and the present rate (or of the epoch alone) that gives the
            rate.
        verbose: 1 to say so; 0 by default.

    Raises:
        ValueError: if the schedule gives no number, or the optimizer has no `learning_rate`.

    The logs get "learning_rate".

    >>> import kerata
    >>> model = kerata.Sequential([kerata.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    >>> halve = kerata.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    >>> history = model.fit(x, y, epochs=2, verbose=0, callbacks=[halve])
    >>> history.history["learning_rate"]  # [0.005, 0.0025]
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
