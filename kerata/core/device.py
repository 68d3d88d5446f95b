"""`kerata.device`: where new tensors go."""

from __future__ import annotations

from kerata import backend


def device(device_name: str):
    """A context in which new tensors and variables are put on a device of the backend in force.

    Args:
        device_name: kind and number, "cpu:0" or "gpu:1" ("cuda:1" on PyTorch).

    Raises:
        ValueError: for what is no such name, or a device that is not there.

    >>> with kerata.device("cpu:0"):
    ...     x = kerata.ops.ones((2,))
    """
    if not isinstance(device_name, str):
        raise ValueError(f"device() wants a name such as 'cpu:0' or 'gpu:0'; got {device_name!r}.")
    return backend.current().device_scope(device_name.lower())
