"""OrbaxCheckpoint: checkpoints in the format of the Orbax library."""

from __future__ import annotations

import os

from kerata.callbacks.monitor import MonitorCallback
from kerata.core.errors import missing_package
from kerata.utils.console import print_msg


class OrbaxCheckpoint(MonitorCallback):
    """Saves the state of the training with Orbax, one numbered folder for each checkpoint.

    Args:
        directory: where.
        monitor, verbose, save_best_only, mode, save_freq, initial_value_threshold: as in `ModelCheckpoint`.
        max_to_keep: how many checkpoints stay.
        save_on_background: whether writing goes on while training does.
        save_weights_only: leave out the optimizer's state.
    """

    _carried = ("best", "_step")

    def __init__(self, directory, monitor="val_loss", verbose=0, save_best_only=False, mode="auto", save_freq="epoch",
                 initial_value_threshold=None, max_to_keep=1, save_on_background=True, save_weights_only=False):  # fmt: skip
        super().__init__(monitor, mode, initial_value_threshold)
        try:
            import orbax.checkpoint as ocp
        except ImportError:
            raise missing_package("orbax-checkpoint", "OrbaxCheckpoint") from None
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(f"`save_freq` is 'epoch' or a number of batches; got {save_freq!r}.")
        self.directory, self.verbose, self.save_best_only = os.path.abspath(directory), verbose, save_best_only
        self.save_freq, self.save_weights_only = save_freq, save_weights_only
        self._step = self._since = self._last_batch = 0
        options = ocp.CheckpointManagerOptions(max_to_keep=max_to_keep, enable_async_checkpointing=save_on_background)
        self._ocp = ocp
        self._manager = ocp.CheckpointManager(self.directory, options=options)

    @property
    def _per_chunk(self) -> bool:
        return self.save_freq == "epoch"

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
        self._manager.save(step, args=self._ocp.args.StandardSave(state))

    def on_train_end(self, logs=None):
        self._manager.wait_until_finished()
