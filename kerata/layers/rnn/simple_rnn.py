"""SimpleRNN and its cell."""

from __future__ import annotations

from kerata import ops
from kerata.layers.rnn.gated import GatedCell, GatedRNN
from kerata.ops import _nn_rnn


class SimpleRNNCell(GatedCell):
    """One step of a simple recurrent network: `h' = activation(x kernel + h recurrent_kernel + bias)`.

    Args:
        units: integer above 0: size of the state and the output.
        activation: a function or its name; "tanh" by default, None for none.
        use_bias: whether biases are added; True by default.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights for the
            input, the state and the bias; "glorot_uniform", "orthogonal" and "zeros".
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights; None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each update; None.
        dropout: number from 0 to 1: the part of the inputs to drop in training; 0.0 by default.
        recurrent_dropout: likewise of the state, which rules fused kernels out; 0.0 by default.
        seed: integer for the dropout; None for a draw from the global seed.

    Input shape:
        `(batch, features)`, float, and the state `(batch, units)` in a list.
    Output shape:
        `(batch, units)`, and the new state in a list; they are equal.

    Raises:
        ValueError: if `units` is no positive integer.

    Source: Elman (1990), "Finding Structure in Time".

    >>> from kerata import layers, ops
    >>> cell = layers.SimpleRNNCell(3)
    >>> output, states = cell(ops.ones((2, 4)), cell.get_initial_state(2))
    >>> output.shape  # (2, 3)
    """

    def __init__(self, units, activation="tanh", use_bias=True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None, recurrent_constraint=None,
                 bias_constraint=None, dropout=0.0, recurrent_dropout=0.0, seed=None, **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        self._set_up(locals())

    def call(self, sequence, states, training=False):
        nested = isinstance(states, list | tuple)
        x, h = self._drop(sequence, states[0] if nested else states, training)
        z = ops.matmul(x, self.kernel)
        z = z if self.bias is None else z + self.bias
        h = self.activation(z + ops.matmul(h, self.recurrent_kernel))
        return h, ([h] if nested else h)


class SimpleRNN(GatedRNN):
    """A simple recurrent network: each output goes back into the next step.

    `h_t = activation(x_t kernel + h_(t-1) recurrent_kernel + bias)`.

    Args:
        units: integer above 0: size of the state and the output.
        activation: a function or its name; "tanh" by default, None for none.
        use_bias: whether biases are added; True by default.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights for the
            input, the state and the bias; "glorot_uniform", "orthogonal" and "zeros".
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights; None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each update; None.
        dropout: number from 0 to 1: the part of the inputs to drop in training; 0.0 by default.
        recurrent_dropout: likewise of the state, which rules fused kernels out; 0.0 by default.
        seed: integer for the dropout; None for a draw from the global seed.
        activity_regularizer: penalty of the output; None.
        return_sequences: whether to give the outputs of all steps rather than the last; False by default.
        return_state: whether to give the last states too; False by default.
        go_backwards: whether to run from the last step to the first, with outputs in that order; False by
            default.
        stateful: whether a batch starts with the last states of the batch before, sample by sample; False by
            default.
        unroll: whether to write the steps out instead of looping: quicker for few steps, slower to compile;
            False by default.

    Called with sequences and perhaps `initial_state` (a list of tensors), `mask` (boolean `(batch, time)`;
    the states stand still where it is False) and `training`.

    Input shape:
        `(batch, time, features)`, float.
    Output shape:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`, in the compute dtype; with
        `return_state` a tuple of that and each state, `(batch, units)`.

    Raises:
        ValueError: if `units` is no positive integer, or `initial_state` does not fit.

    Source: Elman (1990), "Finding Structure in Time".

    >>> from kerata import layers, ops
    >>> layers.SimpleRNN(4)(ops.ones((2, 5, 3))).shape  # (2, 4)
    >>> outputs, h = layers.SimpleRNN(4, return_sequences=True, return_state=True)(ops.ones((2, 5, 3)))
    >>> outputs.shape  # (2, 5, 4)
    """

    _cell_class = SimpleRNNCell
    _config_skip = GatedRNN._config_skip | {"seed"}  # as in Keras's files

    def __init__(self, units, activation="tanh", use_bias=True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0,
                 return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False,
                 seed=None, **kwargs):  # fmt: skip
        self._set_up(locals())

    def _run(self, *args, **kwargs):
        return _nn_rnn.simple_rnn(*args, **kwargs)
