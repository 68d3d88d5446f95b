"""Dropout masks of recurrent cells: one for all time steps of a sequence."""

from __future__ import annotations

from kerata import ops, random


class DropoutRNNCell:
    """For cells with `dropout`, `recurrent_dropout` and `seed_generator`: masks that stay until they are reset.

    The layer around a cell draws them before the first time step and resets them after the last (Gal and
    Ghahramani, 2016).
    """

    _dropout_mask = None
    _recurrent_dropout_mask = None

    def get_dropout_mask(self, step_input):
        """The mask for the inputs (batch, features) of all steps, or None."""
        if self._dropout_mask is None and self.dropout > 0:
            self._dropout_mask = self._draw(step_input, self.dropout)
        return self._dropout_mask

    def get_recurrent_dropout_mask(self, step_input):
        """The mask for the state (batch, units) before all steps, or None."""
        if self._recurrent_dropout_mask is None and self.recurrent_dropout > 0:
            self._recurrent_dropout_mask = self._draw(step_input, self.recurrent_dropout)
        return self._recurrent_dropout_mask

    def reset_dropout_mask(self) -> None:
        """Draw another input mask when one is next wanted."""
        self._dropout_mask = None

    def reset_recurrent_dropout_mask(self) -> None:
        """Draw another state mask when one is next wanted."""
        self._recurrent_dropout_mask = None

    def _draw(self, like, rate):
        return random.dropout(ops.ones_like(like), rate, seed=self.seed_generator)

    def _drop(self, x, h, training):
        """Inputs and state of one step with their masks applied."""
        if training and self.dropout > 0:
            x = x * self.get_dropout_mask(x)
        if training and self.recurrent_dropout > 0:
            h = h * self.get_recurrent_dropout_mask(h)
        return x, h
