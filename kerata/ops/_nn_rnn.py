"""Whole recurrent layers: LSTM, GRU and the simple RNN over all time steps of a batch.

The backend's fused kernel serves where there is one for the configuration (`b.lstm`, `b.gru`; see
`kerata/backend/protocol_nn.py`). Else the input's matrix product is made once for all steps, and `b.scan` runs the rest.
"""

from __future__ import annotations

from collections.abc import Callable

from kerata import backend
from kerata.core import tree
from kerata.core.claims import claim_steps

# (batch, time, units) of all steps, (batch, units) of the last one, the final states
Result = tuple[object, object, list]
_WRITTEN_OUT = 16  # a step that is written out takes so many times as long to find shapes for


def _named(activation):
    """The name of one of our own activation functions; None for a user's, whatever it is called."""
    if isinstance(activation, str):
        return activation
    ours = getattr(activation, "__module__", "").startswith("kerata.")
    return activation.__name__ if ours and hasattr(activation, "__name__") else None


def _callable(activation) -> Callable:
    if callable(activation):
        return activation
    from kerata import activations

    return activations.get(activation)


def _fused(name: str, *args, activation, recurrent_activation, **kwargs):
    b = backend.current()
    if not hasattr(b, name):
        return NotImplemented
    claim_steps(b.shape(args[0])[1], name)
    names = {"activation": _named(activation), "recurrent_activation": _named(recurrent_activation)}
    return getattr(b, name)(*args, **names, **kwargs)


def lstm(
    x,
    h0,
    c0,
    kernel,
    recurrent_kernel,
    bias,
    *,
    activation="tanh",
    recurrent_activation="sigmoid",
    mask=None,
    go_backwards: bool = False,
    return_sequences: bool = True,
    zero_output_for_mask: bool = False,
    unroll: bool = False,
) -> Result:
    """An LSTM over x (batch, time, features): `(outputs, last_output, [h, c])`.

    kernel (features, 4 * units), recurrent_kernel (units, 4 * units) and bias (4 * units,) or None hold the gates
    input, forget, cell, output. `mask` (batch, time) is True for the steps that count: at the others states stand
    still and the output is the last one (or 0, with `zero_output_for_mask`). With `go_backwards` time runs from the
    end, and so do the outputs. Without `return_sequences` the first result may be None.
    """
    out = _fused(
        "lstm", x, h0, c0, kernel, recurrent_kernel, bias, activation=activation,
        recurrent_activation=recurrent_activation, mask=mask, go_backwards=go_backwards,
    )  # fmt: skip
    if out is not NotImplemented:
        return out
    xp = backend.current().xp
    act, gate = _callable(activation), _callable(recurrent_activation)

    def step(states, z):
        h, c = states
        i, f, g, o = xp.split(z + xp.matmul(h, recurrent_kernel), 4, -1)
        c = gate(f) * c + gate(i) * act(g)
        h = gate(o) * act(c)
        return h, [h, c]

    return _run(step, x, kernel, bias, [h0, c0], mask, go_backwards, return_sequences, zero_output_for_mask, unroll)


def gru(
    x,
    h0,
    kernel,
    recurrent_kernel,
    bias,
    *,
    activation="tanh",
    recurrent_activation="sigmoid",
    reset_after: bool = True,
    mask=None,
    go_backwards: bool = False,
    return_sequences: bool = True,
    zero_output_for_mask: bool = False,
    unroll: bool = False,
) -> Result:
    """A GRU over x: `(outputs, last_output, [h])`. See `lstm`.

    kernel (features, 3 * units) and recurrent_kernel (units, 3 * units) hold the gates update, reset, new. bias is
    None, or (2, 3 * units) with `reset_after` (input's and state's), else (3 * units,).
    """
    out = _fused(
        "gru", x, h0, kernel, recurrent_kernel, bias, activation=activation, reset_after=reset_after,
        recurrent_activation=recurrent_activation, mask=mask, go_backwards=go_backwards,
    )  # fmt: skip
    if out is not NotImplemented:
        return out
    xp = backend.current().xp
    act, gate = _callable(activation), _callable(recurrent_activation)
    units = recurrent_kernel.shape[0]
    input_bias, state_bias = (bias[0], bias[1]) if reset_after and bias is not None else (bias, None)

    def after(states, z):
        h = states[0]
        inner = xp.matmul(h, recurrent_kernel)
        inner = inner if state_bias is None else inner + state_bias
        (xz, xr, xh), (hz, hr, hh) = xp.split(z, 3, -1), xp.split(inner, 3, -1)
        update = gate(xz + hz)
        new = act(xh + gate(xr + hr) * hh)
        h = new + update * (h - new)
        return h, [h]

    def before(states, z):
        h = states[0]
        inner = xp.matmul(h, recurrent_kernel[:, : 2 * units])
        update = gate(z[:, :units] + inner[:, :units])
        reset = gate(z[:, units : 2 * units] + inner[:, units:])
        new = act(z[:, 2 * units :] + xp.matmul(reset * h, recurrent_kernel[:, 2 * units :]))
        h = new + update * (h - new)
        return h, [h]

    step = after if reset_after else before
    return _run(step, x, kernel, input_bias, [h0], mask, go_backwards, return_sequences, zero_output_for_mask, unroll)


def simple_rnn(
    x,
    h0,
    kernel,
    recurrent_kernel,
    bias,
    *,
    activation="tanh",
    mask=None,
    go_backwards: bool = False,
    return_sequences: bool = True,
    zero_output_for_mask: bool = False,
    unroll: bool = False,
) -> Result:
    """h = activation(x kernel + bias + h recurrent_kernel) over x: `(outputs, last_output, [h])`. See `lstm`."""
    xp, act = backend.current().xp, _callable(activation)

    def step(states, z):
        h = act(z + xp.matmul(states[0], recurrent_kernel))
        return h, [h]

    return _run(step, x, kernel, bias, [h0], mask, go_backwards, return_sequences, zero_output_for_mask, unroll)


def _run(step, x, kernel, bias, states, mask, go_backwards, return_sequences, zero_output_for_mask, unroll):
    b = backend.current()
    _claim(b.shape(x)[1], unroll)

    def product(x):
        z = b.xp.matmul(x, kernel)
        return z if bias is None else z + bias

    inputs = b.xp.permute_dims(x, (1, 0, 2))
    # JAX, an LSTM of 64 units and 100 steps on CPU: the loop reads fewer bytes when it multiplies narrow inputs itself
    # (12.2 ms instead of 14.9 with 1 feature, 15.3 of 19.1 with 32); with 128 features one product before it wins (21.2, 24.5).
    if b.functional and b.trains and kernel.shape[0] <= states[0].shape[-1]:
        each = lambda states, x: step(states, product(x))
    else:
        each, inputs = step, product(inputs)
    return steps(
        each, inputs, states, None, mask, b.shape(x)[1], go_backwards, return_sequences, zero_output_for_mask, unroll
    )


def _claim(length, unroll: bool) -> None:
    if isinstance(length, int):
        claim_steps(length * (_WRITTEN_OUT if unroll else 1), "a recurrent layer")


def steps(step, inputs, states, before, mask, length, go_backwards, return_sequences, zero_output_for_mask, unroll):
    """`step(states, input) -> (output, states)` over time: `(outputs, last_output, states)`. See `lstm`.

    Args:
        inputs: nested arrays (time, batch, ...).
        states: nested arrays (batch, ...).
        before: what stands for the output of masked steps before any other, an array like the output; None where the output is
            the first of `states`, whose last value then stands for it.
        mask: None, or (batch, time).
        length: how many time steps.
    """
    b = backend.current()
    _claim(length, unroll)
    xp = b.xp
    masks = None if mask is None else xp.permute_dims(b.convert(mask, "bool"), (1, 0))

    def body(carry, row):
        states, previous = carry
        x, mask = row
        out, new = step(states, x)
        if mask is not None:
            new = tree.map_structure(lambda n, s: xp.where(_like(xp, mask, n), n, s), new, states)
            if zeros:
                previous = xp.zeros_like(out)
            out = xp.where(_like(xp, mask, out), out, states[0] if previous is None else previous)
        return (new, out if keep else None), (out if return_sequences else None)

    zeros = return_sequences and zero_output_for_mask
    keep = before is not None and not zeros and (not return_sequences or mask is not None)
    unroll = length if unroll and isinstance(length, int) else 1
    carry = (states, before if keep else None)
    (states, last), outputs = b.scan(body, carry, (inputs, masks), length, go_backwards, unroll)
    if not return_sequences:
        return None, states[0] if before is None else last, states
    if go_backwards:  # `scan` puts what it gives at the place of what it took
        outputs = xp.flip(outputs, axis=0)
    return xp.permute_dims(outputs, (1, 0, *range(2, len(outputs.shape)))), outputs[-1], states


def _like(xp, mask, x):
    """A (batch,) mask with an axis of size 1 for each further axis of x."""
    return xp.reshape(mask, (-1, *(1,) * (len(x.shape) - 1)))
