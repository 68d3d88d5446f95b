"""Ops on sparse and ragged tensors, which are not arrays: JAX's BCOO, TensorFlow's SparseTensor and RaggedTensor.

An op whose result is sparse as well where its arguments are stands in a table below; every other op gets dense
arguments. Ragged tensors are never made dense in silence: that would make zeros of what is not there.
"""

from __future__ import annotations

import functools
import sys

from kerata import backend
from kerata.core import dtypes

# Functions with f(0) = 0: what is not stored stays so.
KEEP_ZERO = frozenset((
    "abs", "absolute", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "ceil", "conj", "conjugate", "deg2rad", "expm1",
    "fix", "floor", "hard_shrink", "hard_tanh", "imag", "leaky_relu", "log1p", "nan_to_num", "negative", "rad2deg", "real",
    "relu", "relu6", "rint", "round", "sign", "silu", "sin", "sinh", "soft_shrink", "softsign", "sqrt", "square", "swish",
    "tan", "tanh", "tanh_shrink", "trunc", "elu", "selu", "celu", "gelu", "erf", "hard_silu", "hard_swish", "stop_gradient",
    "copy",
))  # fmt: skip
_PAIRS = ("add", "subtract", "maximum", "minimum", "matmul")  # sparse if both are
_SHAPES = ("sum", "mean", "reshape", "transpose", "expand_dims", "squeeze")
ELEMENTWISE = KEEP_ZERO | frozenset((
    "add", "arccos", "arccosh", "arctan2", "bitwise_and", "bitwise_or", "cast", "clip", "cos", "cosh", "divide",
    "divide_no_nan", "equal", "exp", "exp2", "exponential", "floor_divide", "greater", "greater_equal", "isfinite", "isinf",
    "isnan", "less", "less_equal", "log", "log10", "log2", "log_sigmoid", "logaddexp", "logical_and", "logical_not",
    "logical_or", "logical_xor", "maximum", "minimum", "mish", "mod", "multiply", "not_equal", "ones_like", "power",
    "reciprocal", "rsqrt", "sigmoid", "hard_sigmoid", "softplus", "subtract", "threshold", "true_divide", "where",
    "zeros_like", "one_hot", "squareplus", "sparse_plus", "sparse_sigmoid", "isneginf", "isposinf", "logit",
))  # fmt: skip


def kind_of(t: type) -> str | None:
    """ "sparse" or "ragged" for the types of such tensors, of any library; else None."""
    name, module = t.__name__, t.__module__
    if name == "RaggedTensor" and module.startswith("tensorflow."):
        return "ragged"
    if name == "SparseTensor" and module.startswith("tensorflow."):
        return "sparse"
    if name in ("BCOO", "BCSR", "COO", "CSR", "CSC") and module.startswith("jax."):
        return "sparse"
    if module.startswith("scipy.sparse"):
        scipy = sys.modules.get("scipy.sparse")
        base = (scipy.spmatrix, scipy.sparray) if scipy is not None else ()
        return "sparse" if issubclass(t, base) else None
    return None


class Composite:
    """What `kerata.ops` notes for the types of such tensors."""

    def __init__(self, kind: str):
        self.kind = kind


_KINDS = {name: Composite(name) for name in ("sparse", "ragged")}


def note_of(t: type) -> Composite | None:
    found = kind_of(t)
    return None if found is None else _KINDS[found]


def is_sparse(x) -> bool:
    return kind_of(type(x)) == "sparse"


def is_ragged(x) -> bool:
    return kind_of(type(x)) == "ragged"


def owner_of(x):
    """The backend to which such a tensor belongs; None for SciPy's."""
    package = type(x).__module__.partition(".")[0]
    return backend.get(package) if package in ("jax", "tensorflow") else None


def native(x):
    """A sparse tensor as one of the backend in force, if that has them; else dense."""
    b, owner = backend.current(), owner_of(x)
    if owner is b and hasattr(x, "todense" if b.name == "jax" else "dense_shape"):
        return x if type(x).__name__ in ("BCOO", "SparseTensor") else b.composite.from_dense(b.composite.to_dense(x))
    dense = densify(x)
    return b.composite.from_dense(dense) if getattr(b, "composite", None) is not None else dense


def densify(x):
    """A dense tensor of the backend in force."""
    b, owner = backend.current(), owner_of(x)
    if is_ragged(x):
        dense = owner.composite.ragged.to_dense(x)
    else:
        dense = x.toarray() if owner is None else owner.composite.to_dense(x)
    return dense if owner is b else b.convert(dense if owner is None else owner.to_numpy(dense))


def call(dispatch, fn, args, kwargs):
    """An op of arguments among which there are sparse or ragged tensors."""
    found = _kinds_in((args, kwargs))
    if "ragged" in found:
        from kerata.ops._ragged import call as call_ragged

        with backend.backend_scope("tensorflow"):
            return call_ragged(dispatch, fn, args, kwargs)
    b, name = backend.current(), dispatch.__name__
    if getattr(b, "composite", None) is None and name in ("convert_to_tensor", "cast"):
        pass
    elif name == "convert_to_tensor":
        return _converted(*args, **kwargs)
    elif getattr(b, "composite", None) is not None:
        rule = _rule(name)
        if rule is not None:
            result = rule(b.composite, dispatch, *_mapped(native, args), **_mapped(native, kwargs))
            if result is not None:
                return result
    return dispatch(*_mapped(densify, args), **_mapped(densify, kwargs))


def _kinds_in(value) -> set:
    if isinstance(value, list | tuple):
        return set().union(*map(_kinds_in, value)) if value else set()
    if isinstance(value, dict):
        return _kinds_in(tuple(value.values()))
    return {kind_of(type(value))}


def _mapped(change, value):
    """The arguments, with every sparse tensor in them changed."""
    if isinstance(value, dict):
        return {k: _mapped(change, v) for k, v in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_mapped(change, v) for v in value)
    return change(value) if is_sparse(value) else value


# ---- what each op does with sparse arguments; None: nothing of its own


def _rule(name: str):
    if name in KEEP_ZERO:
        return _keep_zero
    return _RULES.get(name)


def _keep_zero(c, dispatch, x, *args, **kwargs):
    return c.with_values(x, lambda v: dispatch(v, *args, **kwargs))


def _converted(x, dtype=None, sparse=None, ragged=None):
    if sparse is False:
        from kerata import ops

        return ops.convert_to_tensor(densify(x), dtype)
    x = native(x)
    return x if dtype is None else _cast(backend.current().composite, None, x, dtype)


def _cast(c, dispatch, x, dtype):
    from kerata.core.dtypes import standardize_dtype

    return c.cast(x, standardize_dtype(dtype))


def _pair(c, dispatch, x1, x2):
    if not (is_sparse(x1) and is_sparse(x2)):
        return None
    return c.union(dispatch, x1, x2)


def _multiply(c, dispatch, x1, x2):
    if is_sparse(x1):
        if is_sparse(x2):
            x2 = c.to_dense(x2)
        return _scaled(c, dispatch, x1, x2)
    return _scaled(c, lambda a, b: dispatch(b, a), x2, x1)


def _scaled(c, fn, x, other):
    """A sparse tensor times (or by) a number or an array; None where the result has another shape."""
    shape = tuple(getattr(other, "shape", None) or ())
    if not shape:
        return c.with_values(x, lambda v: fn(v, other))
    have = tuple(x.shape)
    if len(shape) > len(have) or any(n not in (1, m) for n, m in zip(shape[::-1], have[::-1])):
        return None
    return c.at_stored(fn, x, other)


def _divide(c, dispatch, x1, x2):
    """In compiled code, where the divisors are unknown, what is not stored stays 0."""
    if is_sparse(x2):
        return None
    if getattr(x2, "shape", ()) and _spoils_zeros(x2):
        return c.from_dense(dispatch(c.to_dense(x1), x2))
    return _scaled(c, dispatch, x1, x2)


def _spoils_zeros(divisor) -> bool:
    """Whether 0 divided by it is not 0 everywhere: it holds a 0 or NaN, and is no unknown of compiled code."""
    from kerata import ops

    try:
        return not ops.convert_to_numpy(ops.all(ops.abs(divisor) > 0))
    except Exception:
        return False


def _matmul(c, dispatch, x1, x2):
    from kerata import ops

    both = dtypes.result_type(_dtype(x1), _dtype(x2))
    x1, x2 = ops.cast(x1, both), ops.cast(x2, both)
    if len(x1.shape) < 2 or len(x2.shape) != 2:
        return None
    return c.matmul(x1, x2)


def _concatenate(c, dispatch, xs, axis=0):
    if not all(map(is_sparse, xs)):
        return None
    both = dtypes.result_type(*map(_dtype, xs))
    return c.concat([c.cast(x, both) for x in xs], axis % len(xs[0].shape))


def _sum(c, dispatch, x, axis=None, keepdims=False, mean=False):
    rank = len(x.shape)
    axes = tuple(range(rank)) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    axes = tuple(a % rank for a in axes)
    if mean:
        count = functools.reduce(lambda n, a: n * x.shape[a], axes, 1)
        x = c.with_values(x, lambda v: v / count)
    return c.sum(x, axes, keepdims)


def _reshape(c, dispatch, x, newshape):
    return c.reshape(x, newshape if isinstance(newshape, tuple | list) else (newshape,))


def _transpose(c, dispatch, x, axes=None):
    return c.transpose(x, tuple(range(len(x.shape)))[::-1] if axes is None else tuple(a % len(x.shape) for a in axes))


def _expand_dims(c, dispatch, x, axis):
    shape = list(x.shape)
    for a in sorted(a % (len(shape) + 1) for a in (axis if isinstance(axis, tuple | list) else (axis,))):
        shape.insert(a, 1)
    return c.reshape(x, _sizes(shape))


def _squeeze(c, dispatch, x, axis=None):
    shape = list(x.shape)
    axes = axis if isinstance(axis, tuple | list) else [axis] if axis is not None else [
        i for i, n in enumerate(shape) if n == 1
    ]  # fmt: skip
    axes = {a % len(shape) for a in axes}
    if any(shape[a] != 1 for a in axes):
        return None
    return c.reshape(x, _sizes([n for i, n in enumerate(shape) if i not in axes]))


def _bincount(c, dispatch, x, weights=None, minlength=0, sparse=False):
    """Of the elements that are stored: the others are no class 0."""
    if not is_sparse(x):
        return None
    if weights is None:
        from kerata import ops

        weights = c.with_values(x, lambda v: ops.ones_like(v, dtype="int32"))
    weights = c.to_dense(weights) if is_sparse(weights) else weights
    return dispatch(c.to_dense(x), weights=weights, minlength=minlength, sparse=True)


def _dtype(x) -> str:
    from kerata import ops

    return ops.dtype(x)


def _sizes(shape):
    """A shape with -1 for the size that is not known."""
    return tuple(-1 if n is None else int(n) for n in shape)


_RULES = {
    "cast": _cast, "multiply": _multiply, "divide": _divide, "true_divide": _divide, "matmul": _matmul,
    "concatenate": _concatenate, "sum": _sum, "mean": functools.partial(_sum, mean=True), "reshape": _reshape,
    "transpose": _transpose, "expand_dims": _expand_dims, "squeeze": _squeeze,
    "bincount": _bincount,
    **dict.fromkeys(("add", "subtract", "maximum", "minimum"), _pair),
}  # fmt: skip


def symbolic_sparse(name: str, args, kwargs) -> bool:
    """Whether an op gives a sparse tensor for these symbolic arguments."""
    if kwargs.get("sparse") is True:
        return True
    flat = []
    for x in (*args, *kwargs.values()):
        flat.extend(x if isinstance(x, list | tuple) else (x,))
    flags = [bool(getattr(x, "sparse", False)) for x in flat if hasattr(x, "shape")]
    if not any(flags):
        return False
    if name in KEEP_ZERO or name in _SHAPES or name in ("cast", "bincount"):
        return flags[0]
    if name == "convert_to_tensor":
        return kwargs.get("sparse") is not False
    if name in _PAIRS:
        return all(getattr(x, "sparse", False) for x in flat[:2])
    if name == "concatenate":
        return all(flags)
    if name == "multiply":
        return True
    return name in ("divide", "true_divide") and flags == [True] + [False] * (len(flags) - 1)


def symbolic_ragged(name: str, args, kwargs) -> bool:
    """Whether an op gives a ragged tensor for these symbolic arguments."""
    flat = []
    for x in (*args, *kwargs.values()):
        flat.extend(x if isinstance(x, list | tuple) else (x,))
    return any(getattr(x, "ragged", False) for x in flat) and (
        name in ELEMENTWISE or name in ("take", "concatenate", "stack", "expand_dims", "softmax", "matmul")
    )
