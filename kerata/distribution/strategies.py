"""How variables and batches are divided over the devices of a mesh."""

from __future__ import annotations

import contextlib

from kerata.core import placement
from kerata.distribution.devices import list_devices, need_jax
from kerata.distribution.layouts import DeviceMesh, LayoutMap, TensorLayout


class Distribution:
    """What all have.

    Args:
        device_mesh: the mesh.
        batch_dim_name: the axis of the mesh along which batches are divided.
        auto_shard_dataset: whether each of several processes gets a part of a data set.
    """

    def __init__(self, device_mesh, batch_dim_name=None, auto_shard_dataset=True):
        self._device_mesh = device_mesh
        self._batch_dim_name = batch_dim_name
        self._auto_shard_dataset = auto_shard_dataset

    device_mesh = property(lambda self: self._device_mesh, doc="The `DeviceMesh`.")
    batch_dim_name = property(lambda self: self._batch_dim_name, doc="The axis of the mesh that divides batches.")

    @property
    def auto_shard_dataset(self) -> bool:
        """Whether each of several processes gets a part of a data set; it may be set."""
        return self._auto_shard_dataset

    @auto_shard_dataset.setter
    def auto_shard_dataset(self, value: bool) -> None:
        self._auto_shard_dataset = value

    @property
    def num_processes(self) -> int:
        """How many processes take part."""
        return _processes().count()

    @property
    def num_model_replicas(self) -> int:
        """Into how many parts a batch is divided."""
        return self._device_mesh.size_of(self._batch_dim_name)

    @property
    def data_shard_id(self) -> int:
        """Which part of a data set this process gets."""
        return _processes().index()

    @contextlib.contextmanager
    def scope(self):
        """Make it the distribution in force inside."""
        before = distribution()
        set_distribution(self)
        try:
            yield
        finally:
            set_distribution(before)

    def get_data_layout(self, data_shape) -> TensorLayout:
        """How a batch is divided: along its first axis.

        Args:
            data_shape: tuple, the shape of an array of the batch.

        Returns:
            A `TensorLayout`.
        """
        axes = [None] * len(data_shape)
        if axes:
            axes[0] = self._batch_dim_name
        return TensorLayout(axes, self._device_mesh)

    def get_variable_layout(self, variable) -> TensorLayout:
        """How a variable is divided.

        Args:
            variable: a `Variable`.

        Returns:
            A `TensorLayout`; of None in each axis where the distribution does not name it.

        Raises:
            ValueError: if it cannot be divided so.
        """
        layout = variable._layout or self.get_tensor_layout(variable.path)
        if layout is None:
            return TensorLayout([None] * len(variable.shape), self._device_mesh)
        layout.check(tuple(variable.shape), f"Variable {variable.path!r}")
        return layout

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """How the tensor at a path is divided.

        Args:
            path: such as "my_model/dense/output".

        Returns:
            A `TensorLayout`, or None for not at all.
        """

    def distribute_dataset(self, dataset):
        """The part of a data set that this process is to read.

        Args:
            dataset: a `tf.data.Dataset`; anything, where there is one process.

        Raises:
            ValueError: for other data sets where there are several.
        """
        count = self.num_processes
        if count == 1 or not self._auto_shard_dataset:
            return dataset
        if not hasattr(dataset, "shard"):
            raise ValueError(
                f"Only a tf.data.Dataset can be divided among {count} processes; got {type(dataset).__name__}. Give each process "
                "its own part, and make the distribution with auto_shard_dataset=False."
            )
        return dataset.shard(count, self.data_shard_id)

    def distribute_tf_dataset(self, dataset):
        """The same as `distribute_dataset`.

        Args:
            dataset: see there.
        """
        return self.distribute_dataset(dataset)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} device_mesh={self._device_mesh}>"


class DataParallel(Distribution):
    """Each device holds all variables and computes a part of each batch.

    Results are those of one device, but for the order in which numbers are added. With neither a mesh nor devices given,
    all devices take part.

    Args:
        device_mesh: a `DeviceMesh`, whose first axis divides the batch; None by default.
        devices: names of devices, instead of a mesh; None by default.
        auto_shard_dataset: whether each of several processes gets a part of a data set; True by default.

    Raises:
        ValueError: if `device_mesh` is no `DeviceMesh`.

    >>> kerata.distribution.DataParallel(devices=["cpu:0"]).num_model_replicas
    1
    """

    def __init__(self, device_mesh=None, devices=None, auto_shard_dataset=True):
        if device_mesh is not None and not isinstance(device_mesh, DeviceMesh):
            raise ValueError(f"`device_mesh` is a DeviceMesh; got {device_mesh!r} ({type(device_mesh).__name__}).")
        if device_mesh is None:
            devices = list_devices() if devices is None else devices
            device_mesh = DeviceMesh((len(devices),), ["batch"], devices)
        super().__init__(device_mesh, device_mesh.axis_names[0], auto_shard_dataset)


class ModelParallel(Distribution):
    """Variables are divided as a `LayoutMap` says, batches along one axis of its mesh.

    Args:
        layout_map: the layouts of variables by their paths; what it does not name lies whole on every device.
        batch_dim_name: name of the mesh's axis that divides batches; the first by default.
        auto_shard_dataset: whether each of several processes gets a part of a data set; True by default.

    Raises:
        ValueError: without a `LayoutMap`, or for an axis that the mesh has not.

    >>> mesh = kerata.distribution.DeviceMesh((1, 1), ("data", "model"), devices=["cpu:0"])
    >>> layouts = kerata.distribution.LayoutMap(mesh)
    >>> layouts["dense.*kernel"] = (None, "model")
    >>> kerata.distribution.ModelParallel(layout_map=layouts).batch_dim_name
    'data'
    """

    def __init__(self, *, layout_map=None, batch_dim_name=None, auto_shard_dataset=True, **kwargs):
        kwargs.pop("device_mesh", None)  # earlier versions took it as well; the map has it
        if kwargs:
            raise ValueError(f"ModelParallel() takes no argument {', '.join(map(repr, kwargs))}.")
        if not isinstance(layout_map, LayoutMap):
            raise ValueError(f"ModelParallel(layout_map=...) needs a LayoutMap; got {layout_map!r}.")
        mesh = layout_map.device_mesh
        name = mesh.axis_names[0] if batch_dim_name is None else batch_dim_name
        if name not in mesh.axis_names:
            raise ValueError(f"`batch_dim_name` is one of the mesh's axes, {list(mesh.axis_names)}; got {name!r}.")
        super().__init__(mesh, name, auto_shard_dataset)
        self._layout_map = layout_map

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        return self._layout_map[path]


def _processes():
    need_jax("a Distribution")
    from kerata.backend.jax import processes

    return processes


def distribution() -> Distribution | None:
    """The distribution in force, or None.

    >>> kerata.distribution.distribution() is None
    True
    """
    return placement.current


def set_distribution(value) -> None:
    """Lay out variables that are made from now on, and batches of `fit`, as a distribution says.

    Args:
        value: a `DataParallel` or `ModelParallel`, or None to end it.

    Raises:
        ValueError: for anything else.
        NotImplementedError: on other backends than JAX.

    >>> with kerata.backend_scope("jax"):
    ...     kerata.distribution.set_distribution(kerata.distribution.DataParallel(devices=["cpu:0"]))
    ...     kerata.layers.Dense(2)(np.ones((1, 2))).shape
    (1, 2)
    >>> kerata.distribution.set_distribution(None)
    """
    if value is not None:
        if not isinstance(value, Distribution):
            raise ValueError(f"set_distribution() takes a DataParallel, a ModelParallel or None; got {value!r}.")
        need_jax("set_distribution()")
    placement.current = value
