"""ConvLSTM: an LSTM whose matrix products are convolutions."""

from __future__ import annotations

from kerata import backend, ops
from kerata.core.config import standardize_data_format
from kerata.core.configurable import arguments
from kerata.layers._errors import positive_integer
from kerata.layers.convolutional.base import check_padding, spread
from kerata.layers.input_spec import InputSpec
from kerata.layers.layer import Layer
from kerata.layers.rnn.gated import GatedCell, make_cell
from kerata.layers.rnn.lstm import ForgetBias
from kerata.layers.rnn.rnn import RNN, of_cell
from kerata.ops import _nn_rnn


class ConvLSTMCell(GatedCell):
    """One step of a convolutional LSTM over `rank` spatial axes; see `ConvLSTM2D` and `LSTMCell`.

    The input's convolution is padded as `padding` says, the state's such that its size stays.
    """

    _gates = 4
    _states = 2

    def __init__(self, rank, filters, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1,
                 activation="tanh", recurrent_activation="sigmoid", use_bias=True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", unit_forget_bias=True,
                 kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0, seed=None,
                 **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        who = f"ConvLSTM{rank}D"
        self.rank, self.filters = rank, filters
        self.kernel_size = spread(kernel_size, rank, "kernel_size", who)
        self.strides = spread(strides, rank, "strides", who)
        self.padding = check_padding(padding, False, who)
        self.data_format = standardize_data_format(data_format)
        self.dilation_rate = spread(dilation_rate, rank, "dilation_rate", who)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{who} has either strides or a dilation above 1; got strides={self.strides} and "
                f"dilation_rate={self.dilation_rate}."
            )
        filters = positive_integer(filters, "filters", who)
        self.unit_forget_bias = unit_forget_bias
        self._set_up(locals())
        self.state_size = [filters, filters]
        self.output_size = filters

    def build(self, input_shape):
        channels = input_shape[-1 if self.data_format == "channels_last" else 1]
        if channels is None:
            raise ValueError(
                f"The channels of a ConvLSTM{self.rank}D's input must be known; the shape is {input_shape}."
            )
        self.input_spec = InputSpec(ndim=self.rank + 2)
        width = 4 * self.filters
        self._build_weights((*self.kernel_size, channels, width), (*self.kernel_size, self.filters, width))

    def _first_bias(self):
        return ForgetBias(self.bias_initializer, self.filters) if self.unit_forget_bias else self.bias_initializer

    def input_conv(self, x):
        """What the input adds to the four gates; (any number, channels and space) as first axis."""
        z = ops.conv(x, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate)
        if self.bias is None:
            return z
        shape = (1, -1, *(1,) * self.rank) if self.data_format == "channels_first" else (1, *(1,) * self.rank, -1)
        return z + ops.reshape(self.bias, shape)

    def step(self, z, h, c):
        """The next states from the input's part of the gates and the last states."""
        z = z + ops.conv(h, self.recurrent_kernel, 1, "same", self.data_format)
        i, f, g, o = ops.split(z, 4, axis=1 if self.data_format == "channels_first" else -1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        return gate(o) * self.activation(c), c

    def call(self, inputs, states, training=False):
        x, h = self._drop(inputs, states[0], training)
        h, c = self.step(self.input_conv(x), h, states[1])
        return h, [h, c]


@of_cell(
    "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "activation",
    "recurrent_activation", "use_bias", "kernel_initializer", "recurrent_initializer", "bias_initializer",
    "unit_forget_bias", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "kernel_constraint",
    "recurrent_constraint", "bias_constraint", "dropout", "recurrent_dropout", "seed",
)  # fmt: skip
class ConvLSTM(RNN):
    """Base of the ConvLSTM layers of each rank. The input's convolution is made for all time steps at once."""

    _config_skip = (Layer._config_skip - {"activity_regularizer"}) | {"cell"}

    def _state_shape(self, shape) -> tuple:
        """The shape of the states, from that of the input (batch, time, ...)."""
        cell, first = self.cell, self.cell.data_format == "channels_first"
        spatial = shape[3:] if first else shape[2:-1]
        dilated = [(k - 1) * d + 1 for k, d in zip(cell.kernel_size, cell.dilation_rate)]
        if cell.padding == "same":
            sizes = [None if n is None else -(-n // s) for n, s in zip(spatial, cell.strides)]
        else:
            sizes = [None if n is None else (n - k) // s + 1 for n, k, s in zip(spatial, dilated, cell.strides)]
        return (shape[0], cell.filters, *sizes) if first else (shape[0], *sizes, cell.filters)

    def _make_states(self, shape) -> None:
        self._shape_of_states = self._state_shape(shape)
        if None in self._shape_of_states[1:]:
            raise ValueError(
                f"Layer {self.name!r} is stateful and must know all sizes but the time's; its input has the shape "
                f"{tuple(shape)}."
            )
        super()._make_states(shape)

    def get_initial_state(self, batch_size) -> list:
        shape = (batch_size, *self._shape_of_states[1:])
        return [ops.zeros(shape, dtype=self.cell.compute_dtype) for _ in range(2)]

    def call(self, sequences, initial_state=None, mask=None, training=False):
        self._shape_of_states = self._state_shape(ops.shape(sequences))
        return super().call(sequences, initial_state, mask, training)

    def inner_loop(self, sequences, initial_state, mask, training=False):
        cell, b = self.cell, backend.current()
        if training and cell.dropout > 0:
            sequences = sequences * ops.expand_dims(cell.get_dropout_mask(sequences[:, 0]), 1)
        h_mask = cell.get_recurrent_dropout_mask(initial_state[0]) if training and cell.recurrent_dropout > 0 else None

        def step(states, z):
            h, c = states
            h, c = cell.step(z, h if h_mask is None else h * h_mask, c)
            return h, [h, c]

        batch, time = ops.shape(sequences)[:2]
        steps_first = ops.transpose(sequences, (1, 0, *range(2, len(sequences.shape))))
        z = cell.input_conv(ops.reshape(steps_first, (-1, *ops.shape(sequences)[2:])))
        z = ops.reshape(z, (time, batch, *ops.shape(z)[1:]))
        outputs, last, states = _nn_rnn.steps(
            step, z, initial_state, initial_state[0], mask, b.shape(sequences)[1], self.go_backwards,
            self.return_sequences, self.zero_output_for_mask, self.unroll,
        )  # fmt: skip
        return last, outputs, states


def _of_rank(rank: int, space: str):
    """ConvLSTM over `rank` spatial axes: the class, with Keras's signature."""

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1,
                 activation="tanh", recurrent_activation="sigmoid", use_bias=True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", unit_forget_bias=True,
                 kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout=0.0,
                 recurrent_dropout=0.0, seed=None, return_sequences=False, return_state=False, go_backwards=False,
                 stateful=False, **kwargs):  # fmt: skip
        given = {**locals(), "rank": rank}
        ConvLSTM.__init__(self, make_cell(ConvLSTMCell, given), **arguments(given, RNN))
        self.input_spec = InputSpec(ndim=rank + 3)

    name = f"ConvLSTM{rank}D"
    return type(name, (ConvLSTM,), {"__init__": __init__, "__doc__": _doc(rank, space), "__module__": __name__})


def _doc(rank: int, space: str) -> str:
    many = "" if rank == 1 else f" or {rank}"
    sizes = ", ".join(("rows", "columns", "depth")[:rank])
    return f"""An LSTM over sequences of {space}, whose matrix products are convolutions.

    The formulas are those of `LSTMCell`, with `conv(x, kernel)` and `conv(h, recurrent_kernel)` for the products; the
    second convolution keeps the size of the state.

    Args:
        filters: integer above 0: channels of the states and of the output.
        kernel_size: integer{many}: cells that both kernels cover.
        strides: integer{many}: cells from one window of the input to the next; 1 by default.
        padding: of the input's convolution: "valid" (none, the default) or "same" (zeros around).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        dilation_rate: integer{many}: cells of the input between those of the kernel; 1 by default.
        activation: the function for what is written and read, or its name; "tanh" by default.
        recurrent_activation: the gates' function, or its name; "sigmoid" by default.
        use_bias: whether biases are added; True by default.
        kernel_initializer, recurrent_initializer, bias_initializer: first values: "glorot_uniform", "orthogonal", "zeros".
        unit_forget_bias: whether the forget gate's bias starts at 1; True by default.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights; None.
        activity_regularizer: penalty of the output; None.
        kernel_constraint, recurrent_constraint, bias_constraint: projections applied after each update; None.
        dropout: number from 0 to 1: the part of the inputs to drop in training; 0.0 by default.
        recurrent_dropout: likewise of the state; 0.0 by default.
        seed: integer for the dropout; None for a draw from the global seed.
        return_sequences: whether to give the outputs of all steps rather than the last; False by default.
        return_state: whether to give the last states, h and c, too; False by default.
        go_backwards: whether to run from the last step to the first; False by default.
        stateful: whether a batch starts with the last states of the batch before; False by default.

    Called with sequences and perhaps `initial_state` (`[h, c]`), `mask` (boolean `(batch, time)`) and `training`.

    Input shape:
        `(batch, time, {sizes}, channels)`, or channels on axis 2 with "channels_first"; float.
    Output shape:
        `(batch, new {sizes}, filters)`, or with a time axis behind the batch's with `return_sequences`.

    Raises:
        ValueError: if a size is no positive integer, strides and dilation are both above 1, or the number of
            channels is unknown.

    Source: Shi et al. (2015), "Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting".

    >>> from kerata import layers, ops
    >>> x = ops.ones((2, 5, {", ".join(["4"] * rank)}, 1))
    >>> layers.ConvLSTM{rank}D(3, 2, padding="same")(x).shape  # (2, {", ".join(["4"] * rank)}, 3)
    """


ConvLSTM1D = _of_rank(1, "series or rows")
ConvLSTM2D = _of_rank(2, "images")
ConvLSTM3D = _of_rank(3, "volumes")
