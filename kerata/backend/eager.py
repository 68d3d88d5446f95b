"""Steps for backends that run eagerly: plain loops, with nothing read from the device in between."""

from __future__ import annotations

from kerata.core import tree


def eager_step(step, result, to_device):
    """A function of a batch on the host: one step, then its logs."""
    return lambda batch: result(step(to_device(batch)))


def eager_chunk(step, result, batch_size: int, ordered: bool, gather):
    """A function `(data, order, start, count) -> logs`: `count` steps, from batch `start`."""

    def run(data, order, start, count):
        leaves, structure = tree.flatten_with_structure(data)
        logs = None
        for i in range(start, start + count):
            where = slice(i * batch_size, (i + 1) * batch_size)
            if ordered:
                where = order[where]
                batch = [None if a is None else gather(a, where) for a in leaves]
            else:
                batch = [None if a is None else a[where] for a in leaves]
            logs = step(tree.unflatten(structure, batch))
        return result(logs)

    return run
