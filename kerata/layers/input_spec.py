"""InputSpec: what a layer expects of an input, checked at every call."""

from __future__ import annotations

import math

from kerata.core import dtypes, tree


class InputSpec:
    """Rank, dtype and sizes that an input of a layer must have; set as `layer.input_spec`, checked at each call.

    Args:
        dtype: the dtype; None for any.
        shape: tuple: the shape, None for any size in it; None for any shape.
        ndim: integer: the rank; None for any.
        max_ndim, min_ndim: integers: bounds of the rank; None for none.
        axes: dictionary from an axis to its size, such as `{-1: 8}`; None for no such demand.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or in excess; False by default.
        name: the key of this input where inputs come in a dictionary.
        optional: whether None is accepted for the input; False by default.

    Raises:
        TypeError: if `axes` is no dictionary from integers.
        ValueError: if `axes` names an axis beyond the rank.

    >>> import kerata
    >>> kerata.InputSpec(min_ndim=2, axes={-1: 8})
    InputSpec(min_ndim=2, axes={-1: 8})
    """

    def __init__(self, dtype=None, shape=None, ndim=None, max_ndim=None, min_ndim=None, axes=None,
                 allow_last_axis_squeeze=False, name=None, optional=False):  # fmt: skip
        self.dtype = None if dtype is None else dtypes.standardize_dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        try:
            self.axes = {int(k): v for k, v in (axes or {}).items()}
        except (ValueError, TypeError, AttributeError):
            raise TypeError(f"InputSpec's `axes` is a dictionary from an axis to a size; got {axes!r}.") from None
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional
        for axis in self.axes:
            limit = self.ndim if self.ndim is not None else self.max_ndim
            if limit is not None and axis >= limit:
                raise ValueError(f"InputSpec's `axes` names axis {axis}, but inputs have at most {limit} axes.")

    def __repr__(self) -> str:
        given = [
            f"{k}={getattr(self, k)!r}"
            for k in ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
            if getattr(self, k) not in (None, {}) and not (k == "ndim" and self.shape is not None)
        ]
        return f"InputSpec({', '.join(given)})"

    def get_config(self) -> dict:
        return {
            "dtype": self.dtype, "shape": self.shape, "ndim": self.ndim,
            "max_ndim": self.max_ndim, "min_ndim": self.min_ndim, "axes": self.axes, "optional": self.optional,
        }  # fmt: skip

    @classmethod
    def from_config(cls, config: dict):
        return cls(**config)

    def problem(self, shape) -> str | None:
        """What is wrong with an input of this shape, in words, or None."""
        rank = len(shape)
        if self.shape is not None and self.allow_last_axis_squeeze:
            if rank == len(self.shape) + 1 and shape[-1] == 1:
                shape, rank = shape[:-1], rank - 1
            elif rank == len(self.shape) - 1 and self.shape[-1] == 1:
                shape, rank = (*shape, 1), rank + 1
        if self.ndim is not None and rank != self.ndim:
            return f"wanted {self.ndim} axes, found {rank}{self._flat(shape)}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"wanted at most {self.max_ndim} axes, found {rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"wanted at least {self.min_ndim} axes, found {rank}"
        for axis, size in self.axes.items():
            if size is not None and isinstance(shape[axis], int) and shape[axis] != size:
                return f"wanted size {size} on axis {axis}, found {shape[axis]}"
        if self.shape is not None:
            for axis, (want, have) in enumerate(zip(self.shape, shape)):
                if want is not None and isinstance(have, int) and want != have:
                    return f"wanted the shape {self.shape}, found size {have} on axis {axis}"
        return None

    def _flat(self, shape) -> str:
        """What to do where images were given to a layer that wants their pixels in one row."""
        size = self.shape[-1] if self.shape else self.axes.get(-1)
        inner = shape[1:]
        if self.ndim != 2 or len(shape) < 3 or size is None or not all(isinstance(n, int) for n in inner):
            return ""
        return f" (make it flat: `x.reshape(-1, {size})`)" if math.prod(inner) == size else ""


def _shape_of(x):
    return tuple(x.shape)


def check_inputs(specs, inputs, layer_name: str, hint=None) -> None:
    """ValueError if `inputs` (nested) do not fit the specs (nested likewise, or flat).

    `hint(shape)` may add a sentence on what to do.
    """
    specs = tree.flatten(specs)
    if isinstance(inputs, dict) and all(s is not None and s.name in inputs for s in specs):
        inputs = [inputs[s.name] for s in specs]
    inputs = tree.flatten(inputs)
    if len(inputs) != len(specs):
        raise ValueError(
            f"Layer {layer_name!r} takes {len(specs)} input(s), but was given {len(inputs)}: "
            f"{[getattr(x, 'shape', x) for x in inputs]}."
        )
    for i, (x, spec) in enumerate(zip(inputs, specs)):
        if spec is None or (x is None and spec.optional):
            continue
        if not hasattr(x, "shape"):
            raise ValueError(f"Layer {layer_name!r} wants a tensor as input {i}; it was given {x!r}.")
        shape = _shape_of(x)
        problem = spec.problem(shape)
        if problem is None and spec.dtype is not None and dtypes.standardize_dtype(x.dtype) != spec.dtype:
            problem = f"wanted dtype {spec.dtype}, found {dtypes.standardize_dtype(x.dtype)}"
        if problem is not None:
            which = f"Input {i} of layer" if len(specs) > 1 else "The input of layer"
            advice = (hint and hint(shape)) or ""
            raise ValueError(f"{which} {layer_name!r} does not fit: {problem}. The input has the shape {shape}.{advice}")
