"""Callback: the hooks into training."""

from __future__ import annotations

from kerata.core.configurable import SignatureOfInit, refuse_unknown


class Callback:
    """The base of objects that act during `fit`, `evaluate` and `predict`: a subclass defines the hooks it needs.

    `self.model` is the model and `self.params` a dictionary with "verbose", "epochs" and "steps". A callback
    that defines one of the batch hooks is called for every batch (or every `steps_per_execution`), and
    training then runs step by step; without such callbacks, whole chunks of steps run in one compiled call.

    >>> import kerata
    >>> class StopWhenGood(kerata.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         self.model.stop_training = logs["loss"] < 0.1
    >>> kerata.callbacks.CallbackList([StopWhenGood()]).wants_every_batch("train")
    False
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
        """The model that runs, or None before."""
        return self.__dict__.get("_model")

    def set_params(self, params: dict) -> None:
        """Called before the run starts.

        Args:
            params: dictionary with "verbose", "epochs" and "steps".
        """
        self.params = params

    def set_model(self, model) -> None:
        """Called before the run starts.

        Args:
            model: the model that will run.
        """
        self._model = model

    def on_batch_begin(self, batch, logs=None):
        """An older name of `on_train_batch_begin`, with the same `batch` and `logs`."""

    def on_batch_end(self, batch, logs=None):
        """An older name of `on_train_batch_end`, with the same `batch` and `logs`."""

    def on_epoch_begin(self, epoch, logs=None):
        """Called before each epoch of `fit`.

        Args:
            epoch: integer from 0.
            logs: an empty dictionary.
        """

    def on_epoch_end(self, epoch, logs=None):
        """Called after each epoch of `fit`.

        Args:
            epoch: integer from 0.
            logs: dictionary of its loss and metrics, floats; those of validation as "val_...".
        """

    def on_train_batch_begin(self, batch, logs=None):
        """Called before each batch of training.

        Args:
            batch: integer from 0, the batch's number in the epoch.
            logs: an empty dictionary.
        """
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch, logs=None):
        """Called after each batch of training.

        Args:
            batch: integer from 0, the batch's number in the epoch.
            logs: dictionary of the loss and metrics so far in the epoch, floats.
        """
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch, logs=None):
        """Called before each batch of evaluation and validation.

        Args:
            batch: integer from 0.
            logs: an empty dictionary.
        """

    def on_test_batch_end(self, batch, logs=None):
        """Called after each batch of evaluation and validation.

        Args:
            batch: integer from 0.
            logs: dictionary of the loss and metrics so far, floats.
        """

    def on_predict_batch_begin(self, batch, logs=None):
        """Called before each batch of prediction.

        Args:
            batch: integer from 0.
            logs: an empty dictionary.
        """

    def on_predict_batch_end(self, batch, logs=None):
        """Called after each batch of prediction.

        Args:
            batch: integer from 0.
            logs: dictionary with the batch's "outputs".
        """

    def on_train_begin(self, logs=None):
        """Called when training starts.

        Args:
            logs: an empty dictionary.
        """

    def on_train_end(self, logs=None):
        """Called when training ends.

        Args:
            logs: dictionary of the last epoch.
        """

    def on_test_begin(self, logs=None):
        """Called when an evaluation or validation starts.

        Args:
            logs: an empty dictionary.
        """

    def on_test_end(self, logs=None):
        """Called when an evaluation or validation ends.

        Args:
            logs: dictionary of its loss and metrics, floats.
        """

    def on_predict_begin(self, logs=None):
        """Called when a prediction starts.

        Args:
            logs: an empty dictionary.
        """

    def on_predict_end(self, logs=None):
        """Called when a prediction ends.

        Args:
            logs: an empty dictionary.
        """
