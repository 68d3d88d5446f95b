"""JAX's default device as `KERATA_DEVICE` wants it."""

from __future__ import annotations

import jax

from kerata.backend import devices


def use(kind: str, number: int | None) -> None:
    """Arrays go to that device from now on."""
    try:
        found = jax.devices(kind)
    except RuntimeError:
        found = []
    if len(found) <= (number or 0):
        raise devices.missing(kind, number, jax.devices())
    jax.config.update("jax_default_device", found[number or 0])
