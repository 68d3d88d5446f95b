"""Connectionist temporal classification (Graves et al. 2006): the loss, and decoding."""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.ops._nn_losses import encode
from kerata.ops._op import convert, floating, op

_NEVER = -1e30  # the logarithm of a probability of 0, finite so that gradients stay finite


def _integers(x):
    x = convert(x)
    return x if backend.current().dtype(x) in dtypes.SIGNED else convert(x, "int32")


@op
def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """`-log P(target)` in connectionist temporal classification: over all ways to spell the labels in the steps.

    Args:
        target: integer labels (batch, labels), without blanks.
        output: logits (batch, steps, classes), the blank being one of the classes.
        target_length: how many labels of each row count, (batch,).
        output_length: how many steps of each row count, (batch,).
        mask_index: the class of the blank.

    Returns:
        Float tensor (batch,).

    Raises:
        ValueError: if an argument has another number of axes.

    Source: https://www.cs.toronto.edu/~graves/icml_2006.pdf (Graves et al., 2006)

    >>> kerata.ops.ctc_loss([[1]], [[[0.0, 0.0], [0.0, 0.0]]], [1], [2])  # [0.287682]
    """
    output, _ = floating(output)
    target, target_length, output_length = map(_integers, (target, target_length, output_length))
    for name, x, rank in (("target", target, 2), ("output", output, 3), ("target_length", target_length, 1)):
        if len(x.shape) != rank:
            raise ValueError(f"ctc_loss(): `{name}` must have {rank} axes; its shape is {tuple(x.shape)}.")
    b = backend.current()
    if hasattr(b, "ctc_loss"):
        out = b.ctc_loss(target, output, target_length, output_length, mask_index)
        if out is not NotImplemented:
            return out
    return _ctc_forward(b, target, b.log_softmax(output, -1), target_length, output_length, mask_index)


def _ctc_forward(b, target, log_p, target_length, output_length, blank):
    """The forward recursion over the labels with blanks between them: positions 0 ... 2 * labels."""
    xp, dtype = b.xp, b.dtype(log_p)
    batch, labels = b.shape(target)
    steps, classes = b.shape(log_p)[1], log_p.shape[-1]
    blanks = xp.full_like(target, blank)
    spelt = xp.reshape(xp.stack([blanks, target], axis=2), (batch, 2 * labels))
    spelt = xp.concat([spelt, blanks[:, :1] if labels else blanks], axis=1)
    # (batch, steps, positions): the log probability of each position's symbol at each step
    symbols = xp.matmul(log_p, xp.permute_dims(encode(spelt, classes, -1, dtype), (0, 2, 1)))
    # A label may follow the label before it without a blank if the two differ.
    differs = xp.logical_and(spelt[:, 2:] != spelt[:, :-2], spelt[:, 2:] != blank)
    two_on = xp.concat([xp.zeros_like(spelt[:, :2], dtype="bool"), differs], axis=1)
    first = xp.arange(2 * labels + 1, dtype="int32") < 2
    never = xp.full_like(symbols[:, 0], _NEVER)
    alpha = xp.where(first, symbols[:, 0], never)

    def step(alpha, inputs):
        symbol, t = inputs
        one = xp.concat([never[:, :1], alpha[:, :-1]], axis=1)
        two = xp.where(two_on, xp.concat([never[:, :2], alpha[:, :-2]], axis=1), never)
        new = xp.maximum(xp.logaddexp(xp.logaddexp(alpha, one), two) + symbol, _NEVER)
        return xp.where(xp.expand_dims(t < output_length, 1), new, alpha), None

    times = xp.arange(1, steps, dtype=b.dtype(output_length))
    rows = xp.permute_dims(symbols[:, 1:], (1, 0, 2))
    alpha, _ = b.scan(step, alpha, (rows, times), steps - 1)
    last = xp.expand_dims(2 * target_length, 1)
    ends = xp.concat([last, xp.maximum(last - 1, 0)], axis=1)
    ends = xp.take_along_axis(alpha, ends, axis=1)
    both = xp.logaddexp(ends[:, 0], ends[:, 1])
    return -xp.where(target_length > 0, both, ends[:, 0])


@op
def ctc_decode(
    inputs,
    sequence_lengths,
    strategy="greedy",
    beam_width=100,
    top_paths=1,
    merge_repeated=True,
    mask_index=0,
):
    """The labels that logits of connectionist temporal classification most likely spell.

    Args:
        inputs: logits (batch, steps, classes), the blank being one of the classes.
        sequence_lengths: how many steps of each row count, (batch,).
        strategy: "greedy" takes the best class of each step; "beam_search" adds up the ways to spell each prefix.
        beam_width: how many prefixes the beam search keeps.
        top_paths: how many results the beam search gives.
        merge_repeated: whether equal neighbours with no blank between them are one label; for "greedy" alone, the beam
            search always takes them for one.
        mask_index: the class of the blank; a negative one counts from the end, None is the last.

    Returns:
        `(labels, scores)`: int32 (paths, batch, steps), filled up with -1; and floats (batch, paths): log
        probabilities from the beam search, minus the sum of the best logits from "greedy".

    Raises:
        ValueError: for another strategy, or a blank that is no class.

    Source: https://www.cs.toronto.edu/~graves/icml_2006.pdf (Graves et al., 2006)

    >>> logits = np.array([[[0.0, 5.0, 0.0], [0.0, 5.0, 0.0], [5.0, 0.0, 0.0], [0.0, 0.0, 5.0]]], "float32")
    >>> labels, scores = kerata.ops.ctc_decode(logits, [4])
    >>> labels  # [[[1, 2, -1, -1]]]
    """
    inputs, _ = floating(inputs)
    lengths = convert(sequence_lengths, "int32")
    blank = _blank(inputs.shape[-1], mask_index)
    if strategy == "greedy":
        return _greedy(inputs, lengths, merge_repeated, blank)
    if strategy != "beam_search":
        raise ValueError(f"ctc_decode(): `strategy` must be 'greedy' or 'beam_search'; it is {strategy!r}.")
    from kerata.ops._nn_beam import beam_search

    return beam_search(inputs, lengths, beam_width, top_paths, blank)


def _blank(classes: int, index: int | None) -> int:
    if index is None:
        return classes - 1
    if not -classes <= index < classes:
        raise ValueError(f"ctc_decode(): `mask_index` is one of the {classes} classes of `inputs`; got {index}.")
    return index % classes


def _greedy(inputs, lengths, merge_repeated, blank):
    b = backend.current()
    xp = b.xp
    steps = b.shape(inputs)[1]
    best = b.cast(xp.argmax(inputs, axis=-1), "int32")
    inside = xp.expand_dims(xp.arange(steps, dtype="int32"), 0) < xp.expand_dims(lengths, 1)
    top = xp.max(inputs, axis=-1)
    scores = -xp.sum(xp.where(inside, top, xp.zeros_like(top)), axis=1, keepdims=True)
    keep = xp.logical_and(inside, best != blank)
    if merge_repeated:
        changed = best[:, 1:] != best[:, :-1]
        keep = xp.logical_and(keep, xp.concat([xp.ones_like(best[:, :1], dtype="bool"), changed], axis=1))
    # A stable sort by "dropped" moves what is kept to the front in its order.
    order = xp.argsort(b.cast(xp.logical_not(keep), "int32") * steps + xp.arange(steps, dtype="int32"), axis=1)
    out = xp.where(keep, best, xp.full_like(best, -1))
    return xp.expand_dims(xp.take_along_axis(out, b.cast(order, "int32"), axis=1), 0), scores
