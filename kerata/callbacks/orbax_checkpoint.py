"""OrbaxCheckpoint: checkpoints in the format of the Orbax library."""

from __future__ import annotations

import json
import os

from kerata.callbacks.monitor import MonitorCallback
from kerata.core.errors import missing_package
from kerata.utils.console import print_msg


class OrbaxCheckpoint(MonitorCallback):
    """Saves the model and the state of the training with the library Orbax, one numbered folder for each checkpoint.

    Args:
        directory: folder for the checkpoints.
        monitor: name of the log that says which is best; "val_loss" by default.
        verbose: 1 to say when it saves; 0 by default.
        save_best_only: whether only what is better than all before is saved; False by default.
        mode: "min" (less is better), "max", or "auto" (the default) for the metric's own direction.
        save_freq: "epoch" (the default), or a number of batches.
        initial_value_threshold: number: only what is better than this is saved; None for none.
        max_to_keep: integer: how many checkpoints stay; 1 by default, None for all.
        save_on_background: whether writing goes on while training does; True by default.
        save_weights_only: whether the optimizer's state and the config are left out; False by default.

    Raises:
        ImportError: if Orbax is not installed.
        ValueError: if `save_freq` is neither.

    Example (not run):

        save = kerata.callbacks.OrbaxCheckpoint("checkpoints", max_to_keep=3)
        model.fit(x, y, epochs=5, callbacks=[save])
    """

    _carried = ("best", "_step")

    def __init__(self, directory, monitor="val_loss", verbose=0, save_best_only=False, mode="auto", save_freq="epoch",
                 initial_value_threshold=None, max_to_keep=1, save_on_background=True, save_weights_only=False):  # fmt: skip
        super().__init__(monitor, mode, initial_value_threshold)
        try:
            from orbax.checkpoint import v1 as ocp
        except ImportError:
            raise missing_package("orbax-checkpoint", "OrbaxCheckpoint") from None
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(f"`save_freq` is 'epoch' or a number of batches; got {save_freq!r}.")
        self.directory, self.verbose, self.save_best_only = os.path.abspath(directory), verbose, save_best_only
        self.save_freq, self.save_weights_only = save_freq, save_weights_only
        self._step = self._since = self._last_batch = 0
        self.max_to_keep, self.save_on_background = max_to_keep, save_on_background
        self._ocp, self._checkpointer, self._pending = ocp, None, None

    @property
    def _per_chunk(self) -> bool:
        return self.save_freq == "epoch"

    def set_model(self, model):
        super().set_model(model)
        if getattr(model, "optimizer", None) is not None:  # a model that was trained before goes on with its numbers
            self._step = int(model.optimizer.iterations)

    def on_epoch_begin(self, epoch, logs=None):
        self._last_batch = 0

    def on_train_batch_end(self, batch, logs=None):
        seen = batch + 1 - self._last_batch
        self._last_batch = batch + 1
        self._step += seen
        if self.save_freq != "epoch":
            self._since += seen
            if self._since >= self.save_freq:
                self._since = 0
                self._save(self._step, logs)

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._save(epoch, logs)

    def _save(self, step: int, logs) -> None:
        if self.save_best_only:
            value = self.value(logs)
            if value is None or not self.improves(value, self.best):
                return
            self.best = value
        if self.verbose:
            print_msg(f"\nSaving checkpoint {step} to {self.directory}")
        state = self.model.get_state_tree(value_format="numpy_array")
        if self.save_weights_only:
            state = {k: v for k, v in state.items() if k.endswith("trainable_variables")}
        parts = {"pytree": state}
        if not self.save_weights_only:
            from kerata.saving import serialize_keras_object

            parts["model_config"] = {"config": json.dumps(serialize_keras_object(self.model))}
        checkpointer = self._open()
        if self.save_on_background:
            self._wait()
            self._pending = checkpointer.save_checkpointables_async(step, parts)
        else:
            checkpointer.save_checkpointables(step, parts)

    def _open(self):
        """Orbax's writer, which keeps the latest checkpoints."""
        if self._checkpointer is None:
            training = self._ocp.training
            keep = None if self.max_to_keep is None else training.preservation_policies.LatestN(self.max_to_keep)
            self._checkpointer = training.Checkpointer(
                self.directory,
                save_decision_policy=training.save_decision_policies.FixedIntervalPolicy(1),
                preservation_policy=keep,
            )
        return self._checkpointer

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None

    def on_train_end(self, logs=None):
        self._wait()
        if self._checkpointer is not None:
            self._checkpointer.close()
            self._checkpointer = None
