"""TerminateOnNaN."""

from __future__ import annotations

import math

from kerata.callbacks.callback import Callback
from kerata.utils.console import print_msg


class TerminateOnNaN(Callback):
    """Stops training when the loss is NaN or infinite.

    The loss is a mean over the epoch, so a NaN stays visible until the epoch's end: looking once a chunk is
    enough.

    Args:
        raise_error: whether to raise a RuntimeError instead; False by default.

    Raises:
        RuntimeError: with `raise_error`, when the loss is not finite.

    >>> import kerata
    >>> model = kerata.Sequential([kerata.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((8, 2), "float32"), np.full((8, 1), np.inf, "float32")
    >>> history = model.fit(x, y, epochs=5, verbose=0, callbacks=[kerata.callbacks.TerminateOnNaN()])
    Batch 0: Invalid loss, terminating training
    >>> history.epoch
    [0]
    """

    _per_chunk = True

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error
        self._terminated_on_nan = False

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        self._terminated_on_nan = True
        if self.raise_error:
            raise RuntimeError(f"The loss became {loss} by batch {batch}.")
        print_msg(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
