"""RNN: the layer that runs a cell over time."""

from __future__ import annotations

from kerata import backend, ops
from kerata.core import tree
from kerata.core.claims import claim_steps
from kerata.core.variable import Variable
from kerata.layers.call_plan import static_shape
from kerata.layers.layer import Layer
from kerata.layers.rnn.cell import as_cell, call_cell, initial_state, output_size
from kerata.layers.rnn.dropout_rnn_cell import DropoutRNNCell
from kerata.layers.rnn.stacked_rnn_cells import StackedRNNCells
from kerata.ops import _nn_rnn


def of_cell(*names: str):
    """A class decorator: properties that read these attributes of `self.cell`."""

    def decorate(cls):
        for name in names:
            setattr(cls, name, property(lambda self, name=name: getattr(self.cell, name)))
        return cls

    return decorate


class RNN(Layer):
    """Runs a cell over the time steps of sequences.

    Args:
        cell: a cell, or a list of cells to stack: a layer, or any object, with `call(inputs, states)`, which
            gives `(output, new_states)`, and `state_size`, an integer or a list with one for each state;
            perhaps also with `output_size` and `get_initial_state(batch_size)`.
        return_sequences: whether to give the outputs of all steps rather than the last; False by default.
        return_state: whether to give the last states too; False by default.
        go_backwards: whether to run from the last step to the first, with outputs in that order; False by
            default.
        stateful: whether a batch starts with the last states of the batch before, sample by sample; False by
            default.
        unroll: whether to write the steps out instead of looping: quicker for few steps, slower to compile;
            False by default.
        zero_output_for_mask: whether masked steps give 0, rather than the output before, with
            `return_sequences`; False by default.

    Called with sequences and perhaps `initial_state` (a list of tensors), `mask` (boolean `(batch, time)`;
    the states stand still where it is False) and `training`. A stateful layer must know the batch size;
    `reset_state()` sets its states to zero.

    Input shape:
        `(batch, time, ...)`, float.
    Output shape:
        The cell's output for the last step, or with `return_sequences` for all, `(batch, time, ...)`; with
        `return_state` a tuple of that and each state.

    Raises:
        ValueError: if `cell` has no `call` or `state_size`, if `initial_state` does not fit, or if the layer
            is stateful and does not know the batch size.

    >>> from kerata import layers, ops
    >>> cells = [layers.LSTMCell(8), layers.LSTMCell(4)]
    >>> layers.RNN(cells, return_sequences=True)(ops.ones((2, 5, 3))).shape  # (2, 5, 4)
    """

    _untracked = frozenset(("states",))

    def __init__(self, cell, return_sequences=False, return_state=False, go_backwards=False, stateful=False,
                 unroll=False, zero_output_for_mask=False, **kwargs):  # fmt: skip
        cell = StackedRNNCells(cell) if isinstance(cell, list | tuple) else as_cell(cell)
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll = go_backwards, stateful, unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.states = None

    # -- states -----------------------------------------------------------------------------------------------
    @property
    def state_size(self):
        return self.cell.state_size

    def get_initial_state(self, batch_size) -> list:
        """The states before the first step.

        Args:
            batch_size: number of sequences, an integer or scalar tensor.

        Returns:
            A list of tensors of shape (batch_size, size of the state).
        """
        states = initial_state(self.cell, batch_size)
        return list(states) if isinstance(states, list | tuple) else [states]

    def build(self, sequences_shape, initial_state_shape=None):
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful and self.states is None:
            self._make_states(sequences_shape)

    def _make_states(self, shape) -> None:
        if shape[0] is None:
            raise ValueError(
                f"Layer {self.name!r} is stateful and must know the batch size; its input has the shape {tuple(shape)}. "
                f"Give it: `Input(batch_shape=(32, {shape[1]}, ...))` or `batch_size=32`."
            )

        def make(x):
            return Variable(x, trainable=False, dtype=self.variable_dtype, name="rnn_state")

        # Trained and compiled like other variables, but neither among the weights nor in files.
        self.states = tree.map_structure(make, self.get_initial_state(shape[0]))

    def _state_variables(self) -> list:
        return tree.flatten(self.states) if self.states is not None else []

    def _collect(self, with_state, seen, out) -> None:
        known = id(self) in seen
        super()._collect(with_state, seen, out)
        if with_state and not known:
            out.extend(v for v in self._state_variables() if id(v) not in seen)
            seen.update(map(id, self._state_variables()))

    def _moved(self) -> None:
        for v in self._state_variables():
            v.to_backend(self._backend)

    def reset_state(self) -> None:
        """Set the states of a stateful layer to zero."""
        for v in self._state_variables():
            v.assign(self._backend.convert(v.numpy() * 0))

    reset_states = reset_state

    # -- computing --------------------------------------------------------------------------------------------
    def compute_mask(self, _, mask):
        """The mask of the outputs: the input's, if all time steps are given."""
        mask = tree.flatten(mask)[0] if self.return_sequences else None
        return [mask, *(None for _ in tree.flatten(self.state_size))] if self.return_state else mask

    def call(self, sequences, initial_state=None, mask=None, training=False):
        states = self._start(sequences, initial_state)
        if isinstance(mask, list | tuple):
            mask = tree.flatten(mask)[0]
        if mask is not None:
            mask = self._mask_of_steps(mask, sequences)
        if training:
            _draw_masks(self.cell, sequences[:, 0], states)
        try:
            last, outputs, states = self.inner_loop(sequences, states, mask, training)
        finally:
            _forget_masks(self.cell)
        if self.stateful:
            for v, x in zip(self._state_variables(), tree.flatten(states)):
                v.assign(ops.cast(x, v.dtype))
        output = ops.cast(outputs if self.return_sequences else last, self.compute_dtype)
        if not self.return_state:
            return output
        return (output, *tree.map_structure(lambda x: ops.cast(x, self.compute_dtype), states))

    def _mask_of_steps(self, mask, sequences):
        """The mask as (batch, time); Keras also takes axes of size 1 behind them."""
        shape, wanted = static_shape(mask), static_shape(sequences)[:2]
        if not _alike(shape[:2], wanted) or any(n != 1 for n in shape[2:]):
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}): the mask has the shape {shape}; wanted is (batch, time), here "
                f"{wanted}: one boolean for each step of the sequences."
            )
        return ops.squeeze(mask, tuple(range(2, len(shape)))) if len(shape) > 2 else mask

    def _start(self, sequences, given) -> list:
        if given is None and self.stateful:
            # A copy: the states are overwritten below, before the gradients that need these values are computed.
            given = tree.map_structure(lambda v: ops.copy(v.value), self.states)
        elif given is None:
            given = self.get_initial_state(ops.shape(sequences)[0])
        given = list(given) if isinstance(given, list | tuple) else [given]
        wanted = tree.flatten(self.state_size)
        found = tree.flatten(given)
        if len(found) != len(wanted):
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) has {len(wanted)} state(s) of size {self.state_size}; "
                f"`initial_state` was given {len(found)}, of shapes {[tuple(x.shape) for x in found]}."
            )
        self._check_states(sequences, found, wanted)
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return tree.map_structure(lambda x: ops.cast(x, dtype), given)

    def _check_states(self, sequences, found, sizes) -> None:
        """ValueError for states of a shape that the cell does not have."""
        whole = static_shape(sequences)
        batch, shapes = whole[0], [static_shape(x) for x in found]
        if all(isinstance(n, int) and _alike(shape, (batch, n)) for shape, n in zip(shapes, sizes)):
            return
        wanted = tree.flatten(self.get_initial_state(ops.shape(sequences)[0]))
        for i, (have, first) in enumerate(zip(shapes, wanted)):
            shape = (batch, *static_shape(first)[1:])
            if not _alike(have, shape):
                raise ValueError(
                    f"Layer {self.name!r} ({type(self).__name__}): state {i} of `initial_state` has the shape {have}; wanted "
                    f"is {shape}, one entry for each sample of the input, which has the shape {whole}."
                )

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """Run the cell over time.

        Args:
            sequences: tensor of shape (batch, time, ...).
            initial_state: states before the first step, nested as the cell's `state_size`.
            mask: booleans of shape (batch, time), or None.
            training: whether it is training; False by default.

        Returns:
            `(last_output, outputs, states)`.
        """
        b = backend.current()
        claim_steps(b.shape(sequences)[1], f"layer {self.name!r}")

        def step(states, x):
            return call_cell(self.cell, x, states, training)

        outputs, last, states = _nn_rnn.steps(
            step, _time_first(sequences), initial_state, self._output_before(initial_state), mask,
            b.shape(sequences)[1], self.go_backwards, self.return_sequences, self.zero_output_for_mask, self.unroll,
        )  # fmt: skip
        return last, outputs, states

    def _output_before(self, states):
        """What the output of a masked step is before any other: the output's own state, or zeros."""
        state = tree.flatten(states[-1] if isinstance(self.cell, StackedRNNCells) else states)[0]
        size = output_size(self.cell)
        size = tuple(size) if isinstance(size, list | tuple) else (size,)
        if tuple(state.shape[1:]) == size or not all(isinstance(n, int) for n in size):
            return state
        return ops.zeros((ops.shape(state)[0], *size), dtype=self.compute_dtype)


def _alike(have: tuple, wanted: tuple) -> bool:
    return len(have) == len(wanted) and all(h is None or w is None or h == w for h, w in zip(have, wanted))


def _time_first(x):
    return ops.transpose(x, (1, 0, *range(2, len(x.shape))))


def _draw_masks(cell, x, states) -> None:
    """Draw the dropout masks of a cell (or a stack) before the loop, so that all steps share them."""
    if isinstance(cell, StackedRNNCells):
        for inner, inner_states in zip(cell.cells, states):
            _draw_masks(inner, x, inner_states)
            size = output_size(inner)
            x = ops.zeros((ops.shape(x)[0], *(size if isinstance(size, list | tuple) else (size,))), dtype=x.dtype)
    elif isinstance(cell, DropoutRNNCell):
        cell.get_dropout_mask(x)
        cell.get_recurrent_dropout_mask(tree.flatten(states)[0])


def _forget_masks(cell) -> None:
    for inner in cell.cells if isinstance(cell, StackedRNNCells) else [cell]:
        if isinstance(inner, DropoutRNNCell):
            inner.reset_dropout_mask()
            inner.reset_recurrent_dropout_mask()
