"""Calls of TensorFlow functions in the graphs of Keras 2 (`TFOpLambda`), as calls of ops."""

from __future__ import annotations

_UNARY = {
    "abs": "abs", "math.abs": "abs", "nn.relu": "relu", "nn.relu6": "relu6", "nn.sigmoid": "sigmoid", "nn.tanh": "tanh",
    "math.sigmoid": "sigmoid", "math.tanh": "tanh", "nn.softplus": "softplus", "math.softplus": "softplus",
    "nn.elu": "elu", "nn.selu": "selu", "nn.silu": "silu", "nn.swish": "silu", "nn.gelu": "gelu",
    "math.exp": "exp", "math.log": "log", "math.log1p": "log1p", "math.sqrt": "sqrt", "math.rsqrt": "rsqrt",
    "math.square": "square", "math.negative": "negative", "math.sin": "sin", "math.cos": "cos", "math.floor": "floor",
    "math.ceil": "ceil", "math.round": "round", "math.sign": "sign", "math.erf": "erf", "math.reciprocal": "reciprocal",
    "identity": "copy", "stop_gradient": "stop_gradient", "zeros_like": "zeros_like", "ones_like": "ones_like",
    "math.logical_not": "logical_not", "__operators__.neg": "negative", "__operators__.abs": "abs",
}  # fmt: skip
_BINARY = {
    "math.add": "add", "add": "add", "__operators__.add": "add", "__operators__.radd": "-add",
    "math.subtract": "subtract", "subtract": "subtract", "__operators__.sub": "subtract", "__operators__.rsub": "-subtract",
    "math.multiply": "multiply", "multiply": "multiply", "__operators__.mul": "multiply", "__operators__.rmul": "-multiply",
    "math.divide": "divide", "divide": "divide", "math.truediv": "divide", "__operators__.truediv": "divide",
    "__operators__.rtruediv": "-divide", "math.divide_no_nan": "divide_no_nan", "math.floordiv": "floor_divide",
    "math.pow": "power", "pow": "power", "__operators__.pow": "power", "math.maximum": "maximum", "maximum": "maximum",
    "math.minimum": "minimum", "minimum": "minimum", "linalg.matmul": "matmul", "math.greater": "greater",
    "math.greater_equal": "greater_equal", "math.less": "less", "math.less_equal": "less_equal", "math.equal": "equal",
    "math.not_equal": "not_equal", "math.logical_and": "logical_and", "math.logical_or": "logical_or", "math.mod": "mod",
}  # fmt: skip
_REDUCE = {
    "math.reduce_sum": "sum", "math.reduce_mean": "mean", "math.reduce_max": "max", "math.reduce_min": "min",
    "math.reduce_prod": "prod", "math.reduce_any": "any", "math.reduce_all": "all", "math.reduce_std": "std",
    "math.reduce_variance": "var", "math.reduce_logsumexp": "logsumexp", "reduce_sum": "sum", "reduce_mean": "mean",
    "reduce_max": "max", "reduce_min": "min",
}  # fmt: skip


def find(function):
    """`(op name, function that takes TensorFlow's arguments)` for a name such as "math.multiply"."""
    from kerata import ops

    if function in _UNARY:
        name = _UNARY[function]
        return name, lambda x=None, name_=None, **kw: getattr(ops, name)(_first(x, kw, ("features", "input", "tensor")))
    if function in _BINARY:
        name = _BINARY[function]
        plain = name.lstrip("-")

        def binary(x=None, y=None, **kw):
            x, y = (_first(x, kw, ("a",)), _first(y, kw, ("b",)))
            if plain == "matmul":
                x = ops.swapaxes(x, -1, -2) if kw.get("transpose_a") else x
                y = ops.swapaxes(y, -1, -2) if kw.get("transpose_b") else y
            return getattr(ops, plain)(y, x) if name.startswith("-") else getattr(ops, plain)(x, y)

        return plain, binary
    if function in _REDUCE:
        name = _REDUCE[function]
        return name, lambda input_tensor=None, axis=None, keepdims=False, **kw: getattr(ops, name)(
            input_tensor, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=bool(keepdims)
        )
    if function in _OTHER:
        return _OTHER[function].__name__, _OTHER[function]
    raise ValueError(
        f"The model calls TensorFlow's {function!r} in its graph, which cannot be read. Load it in the Keras that wrote it, "
        "and put that call in a Layer of your own."
    )


def _first(x, kwargs: dict, names):
    return next((kwargs[n] for n in names if kwargs.get(n) is not None), x) if x is None else x


def _concat(values, axis=-1, name=None):
    from kerata import ops

    return ops.concatenate(values, axis=axis)


def _stack(values, axis=0, name=None):
    from kerata import ops

    return ops.stack(values, axis=axis)


def _reshape(tensor, shape, name=None):
    from kerata import ops

    return ops.reshape(tensor, tuple(shape))


def _transpose(a, perm=None, conjugate=False, name=None):
    from kerata import ops

    return ops.transpose(a, tuple(perm) if perm is not None else None)


def _expand_dims(input, axis, name=None):
    from kerata import ops

    return ops.expand_dims(input, axis)


def _squeeze(input, axis=None, name=None):
    from kerata import ops

    return ops.squeeze(input, tuple(axis) if isinstance(axis, list) else axis)


def _cast(x, dtype, name=None):
    from kerata import ops

    return ops.cast(x, dtype)


def _clip(t, clip_value_min, clip_value_max, name=None):
    from kerata import ops

    return ops.clip(t, clip_value_min, clip_value_max)


def _softmax(logits, axis=None, name=None):
    from kerata import ops

    return ops.softmax(logits, axis=-1 if axis is None else axis)


def _leaky(features, alpha=0.2, name=None):
    from kerata import ops

    return ops.leaky_relu(features, negative_slope=alpha)


def _tile(input, multiples, name=None):
    from kerata import ops

    return ops.tile(input, tuple(multiples))


def _pad(tensor, paddings, mode="CONSTANT", constant_values=0, name=None):
    from kerata import ops

    how = mode.lower()
    return ops.pad(tensor, tuple(map(tuple, paddings)), mode=how, constant_values=constant_values if how == "constant" else None)


def _getitem(tensor, slice_spec, var=None, name=None):
    from kerata import ops

    def part(x):
        if isinstance(x, dict):
            if x.get("class_name") == "__ellipsis__":
                return ...
            return slice(x.get("start"), x.get("stop"), x.get("step"))
        return ... if x == "Ellipsis" else x

    spec = slice_spec if isinstance(slice_spec, list | tuple) else [slice_spec]
    return ops.get_item(tensor, tuple(part(x) for x in spec))


_OTHER = {
    "concat": _concat, "stack": _stack, "reshape": _reshape, "transpose": _transpose, "expand_dims": _expand_dims,
    "squeeze": _squeeze, "cast": _cast, "clip_by_value": _clip, "nn.softmax": _softmax, "nn.leaky_relu": _leaky,
    "tile": _tile, "pad": _pad, "__operators__.getitem": _getitem,
}  # fmt: skip
