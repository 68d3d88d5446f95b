"""Bidirectional: a recurrent layer run in both directions of time."""

from __future__ import annotations

from kerata import ops
from kerata.core import tree
from kerata.layers.layer import Layer
from kerata.layers.wrappers.wrapper import as_layer

_MERGES = ("sum", "mul", "concat", "ave", None)
_WANTED = ("go_backwards", "return_sequences", "return_state", "stateful")


class Bidirectional(Layer):
    """Runs a recurrent layer in both directions of time, and merges the two outputs.

    Args:
        layer: a layer such as LSTM, GRU or RNN, or one like these with `go_backwards`, `return_sequences`,
            `return_state`, `stateful` and a config; two copies of it are used.
        merge_mode: "concat" (the default), "sum", "mul" or "ave", or None for a tuple of both outputs.
        weights: list of first values of the weights, forward then backward; None for the initializers'.
        backward_layer: another layer for the backward direction, with `go_backwards=True`; None for a copy.

    Called as `layer` is; `initial_state` is the list of the forward states and then the backward ones.
    Outputs of all steps stand in the order of time for both directions.

    Input shape:
        `(batch, time, ...)`, float.
    Output shape:
        That of `layer`, with twice its last size for "concat"; with `return_state`
        `(output, *forward states, *backward states)`.

    Raises:
        ValueError: if `layer` is not recurrent, the two layers do not go together, `merge_mode` has another
            value, or `initial_state` has an odd number of states.

    Source: Schuster and Paliwal (1997), "Bidirectional Recurrent Neural Networks".

    >>> from kerata import layers, ops
    >>> layers.Bidirectional(layers.LSTM(4))(ops.ones((2, 5, 3))).shape  # (2, 8)
    """

    _config_skip = Layer._config_skip | {"weights"}

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        layer = _recurrent(layer)
        backward = None if backward_layer is None else _recurrent(backward_layer)
        if merge_mode not in _MERGES:
            raise ValueError(f"`merge_mode` of Bidirectional is one of {_MERGES}; got {merge_mode!r}.")
        super().__init__(**kwargs)
        self.merge_mode = merge_mode
        self.forward_layer = _copy(layer, "forward")
        self.backward_layer = backward if backward is not None else _copy(layer, "backward")
        self._check_pair()
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(one, "zero_output_for_mask"):  # else the last output would be repeated where time runs back
                one.zero_output_for_mask = layer.return_sequences
        self.return_sequences, self.return_state = layer.return_sequences, layer.return_state
        self.stateful = layer.stateful
        self.supports_masking = True
        self._first_weights = weights

    @property
    def layer(self):
        return self.forward_layer

    def _check_pair(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                "Bidirectional wants one layer that runs forwards and one that runs backwards; both have "
                f"go_backwards={forward.go_backwards}. Give `backward_layer` go_backwards=True."
            )
        for name in ("stateful", "return_sequences", "return_state"):
            one, other = getattr(forward, name), getattr(backward, name)
            if one != other:
                raise ValueError(
                    f"`layer` and `backward_layer` of Bidirectional must agree in `{name}`; they have {one} and {other}."
                )

    @property
    def states(self):
        """The states of a stateful layer: forward, then backward."""
        forward, backward = self.forward_layer.states, self.backward_layer.states
        return tuple(forward) + tuple(backward) if forward and backward else None

    def reset_state(self) -> None:
        """Set the states of a stateful layer to zero."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def build(self, sequences_shape, initial_state_shape=None):
        for one in (self.forward_layer, self.backward_layer):
            if not one.built:
                one.build(sequences_shape)
        if self._first_weights is not None:
            self.set_weights(self._first_weights)

    def call(self, sequences, initial_state=None, mask=None, training=None):
        forward, backward = {}, {}
        if initial_state is not None:
            if not isinstance(initial_state, list | tuple) or len(initial_state) % 2:
                raise ValueError(
                    f"Layer {self.name!r} (Bidirectional): `initial_state` is a list of the forward layer's states and then the "
                    f"backward layer's; got {_described(initial_state)}."
                )
            half = len(initial_state) // 2
            forward["initial_state"], backward["initial_state"] = initial_state[:half], initial_state[half:]
        y = self.forward_layer(sequences, mask=mask, training=training, **forward)
        y_back = self.backward_layer(sequences, mask=mask, training=training, **backward)
        states = ()
        if self.return_state:
            states = (*y[1:], *y_back[1:])
            y, y_back = y[0], y_back[0]
        if self.return_sequences:
            y_back = ops.flip(y_back, axis=1)
        merged = self._merge(ops.cast(y, self.compute_dtype), ops.cast(y_back, self.compute_dtype))
        if not self.return_state:
            return merged
        return (*merged, *states) if self.merge_mode is None else (merged, *states)

    def _merge(self, y, back):
        if self.merge_mode == "concat":
            return ops.concatenate([y, back], axis=-1)
        if self.merge_mode == "sum":
            return y + back
        if self.merge_mode == "ave":
            return (y + back) / 2
        return y * back if self.merge_mode == "mul" else (y, back)

    def compute_mask(self, _, mask):
        mask = tree.flatten(mask)[0] if self.return_sequences else None
        out = mask if self.merge_mode else (mask, mask)
        if not self.return_state:
            return out
        states = [None] * 2 * len(tree.flatten(self.forward_layer.state_size))
        return (*out, *states) if isinstance(out, tuple) else (out, *states)


def _recurrent(layer):
    layer = as_layer(layer, "Bidirectional")
    missing = [n for n in _WANTED if not hasattr(layer, n)]
    if missing:
        raise ValueError(
            f"Bidirectional goes around recurrent layers (LSTM, GRU, RNN, ...); {type(layer).__name__} has no "
            f"{', '.join(map(repr, missing))}."
        )
    return layer


def _copy(layer, direction: str):
    """A fresh layer like this one, for one direction."""
    config = layer.get_config()
    config["name"] = f"{direction}_{layer.name.removeprefix('forward_').removeprefix('backward_')}"
    if direction == "backward":
        config["go_backwards"] = not config["go_backwards"]
    return type(layer).from_config(config)


def _described(states) -> str:
    if not isinstance(states, list | tuple):
        return f"one of shape {tuple(states.shape)}"
    return f"{len(states)}, of shapes {[tuple(x.shape) for x in states]}"
