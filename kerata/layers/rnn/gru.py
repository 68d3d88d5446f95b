"""GRU and its cell."""

from __future__ import annotations

from kerata import ops
from kerata.layers.rnn.gated import GatedCell, GatedRNN
from kerata.layers.rnn.rnn import of_cell
from kerata.ops import _nn_rnn


class GRUCell(GatedCell):
    """One step of a GRU: a state that two gates renew.

    `h' = z h + (1 - z) n` with the update gate z and the reset gate r, which are `recurrent_activation` of
    `x kernel + h recurrent_kernel + bias`, and `n = activation(x W + b + r (h U + b'))`, or, without
    `reset_after`, `activation(x W + b + (r h) U)`. Each weight holds the three side by side, in the order z,
    r, n.

    Args:
        units: integer above 0: size of the state and the output.
        activation: the function for n, or its name; "tanh" by default.
        recurrent_activation: the gates' function, or its name; "sigmoid" by default.
        use_bias: whether biases are added; True by default.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights for the
            input, the state and the bias; "glorot_uniform", "orthogonal" and "zeros".
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights; None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each update; None.
        dropout: number from 0 to 1: the part of the inputs to drop in training; 0.0 by default.
        recurrent_dropout: likewise of the state, which rules fused kernels out; 0.0 by default.
        seed: integer for the dropout; None for a draw from the global seed.
        reset_after: whether the reset gate comes after the matrix product, as in cuDNN, with a second bias b'
            (True, the default), or before it.

    Input shape:
        `(batch, features)`, float, and the state `(batch, units)` in a list.
    Output shape:
        `(batch, units)`, and the new state in a list; they are equal.

    Raises:
        ValueError: if `units` is no positive integer.

    Source: Cho et al. (2014), "Learning Phrase Representations using RNN Encoder-Decoder for Statistical
    Machine Translation".

    >>> from kerata import layers, ops
    >>> cell = layers.GRUCell(3)
    >>> output, states = cell(ops.ones((2, 4)), cell.get_initial_state(2))
    >>> output.shape  # (2, 3)
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
    """Gated recurrent unit: a recurrent layer whose state two gates renew.

    The formulas stand at `GRUCell`.

    Args:
        units: integer above 0: size of the state and the output.
        activation: the function for the new state, or its name; "tanh" by default.
        recurrent_activation: the gates' function, or its name; "sigmoid" by default.
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
        reset_after: whether the reset gate comes after the matrix product, as in cuDNN (True, the default),
            or before it.
        use_cudnn: False forbids fused kernels; "auto" (the default) and True use them where there are any.

    Called with sequences and perhaps `initial_state` (a list of tensors), `mask` (boolean `(batch, time)`;
    the states stand still where it is False) and `training`.

    Input shape:
        `(batch, time, features)`, float.
    Output shape:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`, in the compute dtype; with
        `return_state` a tuple of that and each state, `(batch, units)`.

    Raises:
        ValueError: if `units` is no positive integer, or `initial_state` does not fit.

    Source: Cho et al. (2014), "Learning Phrase Representations using RNN Encoder-Decoder for Statistical
    Machine Translation".

    >>> from kerata import layers, ops
    >>> layers.GRU(4, return_sequences=True)(ops.ones((2, 5, 3))).shape  # (2, 5, 4)
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
