"""SimpleRNN and its cell."""

from __future__ import annotations

from kerata import ops
from kerata.layers.rnn.gated import GatedCell, GatedRNN
from kerata.ops import _nn_rnn


class SimpleRNNCell(GatedCell):
    """One step of a simple RNN: `h' = activation(x kernel + bias + h recurrent_kernel)`.

    Args:
        units: size of the state and of the output.
        activation: a function or its name; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        kernel_constraint, recurrent_constraint, bias_constraint: what is done to them after each update.
        dropout: fraction of the inputs to drop in training.
        recurrent_dropout: fraction of the state to drop in training.
        seed: integer for the dropout.

    Called with (batch, features) and `[h]`; gives (batch, units) and `[h']`.

    >>> import kerata
    >>> cell = kerata.layers.SimpleRNNCell(3)
    >>> output, states = cell(kerata.ops.ones((2, 4)), cell.get_initial_state(2))
    >>> output.shape[1]
    3
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
    """A fully connected RNN: `h_t = activation(x_t kernel + bias + h_(t-1) recurrent_kernel)`.

    Args:
        units: size of the state and of the output.
        activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed: as in `SimpleRNNCell`.
        activity_regularizer: penalty on the output.
        return_sequences, return_state, go_backwards, stateful, unroll: as in `RNN`.

    (batch, time, features) to (batch, units), or (batch, time, units) with `return_sequences`.

    >>> import kerata
    >>> kerata.layers.SimpleRNN(4)(kerata.ops.ones((2, 5, 3))).shape[1]
    4
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
