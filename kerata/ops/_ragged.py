"""Ops on ragged tensors."""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.ops._composite import ELEMENTWISE, is_ragged


def call(dispatch, fn, args, kwargs):
    """An op of arguments among which there are ragged tensors."""
    r, name = backend.current().composite.ragged, fn.__name__
    if name == "convert_to_tensor":
        return _converted(dispatch, r, *args, **kwargs)
    if name in ELEMENTWISE:
        return r.over_rows(lambda *values: dispatch(*values, **kwargs), _tensors(args))
    if name in r.reductions:
        return _reduced(r, name, *args, **kwargs)
    special = _SPECIAL.get(name)
    if special is not None:
        result = special(r, dispatch, *args, **kwargs)
        if result is not None:
            return result
    raise ValueError(
        f"ops.{name}() takes no ragged tensors. Pad them first: ops.convert_to_tensor(x, ragged=False), or x.to_tensor() of "
        "TensorFlow."
    )


def _tensors(args):
    b = backend.current()
    return [b.convert(x) if hasattr(x, "shape") and not is_ragged(x) else x for x in args]


def _converted(dispatch, r, x, dtype=None, sparse=None, ragged=None):
    if ragged is False:
        return dispatch(r.to_dense(x), dtype)
    return x if dtype is None else r.map(lambda v: dispatch(v, dtype), x)


def _reduced(r, name: str, x, axis=None, keepdims=False, **kwargs):
    from kerata import ops

    if name in ("mean", "std", "var"):
        x = ops.cast(x, dtypes.result_type(ops.dtype(x), float))
    return r.reductions[name](x, axis=axis, keepdims=keepdims)


def _take(r, dispatch, x, indices, axis=None):
    if is_ragged(x) or axis not in (0, None) or (len(x.shape) < 2 and axis is None):
        return None
    return r.map(lambda i: dispatch(x, i, axis), indices)


def _matmul(r, dispatch, x1, x2):
    if not is_ragged(x1) or is_ragged(x2) or len(x2.shape) != 2 or len(x1.flat_values.shape) < 2:
        return None
    return r.map(lambda v: dispatch(v, x2), x1)


_SPECIAL = {
    "take": _take,
    "matmul": _matmul,
    "concatenate": lambda r, dispatch, xs, axis=0: r.concat(list(xs), axis),
    "stack": lambda r, dispatch, x, axis=0: r.stack(list(x), axis),
    "expand_dims": lambda r, dispatch, x, axis: r.expand_dims(x, axis),
    "softmax": lambda r, dispatch, x, axis=-1: r.softmax(x, axis),
    "reshape": lambda r, dispatch, x, newshape: r.reshape(x, newshape),
    "get_item": lambda r, dispatch, x, key: x[key],
}
