"""Devices in a grid, and how tensors lie on it."""

from __future__ import annotations

import collections.abc
import math
import re

import numpy as np


class DeviceMesh:
    """Devices in a grid with named axes.

    Args:
        shape: sizes of the grid, such as (2, 4).
        axis_names: a name for each axis, such as ("data", "model").
        devices: names of as many devices as the grid has places; all devices by default.

    Raises:
        ValueError: if the numbers of names, sizes and devices do not fit each other.

    >>> mesh = kerata.distribution.DeviceMesh((1,), ("data",), devices=["cpu:0"])
    >>> mesh.shape, mesh.axis_names
    ((1,), ('data',))
    """

    def __init__(self, shape, axis_names, devices=None):
        if not shape or not axis_names:
            raise ValueError(f"A DeviceMesh has at least one axis; got shape={shape!r} and axis_names={axis_names!r}.")
        if len(shape) != len(axis_names):
            raise ValueError(f"A DeviceMesh has one name for each axis; got shape={shape!r} and axis_names={axis_names!r}.")
        if devices is None:
            from kerata.distribution.devices import list_devices

            devices = list_devices()
        devices = np.array(devices).ravel()
        if math.prod(shape) != devices.size:
            raise ValueError(
                f"A DeviceMesh of shape {tuple(shape)} has {math.prod(shape)} places; there are {devices.size} devices: "
                f"{', '.join(map(str, devices))}. Pass `devices` to use some of them."
            )
        self._shape, self._axis_names = shape, axis_names
        self._devices = devices.reshape(shape)
        self._backend_mesh = None

    shape = property(lambda self: self._shape, doc="The sizes of the grid.")
    axis_names = property(lambda self: self._axis_names, doc="The name of each axis.")
    devices = property(lambda self: self._devices, doc="A NumPy array of names, of the shape of the grid.")

    @property
    def backend_mesh(self):
        """JAX's mesh."""
        if self._backend_mesh is None:
            from kerata import backend
            from kerata.distribution.devices import need_jax

            need_jax("DeviceMesh.backend_mesh")
            self._backend_mesh = backend.get("jax").placement.mesh(self)
        return self._backend_mesh

    def size_of(self, axis) -> int:
        """Into how many parts an axis of a tensor is divided that lies along this axis (or these; or None)."""
        names = axis if isinstance(axis, tuple | list) else (axis,)
        return math.prod(self._shape[list(self._axis_names).index(n)] for n in names if n is not None)

    def __repr__(self) -> str:
        return f"<DeviceMesh shape={self._shape}, axis_names={self._axis_names}>"


class TensorLayout:
    """Along which axes of a mesh the axes of a tensor are divided.

    Args:
        axes: for each axis of the tensor the name of an axis of the mesh, or None where it is not divided.
        device_mesh: the `DeviceMesh`; None, the default, where a `LayoutMap` will fill in its own.

    Raises:
        ValueError: for an axis that the mesh has not.

    >>> kerata.distribution.TensorLayout((None, "model")).axes
    (None, 'model')
    """

    def __init__(self, axes, device_mesh=None):
        self._axes = tuple(axes)
        self._device_mesh = None
        if device_mesh is not None:
            self.device_mesh = device_mesh

    axes = property(lambda self: self._axes, doc="For each axis of the tensor an axis of the mesh, or None.")

    @property
    def device_mesh(self):
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, mesh):
        if self._device_mesh is not None:
            raise ValueError(f"The layout has a mesh already, {self._device_mesh}; make another layout for another mesh.")
        names = [n for a in self._axes if a is not None for n in (a if isinstance(a, tuple | list) else (a,))]
        unknown = [n for n in names if n not in mesh.axis_names]
        if unknown:
            raise ValueError(f"The layout {self._axes} names the axes {unknown}; the mesh has {list(mesh.axis_names)}.")
        self._device_mesh = mesh

    @property
    def backend_layout(self):
        """JAX's sharding."""
        if self._device_mesh is None:
            raise ValueError(f"The layout {self._axes} has no mesh yet: set `layout.device_mesh`.")
        from kerata import backend
        from kerata.distribution.devices import need_jax

        need_jax("TensorLayout.backend_layout")
        return backend.get("jax").placement.sharding(self)

    def check(self, shape: tuple, what: str) -> None:
        """ValueError if a tensor of this shape cannot be divided so."""
        if len(self._axes) > len(shape):
            raise ValueError(f"{what} has the shape {shape}, and its layout {self._axes} has {len(self._axes)} axes.")
        for size, axis in zip(shape, self._axes):
            parts = 1 if self._device_mesh is None else self._device_mesh.size_of(axis)
            if size % parts:
                raise ValueError(
                    f"{what} of shape {shape} cannot be laid out as {self._axes}: {size} is not divisible by the {parts} "
                    f"devices along {axis!r}."
                )

    def __repr__(self) -> str:
        return f"<TensorLayout axes={self._axes}, device_mesh={self._device_mesh}>"


class LayoutMap(collections.abc.MutableMapping):
    """A dictionary of the layouts of variables, whose keys are paths or patterns of paths.

    A key is a path, or a regular expression that is searched for in one; a value is a `TensorLayout` or its axes.
    Looking up a path gives None where no key fits, and a ValueError where several do.

    Args:
        device_mesh: the `DeviceMesh` of layouts that are given as axes.

    >>> mesh = kerata.distribution.DeviceMesh((1, 1), ("data", "model"), devices=["cpu:0"])
    >>> layouts = kerata.distribution.LayoutMap(mesh)
    >>> layouts["dense.*kernel"] = (None, "model")
    >>> layouts["my_model/dense_1/kernel"].axes
    (None, 'model')
    """

    def __init__(self, device_mesh):
        self._device_mesh = device_mesh
        self._layouts: dict[str, TensorLayout] = {}

    device_mesh = property(lambda self: self._device_mesh, doc="The `DeviceMesh` of layouts that are given as axes.")

    def __getitem__(self, key):
        if key in self._layouts:
            return self._layouts[key]
        found = [k for k in self._layouts if re.search(k, key)]
        if len(found) > 1:
            raise ValueError(f"Of the keys of the LayoutMap, {found} all fit the path {key!r}. Make them fit one each.")
        return self._layouts[found[0]] if found else None

    def __setitem__(self, key, layout):
        if key in self._layouts:
            raise ValueError(f"The LayoutMap has the key {key!r} already: {self._layouts[key]}. Delete it first.")
        if isinstance(layout, tuple):
            layout = TensorLayout(layout)
        if not isinstance(layout, TensorLayout):
            raise ValueError(f"A LayoutMap holds layouts or tuples of axes; got {layout!r} ({type(layout).__name__}).")
        if layout.device_mesh is None:
            layout.device_mesh = self._device_mesh
        self._layouts[key] = layout

    def __delitem__(self, key):
        del self._layouts[key]

    def __len__(self) -> int:
        return len(self._layouts)

    def __iter__(self):
        return iter(self._layouts)
