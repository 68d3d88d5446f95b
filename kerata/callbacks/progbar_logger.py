"""ProgbarLogger: the progress of training on the terminal, in a notebook or in a log file."""

from __future__ import annotations

from kerata.callbacks.callback import Callback


class ProgbarLogger(Callback):
    """Shows steps, time and logs while training runs; `fit(verbose=1)` adds one.

    With verbose 1 a bar moves, with 2 each epoch gets one line.

    >>> import kerata
    >>> bar = kerata.callbacks.ProgbarLogger()
    >>> bar.set_params({"verbose": 2, "epochs": 1, "steps": 3})
    >>> bar.target
    3
    """

    _per_chunk = True

    def __init__(self):
        super().__init__()
        self.progbar = None
        self.epochs = None
        self._in_fit = False

    def set_params(self, params):
        super().set_params(params)
        self.verbose, self.epochs, self.target = params.get("verbose", 1), params.get("epochs"), params.get("steps")

    def _start(self) -> None:
        from kerata.utils.progbar import Progbar

        self.progbar = Progbar(target=self.target, verbose=self.verbose, unit_name="step", stateful_metrics=None)
        self._seen = 0

    def _update(self, batch, logs, finalize=False) -> None:
        self._seen = batch
        self.progbar.update(batch, list((logs or {}).items()), finalize=finalize)

    def on_train_begin(self, logs=None):
        self._in_fit = True

    def on_train_end(self, logs=None):
        self._in_fit = False

    def on_test_begin(self, logs=None):
        if not self._in_fit:
            self._start()

    def on_predict_begin(self, logs=None):
        self._start()

    def on_epoch_begin(self, epoch, logs=None):
        self._start()
        if self.verbose and self.epochs and self.epochs > 1:
            from kerata.utils.console import print_msg

            print_msg(f"Epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch, logs=None):
        self._update(batch + 1, logs)

    def on_test_batch_end(self, batch, logs=None):
        if not self._in_fit:
            self._update(batch + 1, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self._update(batch + 1, None)

    def on_epoch_end(self, epoch, logs=None):
        self._finish(logs)

    def on_test_end(self, logs=None):
        if not self._in_fit:
            self._finish(logs)

    def on_predict_end(self, logs=None):
        self._finish(None)

    def _finish(self, logs) -> None:
        if self.target is None:
            self.target = self.progbar.target = self._seen
        self._update(self.target, logs, finalize=True)
