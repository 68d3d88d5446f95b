"""What SimpleRNN, LSTM and GRU share, cells and layers."""

from __future__ import annotations

import inspect

from kerata import activations, ops
from kerata.core import dtypes
from kerata.core.configurable import arguments
from kerata.core.names import to_snake_case
from kerata.layers._errors import positive_integer
from kerata.layers._weights import add, store_options
from kerata.layers.input_spec import InputSpec
from kerata.layers.layer import Layer
from kerata.layers.rnn.dropout_rnn_cell import DropoutRNNCell
from kerata.layers.rnn.rnn import RNN, of_cell
from kerata.random.seed_generator import SeedGenerator

_WEIGHTS = (
    "units", "activation", "use_bias", "kernel_initializer", "recurrent_initializer", "bias_initializer",
    "kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "kernel_constraint", "recurrent_constraint",
    "bias_constraint", "dropout", "recurrent_dropout",
)  # fmt: skip


class GatedCell(DropoutRNNCell, Layer):
    """What the cells share: arguments, weights and states. `_gates` matrices stand side by side in each kernel."""

    _gates = 1
    _states = 1

    def _set_up(self, given: dict) -> None:
        """Store what every cell is given: the local variables of `__init__`."""
        units = given.get("units", given.get("filters"))
        self.units = positive_integer(units, "units" if "units" in given else "filters", type(self).__name__)
        self.use_bias = given["use_bias"]
        self.activation = activations.get(given["activation"])
        if "recurrent_activation" in given:
            self.recurrent_activation = activations.get(given["recurrent_activation"])
        store_options(self, given)
        self._set_up_dropout(given["dropout"], given["recurrent_dropout"], given["seed"])
        self.state_size = self.units if self._states == 1 else [self.units] * self._states
        self.output_size = self.units

    def _set_up_dropout(self, dropout, recurrent_dropout, seed) -> None:
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)

    def _bias_shape(self) -> tuple:
        return (self._gates * self.units,)

    def _first_bias(self):
        return self.bias_initializer

    def build(self, input_shape):
        width = self._gates * self.units
        self._build_weights((input_shape[-1], width), (self.units, width))

    def _build_weights(self, kernel: tuple, recurrent: tuple) -> None:
        """Make the weights, of these shapes."""
        self.kernel = add(self, "kernel", kernel)
        self.recurrent_kernel = add(self, "recurrent_kernel", recurrent, of="recurrent")
        self.bias = add(self, "bias", self._bias_shape(), self._first_bias()) if self.use_bias else None

    def get_initial_state(self, batch_size=None):
        """The states before the first step: zeros."""
        return [ops.zeros((batch_size, self.units), dtype=self.compute_dtype) for _ in range(self._states)]


def make_cell(cell_class: type, given: dict):
    """The cell of a layer, from the local variables of the layer's `__init__`."""
    kwargs = given["kwargs"]
    own = {k: given[k] for k in inspect.signature(cell_class).parameters if k in given and k != "kwargs"}
    shared = {"dtype": kwargs.get("dtype"), "trainable": kwargs.get("trainable", True)}
    return cell_class(**own, **shared, name=to_snake_case(cell_class.__name__))


@of_cell(*_WEIGHTS)
class GatedRNN(RNN):
    """Base: runs all time steps at once where the cell allows it."""

    # In Keras's files these layers have `activity_regularizer` always, and never `cell`.
    _config_skip = (Layer._config_skip - {"activity_regularizer"}) | {"cell", "use_cudnn"}
    _cell_class: type
    use_cudnn = "auto"

    def _set_up(self, given: dict) -> None:
        """What `__init__` does in all of them, from its local variables: make the cell, and the layer around it."""
        given["kwargs"].pop("implementation", None)  # of Keras 2
        cell = make_cell(self._cell_class, given)
        super().__init__(cell, **arguments(given, RNN))
        self.input_spec = InputSpec(ndim=3)

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not dtypes.is_float(ops.dtype(sequences)):  # integers: layers cast only floats by themselves
            sequences = ops.cast(sequences, self.compute_dtype)
        cell = self.cell
        fits = type(cell) is self._cell_class and not (training and cell.recurrent_dropout > 0)
        if not fits or self.use_cudnn is False:
            return super().inner_loop(sequences, initial_state, mask, training)
        if training and cell.dropout > 0:
            sequences = sequences * ops.expand_dims(cell.get_dropout_mask(sequences[:, 0]), 1)
        outputs, last, states = self._run(
            sequences, *initial_state, cell.kernel.value, cell.recurrent_kernel.value,
            None if cell.bias is None else cell.bias.value, activation=cell.activation, mask=mask,
            go_backwards=self.go_backwards, return_sequences=self.return_sequences,
            zero_output_for_mask=self.zero_output_for_mask, unroll=self.unroll,
        )  # fmt: skip
        return last, outputs, states

    def _run(self, *args, **kwargs):
        raise NotImplementedError
