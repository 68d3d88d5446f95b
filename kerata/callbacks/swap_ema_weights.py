"""SwapEMAWeights."""

from __future__ import annotations

from kerata.callbacks.callback import Callback


class SwapEMAWeights(Callback):
    """Puts the optimizer's moving average of the weights in their place for evaluation, and back afterwards.

    Args:
        swap_on_epoch: whether averages are in place at the end of each epoch too, for a `ModelCheckpoint`;
            False by default.

    Raises:
        ValueError: if the optimizer has not `use_ema=True`.

    >>> import kerata
    >>> model = kerata.Sequential([kerata.layers.Dense(1)])
    >>> model.compile(kerata.optimizers.SGD(0.1, use_ema=True), "mse")
    >>> x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    >>> history = model.fit(x, y, verbose=0, callbacks=[kerata.callbacks.SwapEMAWeights()])
    """

    _carried = ("_aside",)

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._aside: list | None = None  # the weights themselves, while the averages are in their place

    def _pairs(self) -> list[tuple]:
        """The weights and their averages."""
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        with_averages = [o for o in getattr(optimizer, "optimizers", None) or [optimizer] if getattr(o, "use_ema", False)]
        if not with_averages:
            raise ValueError("SwapEMAWeights needs an optimizer with use_ema=True, e.g. Adam(use_ema=True).")
        return [
            pair for o in with_averages for pair in zip(o._trainable_variables, o._model_variables_moving_average)
            if pair[1] is not None
        ]  # fmt: skip

    def _put_averages(self) -> None:
        if self._aside is None:
            pairs = self._pairs()
            self._aside = [v.numpy().copy() for v, _ in pairs]
            for v, average in pairs:
                v.assign(average.numpy().copy())

    def _put_back(self) -> None:
        if self._aside is not None:
            for (v, _), value in zip(self._pairs(), self._aside):
                v.assign(value)
            self._aside = None

    def on_epoch_begin(self, epoch, logs=None):
        self._put_back()

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._put_averages()

    def on_train_end(self, logs=None):
        self._aside = None  # after training the averages stay

    def on_test_begin(self, logs=None):
        self._put_averages()

    def on_test_end(self, logs=None):
        self._put_back()

    def on_predict_begin(self, logs=None):
        self._put_averages()

    def on_predict_end(self, logs=None):
        self._put_back()
