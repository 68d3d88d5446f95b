"""Several processes as one."""

from __future__ import annotations

import jax
import numpy as np

from kerata.backend.jax.arrays import to_numpy
from kerata.backend.jax.placement import sharding
from kerata.core import placement, tree


def join(address: str | None, count: int | None, number: int | None) -> None:
    """Connect to the first process, at `address`; what is None, JAX finds out on clusters that it knows."""
    jax.distributed.initialize(coordinator_address=address, num_processes=count, process_id=number)


def count() -> int:
    return jax.process_count()


def index() -> int:
    return jax.process_index()


class OfProcesses:
    """A compiled step under a distribution: every process gives its part of the batch, and gets its part of the results."""

    def __init__(self, program):
        self.program = program

    assigns = property(lambda self: self.program.assigns)

    def __call__(self, batch):
        return tree.map_structure(_own, self.program(tree.map_structure(_whole, batch, none_is_leaf=False)), none_is_leaf=False)


def _whole(part):
    """The array of all processes of which this one has `part`."""
    layout = placement.current.get_data_layout(part.shape)
    here = len(layout.device_mesh.backend_mesh.local_devices)
    if part.ndim and len(part) % min(here, layout.device_mesh.size_of(layout.axes[0])):
        raise ValueError(
            f"A process has {here} of the devices and a batch of {len(part)}, which is not divisible among them. Choose a "
            "batch size that is, and leave out what does not fill the last batch."
        )
    return jax.make_array_from_process_local_data(sharding(layout), np.asarray(part))


def _own(value):
    """The rows of a result that lie in this process; all of what every process has."""
    if not isinstance(value, jax.Array) or value.is_fully_addressable or value.is_fully_replicated:
        return value
    parts = {shard.index[0].start or 0: shard for shard in value.addressable_shards}
    if any(shard.data.shape[1:] != value.shape[1:] for shard in parts.values()):  # the columns lie in several places as well
        whole = to_numpy(value)
        return np.concatenate([whole[parts[start].index[0]] for start in sorted(parts)])
    return np.concatenate([np.asarray(parts[start].data) for start in sorted(parts)])
