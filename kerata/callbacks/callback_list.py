"""CallbackList: several callbacks called as one."""

from __future__ import annotations

import numpy as np

from kerata.callbacks.callback import Callback

_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}
_HOOKS = [n for n in vars(Callback) if n.startswith("on_")]


class CallbackList:
    """Several callbacks called as one: each hook of each callback that defines it.

    Args:
        callbacks: a callback, or a list of them (or of lists); None for none.
        add_history: whether to add a `History` if there is none; False by default.
        add_progbar: whether to add a `ProgbarLogger` if there is none; False by default.
        model: the model that is trained; None to set it later.
        **params: what callbacks find in `params`: verbose, epochs, steps.

    >>> import kerata
    >>> seen = []
    >>> note = kerata.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["loss"]))
    >>> kerata.callbacks.CallbackList([note]).on_epoch_end(0, {"loss": 0.5})
    >>> seen  # [0.5]
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        self.callbacks = _flatten(callbacks)
        self._model = model
        self.params = params
        self._add_default(add_history, add_progbar)
        self.callbacks.sort(key=lambda c: bool(getattr(c, "_runs_last", False)))  # stable: others keep their order
        self._hooks = {n: [getattr(c, n) for c in self.callbacks if _defines(c, n)] for n in _HOOKS}
        self.set_params(params)
        if model is not None:
            self.set_model(model)

    def _add_default(self, add_history: bool, add_progbar: bool) -> None:
        if add_history:
            from kerata.callbacks.history import History

            found = next((c for c in self.callbacks if isinstance(c, History)), None)
            if found is None:
                found = History()
                self.callbacks.append(found)
            if self._model is not None:
                self._model.history = found
        if add_progbar:
            from kerata.callbacks.progbar_logger import ProgbarLogger

            if not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
                self.callbacks.append(ProgbarLogger())

    @property
    def model(self):
        """The model that runs."""
        return self._model

    def append(self, callback) -> None:
        """Add a callback."""
        self.callbacks.append(callback)
        self._hooks = {n: [getattr(c, n) for c in self.callbacks if _defines(c, n)] for n in _HOOKS}

    def set_params(self, params: dict) -> None:
        """Tell all callbacks the run's parameters.

        Args:
            params: see `Callback.set_params`.
        """
        self.params = params
        for c in self.callbacks:
            c.set_params(params)

    def set_model(self, model) -> None:
        """Tell all callbacks the model.

        Args:
            model: see `Callback.set_model`.
        """
        self._model = model
        for c in self.callbacks:
            c._callback_list = self
            c.set_model(model)

    def wants_every_batch(self, kind: str) -> bool:
        """Whether some callback defines a batch hook and is not content with one call a chunk."""
        return any(
            _defines(c, n) and not getattr(c, "_per_chunk", False) for c in self.callbacks for n in _BATCH_HOOKS[kind]
        )

    def _call(self, name: str, *args, logs=None) -> None:
        hooks = self._hooks[name]
        if hooks:
            logs = {k: _number(v) for k, v in logs.items()} if logs else {}  # what callbacks add is for each other
            for hook in hooks:
                hook(*args, logs)


def _number(value):
    """A scalar tensor (of a custom loop's logs) as a number; anything else as it is."""
    if isinstance(value, float | int | str | np.ndarray | list | tuple | dict | type(None)):
        return value
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        return value


def _flatten(callbacks) -> list:
    if callbacks is None:
        return []
    if not isinstance(callbacks, list | tuple):
        callbacks = [callbacks]
    out = []
    for c in callbacks:
        if isinstance(c, list | tuple):
            out.extend(_flatten(c))
        elif not hasattr(c, "on_epoch_end") or isinstance(c, type):
            hint = f" Make one first: {c.__name__}(...)." if isinstance(c, type) else ""
            raise TypeError(f"`callbacks` is a list of Callback objects; it holds {c!r}.{hint}")
        else:
            out.append(c)
    return out


def _defines(callback, name: str) -> bool:
    """Whether the callback does anything at a hook."""
    if name in getattr(callback, "__dict__", {}):
        return True
    own = getattr(type(callback), name, None)
    if own is not getattr(Callback, name):
        return own is not None
    if name in ("on_train_batch_begin", "on_train_batch_end"):  # these call the older names
        older = name.replace("_train", "")
        return older in getattr(callback, "__dict__", {}) or getattr(type(callback), older) is not getattr(Callback, older)
    return False


def _hook(name: str):
    if name in ("on_train_begin", "on_train_end", "on_test_begin", "on_test_end", "on_predict_begin", "on_predict_end"):

        def call(self, logs=None):
            self._call(name, logs=logs)

    elif "epoch" in name:

        def call(self, epoch, logs=None):
            self._call(name, epoch, logs=logs)

    else:

        def call(self, batch, logs=None):
            self._call(name, batch, logs=logs)

    call.__name__ = name
    call.__doc__ = f"Call `{name}` of the callbacks that define it, with its arguments: see `Callback.{name}`."
    return call


for _name in _HOOKS:
    setattr(CallbackList, _name, _hook(_name))
