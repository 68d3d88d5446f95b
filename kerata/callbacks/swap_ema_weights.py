"""SwapEMAWeights."""

from __future__ import annotations

from kerata.callbacks.callback import Callback


class SwapEMAWeights(Callback):
    """Puts the optimizer's moving average of the weights in their place for evaluation, and back afterwards.

    Needs an optimizer with `use_ema=True`.

    Args:
        swap_on_epoch: whether they are also in place at the end of each epoch (for a `ModelCheckpoint`).
    """

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._in_place = False

    def _optimizer(self):
        optimizer = self.model.optimizer
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        if not getattr(inner, "use_ema", False):
            raise ValueError("SwapEMAWeights needs an optimizer with use_ema=True, e.g. Adam(use_ema=True).")
        return inner

    def _swap(self) -> None:
        optimizer = self._optimizer()
        for v, average in zip(optimizer._trainable_variables, optimizer._model_variables_moving_average):
            value = v.numpy().copy()
            v.assign(average.numpy().copy())
            average.assign(value)
        self._in_place = not self._in_place

    def on_epoch_begin(self, epoch, logs=None):
        if self.swap_on_epoch and self._in_place:
            self._swap()

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch and not self._in_place:
            self._swap()

    def on_test_begin(self, logs=None):
        if not self._in_place:
            self._swap()

    def on_test_end(self, logs=None):
        if self._in_place:
            self._swap()

    def on_predict_begin(self, logs=None):
        if not self._in_place:
            self._swap()

    def on_predict_end(self, logs=None):
        if self._in_place:
            self._swap()
