"""Errors of array libraries inside an op, told with the op's name, its shapes and the axis that does not exist."""

from __future__ import annotations

import dis
import inspect

import numpy as np

from kerata.core.scopes import context

# Ops whose axes are those of the result: how many more it has than the first argument.
_MORE_AXES = {"stack": 1, "expand_dims": 1}
_AXES = ("axis", "axis1", "axis2", "axes")


def explain(fn, args: tuple, kwargs: dict, error: Exception) -> Exception | None:
    """What to raise instead of `error`; None to let `error` go on (with a note, if a library raised it)."""
    if getattr(error, "_told_by_op", False):
        return None
    found = _wrong_axis(fn, args, kwargs) or _note(fn, args, kwargs, error)
    (found or error)._told_by_op = True
    return found


def _shape(x) -> tuple | None:
    try:
        shape = tuple(x.shape)
    except (AttributeError, TypeError, ValueError):  # no tensor, or one of unknown rank
        return None
    # While shapes are inferred, a number stands for an unknown batch size.
    return (None, *shape[1:]) if shape and context.any_batch is not None and shape[0] == context.any_batch else shape


def _wrong_axis(fn, args, kwargs) -> Exception | None:
    try:
        bound = inspect.signature(fn).bind(*args, **kwargs).arguments
    except TypeError:
        return None
    first = next(iter(bound.values()), None)
    if isinstance(first, list | tuple) and first:
        first = first[0]
    shape = _shape(first)
    for name in _AXES:
        axes = bound.get(name)
        if name == "axes" and fn.__name__ == "tensordot":  # a number of axes, or those of two tensors
            continue
        axes = list(axes) if isinstance(axes, list | tuple) else [axes]
        if shape is None or not all(isinstance(a, int | np.integer) for a in axes):
            continue
        rank = len(shape) + (len(axes) if fn.__name__ in _MORE_AXES else 0)
        wrong = [a for a in axes if not -rank <= a < rank]
        if wrong:
            return np.exceptions.AxisError(
                f"{fn.__name__}() was given {name}={bound[name]!r}, and its input has the shape {shape}: "
                + (f"axes go from {-rank} to {rank - 1}." if rank else "a scalar has no axes.")
            )
    return None


def _note(fn, args, kwargs, error) -> None:
    if isinstance(error, ValueError | TypeError) and _raised_here(error):
        return
    values = [*args, *kwargs.values()]
    shapes = [_shape(x) for v in values for x in (v if isinstance(v, list | tuple) else [v])]
    listed = ", ".join(str(s) for s in shapes if s is not None)
    if listed:
        error.add_note(f"(in the op {fn.__name__}(), on arguments of shapes {listed})")


def _raised_here(error) -> bool:
    """Whether a `raise` of Kerata's own made it, which says what is wrong already."""
    tb = error.__traceback__
    while tb is not None and tb.tb_next is not None:
        tb = tb.tb_next
    if tb is None or tb.tb_frame.f_globals.get("__name__", "").partition(".")[0] != "kerata":
        return False
    return tb.tb_frame.f_code.co_code[tb.tb_lasti] == dis.opmap["RAISE_VARARGS"]
