"""Several processes as one."""

from __future__ import annotations

import jax


def join(address: str | None, count: int | None, number: int | None) -> None:
    """Connect to the first process, at `address`; what is None, JAX finds out on clusters that it knows."""
    jax.distributed.initialize(coordinator_address=address, num_processes=count, process_id=number)


def count() -> int:
    return jax.process_count()


def index() -> int:
    return jax.process_index()
