"""The devices that are here, and tensors on them."""

from __future__ import annotations

import os

from kerata import backend

_KINDS = ("cpu", "gpu", "tpu")


def list_devices(device_type: str | None = None) -> list[str]:
    """Names of the devices of the backend in force, such as "cpu:0" and "gpu:1".

    Args:
        device_type: "cpu", "gpu" or "tpu"; None, the default, for the accelerators that are there, else the CPUs.

    Returns:
        A list of strings.

    Raises:
        ValueError: for another kind.

    >>> kerata.distribution.list_devices("cpu")[0]
    'cpu:0'
    """
    if device_type is not None and str(device_type).lower() not in _KINDS:
        raise ValueError(f"`device_type` is one of {', '.join(_KINDS)}; got {device_type!r}.")
    found = [d.replace("cuda", "gpu") for d in backend.current().devices()]
    if device_type is None:
        return [d for d in found if not d.startswith("cpu")] or found
    return [d for d in found if d.startswith(device_type.lower())]


def get_device_count(device_type: str | None = None) -> int:
    """How many devices `list_devices(device_type)` lists.

    Args:
        device_type: "cpu", "gpu" or "tpu"; None, the default, for the accelerators that are there, else the CPUs.

    >>> kerata.distribution.get_device_count("cpu") >= 1
    True
    """
    return len(list_devices(device_type))


def initialize(job_addresses: str | None = None, num_processes: int | None = None, process_id: int | None = None) -> None:
    """Join several processes, on one host or many, into one training; each calls it before anything else.

    Args:
        job_addresses: "host:port" of each process, with commas between them, or of the first alone; by default what the
            variable KERAS_DISTRIBUTION_JOB_ADDRESSES of the environment holds.
        num_processes: integer, how many there are; by default KERAS_DISTRIBUTION_NUM_PROCESSES.
        process_id: integer from 0, the number of this one; by default KERAS_DISTRIBUTION_PROCESS_ID.

    Raises:
        NotImplementedError: on other backends than JAX.

    Example (not run):

        kerata.distribution.initialize("10.0.0.1:1234", num_processes=2, process_id=0)
        kerata.distribution.set_distribution(kerata.distribution.DataParallel())
    """
    need_jax("initialize()")
    from kerata.backend.jax import processes

    env = os.environ.get
    job_addresses = job_addresses or env("KERAS_DISTRIBUTION_JOB_ADDRESSES")
    num_processes = num_processes or _number(env("KERAS_DISTRIBUTION_NUM_PROCESSES"))
    process_id = process_id if process_id is not None else _number(env("KERAS_DISTRIBUTION_PROCESS_ID"))
    processes.join(job_addresses.partition(",")[0] if job_addresses else None, num_processes, process_id)


def _number(text: str | None) -> int | None:
    return None if text in (None, "") else int(text)


def distribute_tensor(tensor, layout):
    """A tensor laid out over the devices of a mesh; in compiled code, the wish that it be laid out so from there on.

    Args:
        tensor: an array or tensor.
        layout: a `TensorLayout` with as many axes as the tensor, or fewer.

    Returns:
        A tensor of the same shape, dtype and values.

    Raises:
        ValueError: if a size is not divisible by the number of devices along its axis.
        NotImplementedError: on other backends than JAX.

    >>> with kerata.backend_scope("jax"):
    ...     mesh = kerata.distribution.DeviceMesh((1,), ("data",), devices=["cpu:0"])
    ...     layout = kerata.distribution.TensorLayout(("data", None), mesh)
    ...     kerata.distribution.distribute_tensor(np.ones((4, 2)), layout).shape
    (4, 2)
    """
    need_jax("distribute_tensor()")
    b = backend.current()
    tensor = b.convert(tensor)
    if hasattr(layout, "axes"):
        layout.check(tuple(tensor.shape), "The tensor")
    return b.place(tensor, layout)


def need_jax(what: str) -> None:
    """NotImplementedError unless JAX is the backend in force."""
    name = backend.current().name
    if name == "jax":
        return
    others = {
        "torch": " On PyTorch, wrap the model in DistributedDataParallel or FSDP.",
        "tensorflow": " On TensorFlow, write the loop under a `tf.distribute.Strategy`.",
    }
    raise NotImplementedError(
        f"kerata.distribution: {what} works on the JAX backend; {name!r} is in force. Choose it with "
        f'`kerata.config.set_backend("jax")`.{others.get(name, "")}'
    )
