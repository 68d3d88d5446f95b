"""Callback: the hooks into training."""

from __future__ import annotations

from kerata.core.configurable import SignatureOfInit, refuse_unknown


class Callback:
    """Base of objects that act during `fit`, `evaluate` and `predict`.

    `self.model` is the model and `self.params` a dictionary with "verbose", "epochs" and "steps". A callback that
    defines one of the batch hooks is called for every batch (or every `steps_per_execution`); training then runs step
    by step. Without such callbacks, whole chunks of steps run in one compiled call.

    >>> import kerata
    >>> class Stop(kerata.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         self.model.stop_training = logs["loss"] < 0.1
    """

    # Set by callbacks that are content with the last batch of each chunk, such as progress bars.
    _per_chunk = False

    __signature__ = SignatureOfInit()

    def __new__(cls, *args, **kwargs):
        if kwargs:
            refuse_unknown(cls, kwargs)
        return super().__new__(cls)

    def __init__(self):
        self.params = None
        self._model = None

    @property
    def model(self):
        return self.__dict__.get("_model")

    def set_params(self, params: dict) -> None:
        """Called with the run's parameters before it starts."""
        self.params = params

    def set_model(self, model) -> None:
        """Called with the model before the run starts."""
        self._model = model

    def on_batch_begin(self, batch, logs=None):
        """An older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch, logs=None):
        """An older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch, logs=None):
        """Called before each epoch."""

    def on_epoch_end(self, epoch, logs=None):
        """Called after each epoch; `logs` holds its loss and metrics, those of validation as "val_...". """

    def on_train_batch_begin(self, batch, logs=None):
        """Called before each batch of training."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch, logs=None):
        """Called after each batch of training; `logs` holds means over the epoch so far."""
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch, logs=None):
        """Called before each batch of evaluation and validation."""

    def on_test_batch_end(self, batch, logs=None):
        """Called after each batch of evaluation and validation."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Called before each batch of prediction."""

    def on_predict_batch_end(self, batch, logs=None):
        """Called after each batch of prediction; `logs["outputs"]` holds its predictions."""

    def on_train_begin(self, logs=None):
        """Called when training starts."""

    def on_train_end(self, logs=None):
        """Called when training ends."""

    def on_test_begin(self, logs=None):
        """Called when an evaluation or validation starts."""

    def on_test_end(self, logs=None):
        """Called when an evaluation or validation ends."""

    def on_predict_begin(self, logs=None):
        """Called when a prediction starts."""

    def on_predict_end(self, logs=None):
        """Called when a prediction ends."""
