"""History: the logs of each epoch."""

from __future__ import annotations

from kerata.callbacks.callback import Callback
from kerata.core.errors import did_you_mean


class Logs(dict):
    """Lists of values by name; the names of Keras 1 and 2 ("acc", "val_acc") find the present ones."""

    def _present(self, key):
        if isinstance(key, str) and not dict.__contains__(self, key):
            prefix, name = ("val_", key[4:]) if key.startswith("val_") else ("", key)
            now = {"acc": "accuracy", "accuracy": "acc"}.get(name)
            if now is not None and dict.__contains__(self, prefix + now):
                return prefix + now
        return key

    def __contains__(self, key):
        return dict.__contains__(self, self._present(key))

    def get(self, key, default=None):
        return dict.get(self, self._present(key), default)

    def __missing__(self, key):
        now = self._present(key)
        if now != key:
            return self[now]
        raise KeyError(f"{key!r} was not recorded.{did_you_mean(str(key), self)} Recorded: {', '.join(self)}.")


class History(Callback):
    """Records the logs of each epoch; `fit` returns one.

    Attributes:
        epoch: list of the epochs' numbers, from 0.
        history: dictionary from a log's name to the list of its values, floats.

    >>> import kerata
    >>> model = kerata.Sequential([kerata.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    >>> history = model.fit(x, y, epochs=2, verbose=0)
    >>> history.epoch, list(history.history)
    ([0, 1], ['loss'])
    """

    _carried = ("history", "epoch")

    def __init__(self):
        super().__init__()
        self.history = Logs()
        self.epoch: list[int] = []

    def on_train_begin(self, logs=None):
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self
