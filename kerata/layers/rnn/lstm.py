"""LSTM and its cell."""

from __future__ import annotations

import numpy as np

from kerata import backend, ops
from kerata.layers.rnn.gated import GatedCell, GatedRNN
from kerata.layers.rnn.rnn import of_cell
from kerata.ops import _nn_rnn


class LSTMCell(GatedCell):
    """One step of an LSTM (Hochreiter and Schmidhuber, 1997), with gates input, forget, cell, output:

    `c' = f c + i activation(g)`, `h' = o activation(c')`; i, f, o by `recurrent_activation`.

    Args:
        units: size of the states and of the output.
        activation, recurrent_activation: functions or names.
        unit_forget_bias: start the forget gate's bias at 1 (Jozefowicz et al., 2015).
        use_bias, kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed: as in `SimpleRNNCell`.

    Called with (batch, features) and `[h, c]`; gives (batch, units) and `[h', c']`.
    """

    _gates = 4
    _states = 2

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 unit_forget_bias=True, kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None,
                 kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout=0.0,
                 recurrent_dropout=0.0, seed=None, **kwargs):  # fmt: skip
        kwargs.pop("implementation", None)
        super().__init__(**kwargs)
        self.unit_forget_bias = unit_forget_bias
        self._set_up(locals())

    def _first_bias(self):
        return forget_bias(self.bias_initializer, self.units) if self.unit_forget_bias else self.bias_initializer

    def call(self, inputs, states, training=False):
        h, c = states
        x, h = self._drop(inputs, h, training)
        z = ops.matmul(x, self.kernel) + ops.matmul(h, self.recurrent_kernel)
        z = z if self.bias is None else z + self.bias
        i, f, g, o = ops.split(z, 4, axis=-1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]


def forget_bias(initializer, units: int):
    """An initializer of (4 * units,) with ones for the forget gate, and another's values for the other gates."""

    def first_bias(shape, dtype=None):
        b = backend.current()
        ends = [np.asarray(b.to_numpy(initializer((n * units,), dtype=dtype))) for n in (1, 2)]
        return np.concatenate([ends[0], np.ones((units,), ends[0].dtype), ends[1]])

    return first_bias


@of_cell("recurrent_activation", "unit_forget_bias", "seed")
class LSTM(GatedRNN):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997). Formulas: see `LSTMCell`.

    Args:
        units: size of the states and of the output.
        activation, recurrent_activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
            unit_forget_bias, kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
            recurrent_constraint, bias_constraint, dropout, recurrent_dropout, seed: as in `LSTMCell`.
        activity_regularizer: penalty on the output.
        return_sequences, return_state, go_backwards, stateful, unroll: as in `RNN`.
        use_cudnn: False forbids fused kernels; "auto" and True use them where there are any.

    (batch, time, features) to (batch, units), or (batch, time, units) with `return_sequences`.

    >>> import kerata
    >>> outputs, h, c = kerata.layers.LSTM(4, return_sequences=True, return_state=True)(kerata.ops.ones((2, 5, 3)))
    >>> outputs.shape[1], c.shape[1]
    (5, 4)
    """

    _cell_class = LSTMCell

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 unit_forget_bias=True, kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None,
                 activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None,
                 dropout=0.0, recurrent_dropout=0.0, seed=None, return_sequences=False, return_state=False,
                 go_backwards=False, stateful=False, unroll=False, use_cudnn="auto", **kwargs):  # fmt: skip
        self._set_up(locals())
        self.use_cudnn = use_cudnn

    def _run(self, *args, **kwargs):
        return _nn_rnn.lstm(*args, recurrent_activation=self.cell.recurrent_activation, **kwargs)
