"""Arrays over several devices: layouts as JAX's shardings. XLA divides the computations by them."""

from __future__ import annotations

import jax
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from kerata.core import placement, tree


def mesh(device_mesh) -> Mesh:
    """JAX's mesh of a DeviceMesh."""
    by_name = {f"{d.platform}:{d.id}": d for d in jax.devices()}
    wanted = device_mesh.devices.ravel().tolist()
    lacking = [n for n in wanted if n not in by_name]
    if lacking:
        raise ValueError(f"There are no devices {lacking}. There are: {', '.join(by_name)}.")
    devices = np.array([by_name[n] for n in wanted]).reshape(device_mesh.shape)
    return Mesh(devices, device_mesh.axis_names)


def sharding(layout) -> NamedSharding:
    """JAX's sharding of a TensorLayout; a sharding is given back."""
    if isinstance(layout, jax.sharding.Sharding):
        return layout
    return NamedSharding(layout.device_mesh.backend_mesh, PartitionSpec(*layout.axes))


def place(value, layout):
    """`value` where the layout puts it."""
    if isinstance(value, jax.core.Tracer):
        return lax.with_sharding_constraint(value, sharding(layout))
    with jax.ensure_compile_time_eval():
        return jax.device_put(value, sharding(layout))


def stays(variable, value):
    """A variable's next value, in a program: it lies where the last one did."""
    return value if variable._layout is None else lax.with_sharding_constraint(value, sharding(variable._layout))


def over_processes() -> bool:
    """Whether the distribution in force is one over several processes."""
    return placement.current is not None and jax.process_count() > 1


def spread(batch):
    """A batch in a program, divided over the devices as the distribution in force says."""
    if placement.current is None:
        return batch
    return tree.map_structure(_spread, batch, none_is_leaf=False)


def _spread(x):
    layout = placement.current.get_data_layout(x.shape)
    parts = layout.device_mesh.size_of(layout.axes[0]) if x.ndim else 1
    if parts == 1 or x.shape[0] % parts:  # a last, smaller batch is computed everywhere
        return x
    return lax.with_sharding_constraint(x, sharding(layout))
