"""LambdaCallback."""

from __future__ import annotations

import warnings

from kerata.callbacks.callback import Callback
from kerata.core.errors import did_you_mean


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin: function of `(epoch, logs)`; None, as for all, for no such hook.
        on_epoch_end: function of `(epoch, logs)`.
        on_train_begin: function of `(logs)`.
        on_train_end: function of `(logs)`.
        on_train_batch_begin: function of `(batch, logs)`.
        on_train_batch_end: function of `(batch, logs)`.
        **kwargs: other hooks of `Callback` by name; a warning for names that are never called.

    >>> import kerata
    >>> show = kerata.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    >>> show.on_epoch_end(0, {"loss": 0.5})
    0 0.5
    """

    def __init__(self, on_epoch_begin=None, on_epoch_end=None, on_train_begin=None, on_train_end=None,
                 on_train_batch_begin=None, on_train_batch_end=None, **kwargs):  # fmt: skip
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin,
            "on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end, **kwargs,
        }  # fmt: skip
        for name, fn in hooks.items():
            if name.startswith("on_") and not hasattr(Callback, name):
                warnings.warn(
                    f"LambdaCallback was given {name!r}, and no such hook is ever called."
                    + did_you_mean(name, [n for n in dir(Callback) if n.startswith("on_")]),
                    stacklevel=2,
                )
            if fn is not None:
                setattr(self, name, fn)
