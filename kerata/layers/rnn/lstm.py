"""LSTM and its cell."""

from __future__ import annotations

import numpy as np

from kerata import backend, ops
from kerata.layers.rnn.gated import GatedCell, GatedRNN
from kerata.layers.rnn.rnn import of_cell
from kerata.ops import _nn_rnn


class LSTMCell(GatedCell):
    """One step of an LSTM: a memory `c` that gates write, keep and read.

    `c' = f c + i activation(g)`, `h' = o activation(c')`, where the input gate i, forget gate f and output
    gate o are `recurrent_activation` of `x kernel + h recurrent_kernel + bias`, and g is that without a
    function. Each weight holds the four side by side, in the order i, f, g, o.

    Args:
        units: integer above 0: size of the states and the output.
        activation: the function for g and c', or its name; "tanh" by default.
        recurrent_activation: the gates' function, or its name; "sigmoid" by default.
        use_bias: whether biases are added; True by default.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights for the
            input, the state and the bias; "glorot_uniform", "orthogonal" and "zeros".
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights; None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each update; None.
        dropout: number from 0 to 1: the part of the inputs to drop in training; 0.0 by default.
        recurrent_dropout: likewise of the state, which rules fused kernels out; 0.0 by default.
        seed: integer for the dropout; None for a draw from the global seed.
        unit_forget_bias: whether the forget gate's bias starts at 1, so that memory lasts; True by default.

    Input shape:
        `(batch, features)`, float, and the states `[h, c]`, each `(batch, units)`.
    Output shape:
        `(batch, units)`, and the new states `[h', c']`.

    Raises:
        ValueError: if `units` is no positive integer.

    Source: Hochreiter and Schmidhuber (1997), "Long Short-Term Memory"; for `unit_forget_bias` Jozefowicz et
    al. (2015), "An Empirical Exploration of Recurrent Network Architectures".

    >>> from kerata import layers, ops
    >>> cell = layers.LSTMCell(3)
    >>> output, (h, c) = cell(ops.ones((2, 4)), cell.get_initial_state(2))
    >>> c.shape  # (2, 3)
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
        return ForgetBias(self.bias_initializer, self.units) if self.unit_forget_bias else self.bias_initializer

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


class ForgetBias:
    """An initializer of (4 * units,) with ones for the forget gate, and another's values for the other gates."""

    def __init__(self, initializer, units: int):
        self.initializer, self.units = initializer, units

    def __call__(self, shape, dtype=None):
        b = backend.current()
        ends = [np.asarray(b.to_numpy(self.initializer((n * self.units,), dtype=dtype))) for n in (1, 2)]
        return np.concatenate([ends[0], np.ones((self.units,), ends[0].dtype), ends[1]])


@of_cell("recurrent_activation", "unit_forget_bias", "seed")
class LSTM(GatedRNN):
    """Long short-term memory: a recurrent layer whose gates guard a memory.

    The formulas stand at `LSTMCell`.

    Args:
        units: integer above 0: size of the states and the output.
        activation: the function for what is written and read, or its name; "tanh" by default.
        recurrent_activation: the gates' function, or its name; "sigmoid" by default.
        use_bias: whether biases are added; True by default.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights for the
            input, the state and the bias; "glorot_uniform", "orthogonal" and "zeros".
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights; None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each update; None.
        dropout: number from 0 to 1: the part of the inputs to drop in training; 0.0 by default.
        recurrent_dropout: likewise of the state, which rules fused kernels out; 0.0 by default.
        seed: integer for the dropout; None for a draw from the global seed.
        unit_forget_bias: whether the forget gate's bias starts at 1, so that memory lasts; True by default.
        activity_regularizer: penalty of the output; None.
        return_sequences: whether to give the outputs of all steps rather than the last; False by default.
        return_state: whether to give the last states too; False by default.
        go_backwards: whether to run from the last step to the first, with outputs in that order; False by
            default.
        stateful: whether a batch starts with the last states of the batch before, sample by sample; False by
            default.
        unroll: whether to write the steps out instead of looping: quicker for few steps, slower to compile;
            False by default.
        use_cudnn: False forbids fused kernels; "auto" (the default) and True use them where there are any.

    Called with sequences and perhaps `initial_state` (a list of tensors), `mask` (boolean `(batch, time)`;
    the states stand still where it is False) and `training`. The states are h and c.

    Input shape:
        `(batch, time, features)`, float.
    Output shape:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`, in the compute dtype; with
        `return_state` a tuple of that and each state, `(batch, units)`.

    Raises:
        ValueError: if `units` is no positive integer, or `initial_state` does not fit.

    Source: Hochreiter and Schmidhuber (1997), "Long Short-Term Memory".

    >>> from kerata import layers, ops
    >>> layers.LSTM(4)(ops.ones((2, 5, 3))).shape  # (2, 4)
    >>> outputs, h, c = layers.LSTM(4, return_sequences=True, return_state=True)(ops.ones((2, 5, 3)))
    >>> outputs.shape  # (2, 5, 4)
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
