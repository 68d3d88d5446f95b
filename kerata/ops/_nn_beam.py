"""Prefix beam search for connectionist temporal classification, on arrays of fixed size: it compiles everywhere."""

from __future__ import annotations

from kerata import backend

_NEVER = -1e30


def beam_search(logits, lengths, width: int, top: int, blank: int):
    """The `top` likeliest label sequences: labels (top, batch, steps), filled up with -1, and scores (batch, top).

    A beam keeps, for each of `width` prefixes, the log probabilities of the paths that end in a blank and of those
    that do not.
    """
    b = backend.current()
    xp = b.xp
    if top > width:
        raise ValueError(f"ctc_decode(): `top_paths` ({top}) cannot exceed `beam_width` ({width}).")
    batch, steps, _ = b.shape(logits)
    log_p = b.log_softmax(logits, -1)
    state = _start(xp, batch, steps, width, b.dtype(log_p))

    def step(state, inputs):
        p, t = inputs
        new = _advance(b, state, p, width, blank)
        running = xp.reshape(t < lengths, (-1, 1))
        out = [xp.where(running[..., None] if len(n.shape) == 3 else running, n, s) for n, s in zip(new, state)]
        return out, None

    rows = xp.permute_dims(log_p, (1, 0, 2))
    (prefixes, _, ended, open_), _ = b.scan(step, state, (rows, xp.arange(steps, dtype="int32")), steps)
    scores, order = xp.top_k(xp.logaddexp(ended, open_), top)
    best = xp.take_along_axis(prefixes, b.cast(order, "int32")[..., None], axis=1)
    return xp.permute_dims(best, (1, 0, 2)), scores


def _start(xp, batch, steps, width, dtype):
    """The empty prefix, and `width` - 1 places that are free."""
    prefixes = xp.full((batch, width, steps), -1, dtype="int32")
    lengths = xp.zeros((batch, width), dtype="int32")
    never = xp.full((batch, width), _NEVER, dtype=dtype)
    ended = xp.concat([xp.zeros((batch, 1), dtype=dtype), never[:, 1:]], axis=1)
    return [prefixes, lengths, ended, never]


def _advance(b, state, p, width, blank):
    """One step with class log probabilities p (batch, classes)."""
    xp = b.xp
    prefixes, lengths, ended, open_ = state
    batch, classes = b.shape(p)
    steps = prefixes.shape[-1]
    total = xp.logaddexp(ended, open_)
    last_at = xp.maximum(lengths - 1, 0)[..., None]
    last = xp.where(lengths > 0, xp.take_along_axis(prefixes, last_at, axis=2)[..., 0], -1)  # (batch, beams)
    last_p = xp.take_along_axis(p, xp.maximum(last, 0), axis=1)
    # Staying: a blank, or the last label once more.
    stay_ended = total + p[:, blank : blank + 1]
    stay_open = xp.where(last >= 0, open_ + last_p, _NEVER)
    # Growing: the last label once more is another label only after a blank.
    same = last[..., None] == xp.arange(classes, dtype="int32")
    grown = xp.where(same, ended[..., None], total[..., None]) + p[:, None, :]
    is_blank = xp.arange(classes, dtype="int32") == blank
    grown = xp.where(is_blank, _NEVER, grown)
    stay_open, grown = _merge(b, prefixes, lengths, last, last_at, stay_open, grown, ended, open_)
    # The best of all that stay and all that grow.
    score = xp.concat([xp.logaddexp(stay_ended, stay_open), xp.reshape(grown, (batch, -1))], axis=1)
    _, chosen = xp.top_k(score, width)
    chosen = b.cast(chosen, "int32")
    stays = chosen < width
    extension = xp.maximum(chosen - width, 0)
    source = xp.where(stays, chosen, extension // classes)
    label = extension - (extension // classes) * classes
    picked = xp.take_along_axis(prefixes, source[..., None], axis=1)
    length = xp.take_along_axis(lengths, source, axis=1)
    here = xp.arange(steps, dtype="int32") == length[..., None]
    written = xp.logical_and(here, xp.logical_not(stays)[..., None])
    picked = xp.where(written, label[..., None], picked)
    length = xp.where(stays, length, length + 1)
    new_ended = xp.where(stays, xp.take_along_axis(stay_ended, source, axis=1), _NEVER)
    all_open = xp.concat([stay_open, xp.reshape(grown, (batch, -1))], axis=1)
    new_open = xp.take_along_axis(all_open, chosen, axis=1)
    return [picked, length, xp.maximum(new_ended, _NEVER), xp.maximum(new_open, _NEVER)]


def _merge(b, prefixes, lengths, last, last_at, stay_open, grown, ended, open_):
    """Where a prefix grows into one that is in the beam already, the paths are added up there."""
    xp = b.xp
    steps, classes = prefixes.shape[-1], grown.shape[-1]
    at_last = xp.arange(steps, dtype="int32") == last_at
    parents = xp.where(at_last, -1, prefixes)  # each prefix without its last label
    alike = xp.all(parents[:, :, None, :] == prefixes[:, None, :, :], axis=-1)  # (batch, child, parent)
    alive = xp.logaddexp(ended, open_) > _NEVER / 2
    alike = xp.logical_and(alike, (lengths > 0)[:, :, None])
    alike = xp.logical_and(alike, xp.logical_and(alive[:, :, None], alive[:, None, :]))
    # How likely each parent is to grow by the child's last label: (batch, child, parent)
    by_class = xp.permute_dims(grown, (0, 2, 1))
    index = xp.maximum(last, 0)[..., None]
    gain = xp.take_along_axis(by_class, xp.broadcast_to(index, alike.shape), axis=1)
    gain = xp.logsumexp(xp.where(alike, gain, _NEVER), axis=-1)
    is_last = last[:, :, None] == xp.arange(classes, dtype="int32")  # (batch, child, class)
    taken = xp.any(xp.logical_and(alike[..., None], is_last[:, :, None, :]), axis=1)  # (batch, parent, class)
    return xp.logaddexp(stay_open, gain), xp.where(taken, _NEVER, grown)
