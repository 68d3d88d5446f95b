"""Layers that combine several inputs."""

from __future__ import annotations

from kerata import ops
from kerata.layers._errors import merge_mismatch
from kerata.layers.layer import Layer


class Merge(Layer):
    """Base of elementwise merges: inputs `[a, b, ...]` of shapes that broadcast.

    Inputs of lower rank get axes of size 1 after the batch axis.
    """

    _least = 2

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        shapes = _list_of_shapes(input_shape, self, self._least)
        self._aligned = len({len(s) for s in shapes}) == 1
        self._checked = shapes

    def _combine(self, a, b):
        raise NotImplementedError

    def call(self, inputs):
        inputs = _inputs(inputs, self, self._least)
        if not self._aligned:
            rank = max(len(x.shape) for x in inputs)
            for_rank = [x if len(x.shape) == rank else _with_rank(x, rank) for x in inputs]
            inputs = for_rank
        _check_broadcast(self, inputs)
        return self._merge(inputs)

    def _merge(self, inputs):
        out = inputs[0]
        for x in inputs[1:]:
            out = self._combine(out, x)
        return out

    def compute_mask(self, inputs, mask=None):
        if mask is None or any(m is None for m in mask):
            return None
        out = mask[0]
        for m in mask[1:]:
            out = ops.logical_or(out, m)
        return out

    def _call_in_full(self, args, kwargs):
        try:
            return super()._call_in_full(args, kwargs)
        except _Mismatch as e:
            inputs = args[0] if args else kwargs.get("inputs", ())
            raise merge_mismatch(self, inputs, [tuple(x.shape) for x in inputs]) from e


class _Mismatch(ValueError):
    pass


def _with_rank(x, rank: int):
    shape = ops.shape(x)
    return ops.reshape(x, (shape[0], *(1,) * (rank - len(shape)), *shape[1:]))


def _check_broadcast(layer, inputs) -> None:
    for sizes in zip(*(reversed(tuple(x.shape)) for x in inputs)):
        known = {n for n in sizes if isinstance(n, int) and n != 1}
        if len(known) > 1:
            raise _Mismatch(f"Layer {layer.name!r}: shapes {[tuple(x.shape) for x in inputs]} do not broadcast.")


def _inputs(inputs, layer, least: int) -> list:
    if not isinstance(inputs, list | tuple) or len(inputs) < least:
        given = f"{len(inputs)} inputs" if isinstance(inputs, list | tuple) else "one tensor"
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) combines a list of at least {least} inputs, "
            f"{type(layer).__name__}()([a, b]); it was given {given}."
        )
    return list(inputs)


def _list_of_shapes(shapes, layer, least: int) -> list[tuple]:
    if not isinstance(shapes, list | tuple) or not shapes or not isinstance(shapes[0], list | tuple):
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) combines a list of inputs, {type(layer).__name__}()([a, b]); it "
            f"was given one of shape {shapes}."
        )
    if len(shapes) < least:
        raise ValueError(f"Layer {layer.name!r} combines at least {least} inputs; it was given {len(shapes)}.")
    return [tuple(s) for s in shapes]


class Add(Merge):
    """The sum of the inputs.

    >>> import kerata
    >>> a = kerata.ops.ones((1, 2))
    >>> float(kerata.layers.Add()([a, a])[0, 0])
    2.0
    """

    def _combine(self, a, b):
        return ops.add(a, b)


class Subtract(Merge):
    """The first input minus the second."""

    def build(self, input_shape):
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ValueError(f"Layer {self.name!r} subtracts two inputs; it was given {len(input_shape)}.")

    def _combine(self, a, b):
        return ops.subtract(a, b)


class Multiply(Merge):
    """The product of the inputs."""

    def _combine(self, a, b):
        return ops.multiply(a, b)

    def compute_mask(self, inputs, mask=None):
        if mask is None or all(m is None for m in mask):
            return None
        masks = [m for m in mask if m is not None]
        out = masks[0]
        for m in masks[1:]:
            out = ops.logical_and(out, m)
        return out


class Average(Merge):
    """The mean of the inputs."""

    def _combine(self, a, b):
        return ops.add(a, b)

    def _merge(self, inputs):
        return super()._merge(inputs) / len(inputs)


class Maximum(Merge):
    """The elementwise maximum of the inputs."""

    def _combine(self, a, b):
        return ops.maximum(a, b)


class Minimum(Merge):
    """The elementwise minimum of the inputs."""

    def _combine(self, a, b):
        return ops.minimum(a, b)


class Concatenate(Merge):
    """The inputs one after the other along an axis.

    Args:
        axis: integer; not the batch axis as a rule.
    """

    _least = 1

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape):
        shapes = _list_of_shapes(input_shape, self, 1)
        rank = len(shapes[0])
        axis = self.axis % rank if rank else 0
        reduced = {s[:axis] + s[axis + 1 :] for s in shapes}
        bad = len({len(s) for s in shapes}) > 1 or any(
            len({s[i] for s in shapes if s[i] is not None}) > 1 for i in range(1, rank) if i != axis and len(reduced) > 1
        )
        if bad:
            raise ValueError(
                f"Layer {self.name!r} (Concatenate) joins inputs that are alike on all axes but {self.axis}; it was given "
                f"the shapes {shapes}."
            )
        self._aligned = True

    def call(self, inputs):
        return ops.concatenate(_inputs(inputs, self, 1), axis=self.axis)

    def compute_mask(self, inputs, mask=None):
        if mask is None or all(m is None for m in mask):
            return None
        parts = []
        for x, m in zip(inputs, mask):
            if m is None:
                parts.append(ops.ones(ops.shape(x), dtype="bool"))
            else:
                while len(m.shape) < len(x.shape):
                    m = ops.expand_dims(m, -1)
                parts.append(ops.broadcast_to(m, ops.shape(x)))
        return ops.any(ops.concatenate(parts, axis=self.axis), axis=-1)


class Dot(Merge):
    """The dot product of two inputs along axes.

    Args:
        axes: integer, or one for each input.
        normalize: whether vectors are scaled to length 1 first (cosine similarity).
    """

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(axes, int) and (not isinstance(axes, list | tuple) or len(axes) != 2):
            raise ValueError(f"`axes` of Dot is an integer or two of them; got {axes!r}.")
        self.axes, self.normalize = axes, normalize

    def build(self, input_shape):
        shapes = _list_of_shapes(input_shape, self, 2)
        if len(shapes) != 2:
            raise ValueError(f"Layer {self.name!r} (Dot) takes two inputs; it was given {len(shapes)}.")
        a, b = self._axes(len(shapes[0]), len(shapes[1]))
        if shapes[0][a] != shapes[1][b]:
            raise ValueError(
                f"Layer {self.name!r} (Dot) cannot multiply axis {a} of the first input {shapes[0]} with axis {b} of the "
                f"second {shapes[1]}: their sizes differ."
            )
        self._aligned = True

    def _axes(self, rank_a: int, rank_b: int) -> tuple[int, int]:
        a, b = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return a % rank_a, b % rank_b

    def call(self, inputs):
        x, y = inputs
        a, b = self._axes(len(x.shape), len(y.shape))
        if self.normalize:
            x, y = ops.normalize(x, axis=a), ops.normalize(y, axis=b)
        return batch_dot(x, y, a, b)

    def compute_mask(self, inputs, mask=None):
        return None


def batch_dot(x, y, a: int, b: int):
    """Sums of products along axis `a` of x and `b` of y, for each sample; ranks of at least 2."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    x_axes = list(letters[1 : len(x.shape)])
    y_axes = list(letters[13 : 13 + len(y.shape) - 1])
    y_axes[b - 1] = x_axes[a - 1]
    summed = x_axes[a - 1]
    out = [c for c in x_axes if c != summed] + [c for c in y_axes if c != summed]
    result = ops.einsum(f"z{''.join(x_axes)},z{''.join(y_axes)}->z{''.join(out)}", x, y)
    return ops.expand_dims(result, -1) if not out else result


def _function(cls, doc: str, takes=()):
    if not takes:

        def merge(inputs, **kwargs):
            return cls(**kwargs)(inputs)

    elif takes == ("axis",):

        def merge(inputs, axis=-1, **kwargs):
            return cls(axis=axis, **kwargs)(inputs)

    else:

        def merge(inputs, axes=-1, **kwargs):
            return cls(axes=axes, **kwargs)(inputs)

    merge.__name__ = cls.__name__.lower()
    merge.__doc__ = doc
    return merge


add = _function(Add, "The sum of the inputs; see `Add`.")
subtract = _function(Subtract, "The first input minus the second; see `Subtract`.")
multiply = _function(Multiply, "The product of the inputs; see `Multiply`.")
average = _function(Average, "The mean of the inputs; see `Average`.")
maximum = _function(Maximum, "The elementwise maximum; see `Maximum`.")
minimum = _function(Minimum, "The elementwise minimum; see `Minimum`.")
concatenate = _function(Concatenate, "The inputs one after the other; see `Concatenate`.", ("axis",))
dot = _function(Dot, "The dot product of two inputs; see `Dot`.", ("axes",))

