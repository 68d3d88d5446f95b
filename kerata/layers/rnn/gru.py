"""GRU and its cell."""

from __future__ import annotations

from kerata import ops
from kerata.layers.rnn.gated import GatedCell, GatedRNN
from kerata.layers.rnn.rnn import of_cell
from kerata.ops import _nn_rnn


class GRUCell(GatedCell):
    """One step of a GRU (Cho et al., 2014), with gates update z, reset r and the new state n:

    `h' = z h + (1 - z) n`, `n = activation(x W + r (h U + b))`, or `activation(x W + (r h) U)` without `reset_after`.

    Args:
        units: size of the state and of the output.
        activation, recurrent_activation: functions or names.
        reset_after: whether the reset gate comes after the matrix product (as in cuDNN) rather than before.
        use_bias, kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed: as in `SimpleRNNCell`.

    Called with (batch, features) and `[h]`; gives (batch, units) and `[h']`.
    """

    _gates = 3

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0,
                 reset_after=True, seed=None, **kwargs):  # fmt: skip
        kwargs.pop("implementation", None)
        super().__init__(**kwargs)
        self.reset_after = reset_after
        self._set_up(locals())

    def _bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs, states, training=False):
        nested = isinstance(states, list | tuple)
        before = states[0] if nested else states
        x, h = self._drop(inputs, before, training)
        z = ops.matmul(x, self.kernel)
        if self.bias is not None:
            z = z + (self.bias[0] if self.reset_after else self.bias)
        update, reset, new = ops.split(z, 3, axis=-1)
        gate, units = self.recurrent_activation, self.units
        if self.reset_after:
            inner = ops.matmul(h, self.recurrent_kernel)
            inner = inner if self.bias is None else inner + self.bias[1]
            update, reset = gate(update + inner[:, :units]), gate(reset + inner[:, units : 2 * units])
            new = self.activation(new + reset * inner[:, 2 * units :])
        else:
            kernel = ops.convert_to_tensor(self.recurrent_kernel)
            inner = ops.matmul(h, kernel[:, : 2 * units])
            update, reset = gate(update + inner[:, :units]), gate(reset + inner[:, units:])
            new = self.activation(new + ops.matmul(reset * h, kernel[:, 2 * units :]))
        h = update * before + (1 - update) * new
        return h, ([h] if nested else h)


@of_cell("recurrent_activation", "reset_after", "seed")
class GRU(GatedRNN):
    """Gated recurrent unit (Cho et al., 2014). Formulas: see `GRUCell`.

    Args:
        units: size of the state and of the output.
        activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
            kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
            bias_constraint, dropout, recurrent_dropout, reset_after, seed: as in `GRUCell`.
        activity_regularizer: penalty on the output.
        return_sequences, return_state, go_backwards, stateful, unroll: as in `RNN`.
        use_cudnn: False forbids fused kernels; "auto" and True use them where there are any.

    (batch, time, features) to (batch, units), or (batch, time, units) with `return_sequences`.

    >>> import kerata
    >>> kerata.layers.GRU(4, return_sequences=True)(kerata.ops.ones((2, 5, 3))).shape[2]
    4
    """

    _cell_class = GRUCell

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None,
                 activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None,
                 dropout=0.0, recurrent_dropout=0.0, seed=None, return_sequences=False, return_state=False,
                 go_backwards=False, stateful=False, unroll=False, reset_after=True, use_cudnn="auto",
                 **kwargs):  # fmt: skip
        self._set_up(locals())
        self.use_cudnn = use_cudnn

    def _run(self, *args, **kwargs):
        return _nn_rnn.gru(
            *args, recurrent_activation=self.cell.recurrent_activation, reset_after=self.cell.reset_after, **kwargs
        )
