"""Layers that combine several inputs."""

from __future__ import annotations

from kerata import ops
from kerata.layers._errors import merge_mismatch
from kerata.layers.layer import Layer


class Merge(Layer):
    """Base of elementwise merges: inputs `[a, b, ...]` of shapes that broadcast.

    Inputs of lower rank get axes of size 1 after the batch axis.
    """

    _keeps_sparse = all

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        shapes = _list_of_shapes(input_shape, self)
        _check_batches(self, shapes)
        self._aligned = len({len(s) for s in shapes}) == 1

    def _combine(self, a, b):
        raise NotImplementedError

    def call(self, inputs):
        inputs = _inputs(inputs, self)
        if not self._aligned:
            rank = max(len(x.shape) for x in inputs)
            inputs = [x if len(x.shape) == rank else _with_rank(x, rank) for x in inputs]
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
    first = inputs[0].shape
    if all(x.shape == first for x in inputs):
        return
    for sizes in zip(*(reversed(tuple(x.shape)) for x in inputs)):
        known = {n for n in sizes if isinstance(n, int) and n != 1}
        if len(known) > 1:
            raise _Mismatch(f"Layer {layer.name!r}: shapes {[tuple(x.shape) for x in inputs]} do not broadcast.")


def _inputs(inputs, layer) -> list:
    if not isinstance(inputs, list | tuple):
        raise _not_a_list(layer, tuple(inputs.shape))
    return list(inputs)


def _list_of_shapes(shapes, layer) -> list[tuple]:
    if not isinstance(shapes, list | tuple) or not shapes or not isinstance(shapes[0], list | tuple):
        raise _not_a_list(layer, shapes)
    return [tuple(s) for s in shapes]


def _check_batches(layer, shapes) -> None:
    batches = {s[0] for s in shapes if s} - {None}
    if len(batches) > 1 or (() in shapes and any(shapes)):
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) combines inputs of one batch size; it was given the shapes "
            f"{shapes}."
        )


def _not_a_list(layer, shape) -> ValueError:
    kind = type(layer).__name__
    return ValueError(
        f"Layer {layer.name!r} ({kind}) combines a list of inputs, {kind}()([a, b]); it was given one of shape {shape}."
    )


class Add(Merge):
    """The sum of the inputs, element by element.

    Input shape:
        A list of two or more tensors `(batch, ...)` of one batch size, which broadcast; one of lower rank
        gets axes of size 1 behind the batch axis. Any dtype; they are promoted to one.
    Output shape:
        The shape that they broadcast to.

    Raises:
        ValueError: if the inputs are no list, or do not broadcast.

    >>> from kerata import layers, ops
    >>> a, b = ops.convert_to_tensor([[1.0, 2.0]]), ops.convert_to_tensor([[10.0, 20.0]])
    >>> layers.Add()([a, b])  # [[11, 22]]
    """

    def _combine(self, a, b):
        return ops.add(a, b)


class Subtract(Merge):
    """The first input minus the second, element by element.

    Input shape:
        A list of two tensors `(batch, ...)` of one batch size, which broadcast.
    Output shape:
        The shape that they broadcast to.

    Raises:
        ValueError: if the inputs are no list of two, or do not broadcast.

    >>> from kerata import layers, ops
    >>> a, b = ops.convert_to_tensor([[1.0, 2.0]]), ops.convert_to_tensor([[10.0, 20.0]])
    >>> layers.Subtract()([a, b])  # [[-9, -18]]
    """

    def build(self, input_shape):
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ValueError(f"Layer {self.name!r} subtracts two inputs; it was given {len(input_shape)}.")

    def _combine(self, a, b):
        return ops.subtract(a, b)


class Multiply(Merge):
    """The product of the inputs, element by element.

    What an input's mask leaves out counts as 1; where all masks leave out, the product is 0.

    Input shape:
        A list of two or more tensors `(batch, ...)` of one batch size, which broadcast; one of lower rank
        gets axes of size 1 behind the batch axis. Any dtype; they are promoted to one.
    Output shape:
        The shape that they broadcast to.

    Raises:
        ValueError: if the inputs are no list, or do not broadcast.

    >>> from kerata import layers, ops
    >>> a, b = ops.convert_to_tensor([[1.0, 2.0]]), ops.convert_to_tensor([[10.0, 20.0]])
    >>> layers.Multiply()([a, b])  # [[10, 40]]
    """

    _keeps_sparse = any

    def _combine(self, a, b):
        return ops.multiply(a, b)

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        out = super().call(_filled(inputs, mask, 1.0))
        if any(m is None for m in mask):
            return out
        return ops.where(_any_of(inputs, mask), out, ops.zeros_like(out))


class Average(Merge):
    """The mean of the inputs, element by element.

    Input shape:
        A list of two or more tensors `(batch, ...)` of one batch size, which broadcast; one of lower rank
        gets axes of size 1 behind the batch axis. Any dtype; they are promoted to one.
    Output shape:
        The shape that they broadcast to.

    Raises:
        ValueError: if the inputs are no list, or do not broadcast.

    >>> from kerata import layers, ops
    >>> a, b = ops.convert_to_tensor([[1.0, 2.0]]), ops.convert_to_tensor([[10.0, 20.0]])
    >>> layers.Average()([a, b])  # [[5.5, 11]]
    """

    def _combine(self, a, b):
        return ops.add(a, b)

    def _merge(self, inputs):
        return super()._merge(inputs) / len(inputs)


class _Extreme(Merge):
    """The greatest or least input. What a mask leaves out does not count, unless all masks do."""

    _neutral = 0.0

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        out = super().call(_filled(inputs, mask, self._neutral))
        if any(m is None for m in mask):
            return out
        return ops.where(_any_of(inputs, mask), out, inputs[0])


class Maximum(_Extreme):
    """The greatest of the inputs, element by element.

    What an input's mask leaves out does not count; where all masks leave out, the first input stands.

    Input shape:
        A list of two or more tensors `(batch, ...)` of one batch size, which broadcast; one of lower rank
        gets axes of size 1 behind the batch axis. Any dtype; they are promoted to one.
    Output shape:
        The shape that they broadcast to.

    Raises:
        ValueError: if the inputs are no list, or do not broadcast.

    >>> from kerata import layers, ops
    >>> a, b = ops.convert_to_tensor([[1.0, 9.0]]), ops.convert_to_tensor([[5.0, 2.0]])
    >>> layers.Maximum()([a, b])  # [[5, 9]]
    """

    _neutral = -float("inf")

    def _combine(self, a, b):
        return ops.maximum(a, b)


class Minimum(_Extreme):
    """The least of the inputs, element by element.

    What an input's mask leaves out does not count; where all masks leave out, the first input stands.

    Input shape:
        A list of two or more tensors `(batch, ...)` of one batch size, which broadcast; one of lower rank
        gets axes of size 1 behind the batch axis. Any dtype; they are promoted to one.
    Output shape:
        The shape that they broadcast to.

    Raises:
        ValueError: if the inputs are no list, or do not broadcast.

    >>> from kerata import layers, ops
    >>> a, b = ops.convert_to_tensor([[1.0, 9.0]]), ops.convert_to_tensor([[5.0, 2.0]])
    >>> layers.Minimum()([a, b])  # [[1, 2]]
    """

    _neutral = float("inf")

    def _combine(self, a, b):
        return ops.minimum(a, b)


def _wide(mask, x):
    """The mask with axes of size 1 up to the rank of `x`."""
    while len(mask.shape) < len(x.shape):
        mask = ops.expand_dims(mask, -1)
    return mask


def _filled(inputs, masks, value: float) -> list:
    """The inputs with `value` where their masks leave something out."""
    return [x if m is None else ops.where(_wide(m, x), x, ops.full_like(x, value)) for x, m in zip(inputs, masks)]


def _any_of(inputs, masks):
    wide = [_wide(m, x) for x, m in zip(inputs, masks)]
    out = wide[0]
    for m in wide[1:]:
        out = ops.logical_or(out, m)
    return out


class Concatenate(Merge):
    """Joins the inputs one after the other along an axis.

    Args:
        axis: integer: the axis; -1 by default.

    Input shape:
        A list of two or more tensors of equal shapes but for `axis`.
    Output shape:
        That shape, with the sum of their sizes along `axis`.

    Raises:
        ValueError: if the inputs are no list, lack the axis, or differ in another.

    >>> from kerata import layers, ops
    >>> layers.Concatenate()([ops.ones((2, 3)), ops.zeros((2, 4))]).shape  # (2, 7)
    """

    _keeps_sparse = all

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def build(self, input_shape):
        shapes = _list_of_shapes(input_shape, self)
        rank = len(shapes[0])
        if not -rank <= self.axis < rank:
            raise ValueError(f"Layer {self.name!r} (Concatenate) joins along axis {self.axis}; the shapes given are {shapes}.")
        axis = self.axis % rank if rank else 0
        reduced = {s[:axis] + s[axis + 1 :] for s in shapes}
        bad = len({len(s) for s in shapes}) > 1 or any(
            len({s[i] for s in shapes if s[i] is not None}) > 1 for i in range(rank) if i != axis and len(reduced) > 1
        )
        if bad:
            raise ValueError(
                f"Layer {self.name!r} (Concatenate) joins inputs that are alike on all axes but {self.axis}; it was given "
                f"the shapes {shapes}."
            )
        self._aligned = True

    def call(self, inputs):
        return ops.concatenate(_inputs(inputs, self), axis=self.axis)

    def compute_mask(self, inputs, mask=None):
        if mask is None or all(m is None for m in mask):
            return None
        parts = []
        for x, m in zip(inputs, mask):
            if m is None:
                parts.append(ops.ones_like(x, dtype="bool"))
            else:
                while len(m.shape) < len(x.shape):
                    m = ops.expand_dims(m, -1)
                parts.append(ops.logical_or(m, ops.zeros_like(x, dtype="bool")))
        return ops.any(ops.concatenate(parts, axis=self.axis), axis=-1)


class Dot(Merge):
    """Sums of products of two inputs along an axis of each, for each sample on its own.

    Args:
        axes: integer, or (that of the first, that of the second): the axes to sum over; 0 is the batch and
            not allowed.
        normalize: whether vectors along the axes are scaled to length 1 first, which makes it the cosine of
            their angle; False by default.

    Input shape:
        A list of two tensors `(batch, ...)` with equal sizes along the axes; float.
    Output shape:
        `(batch, other axes of the first..., other axes of the second...)`; `(batch, 1)` for two vectors.

    Raises:
        ValueError: if the inputs are not two, lack an axis, or differ in size along the axes.

    >>> from kerata import layers, ops
    >>> a, b = ops.convert_to_tensor([[1.0, 2.0]]), ops.convert_to_tensor([[10.0, 20.0]])
    >>> layers.Dot(axes=1)([a, b])  # [[50]]
    >>> layers.Dot(axes=(2, 1))([ops.ones((5, 2, 3)), ops.ones((5, 3, 4))]).shape  # (5, 2, 4)
    """

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(axes, int) and (not isinstance(axes, list | tuple) or len(axes) != 2):
            raise ValueError(f"`axes` of Dot is an integer or two of them; got {axes!r}.")
        self.axes, self.normalize = axes, normalize

    def build(self, input_shape):
        shapes = _list_of_shapes(input_shape, self)
        if len(shapes) != 2:
            raise ValueError(f"Layer {self.name!r} (Dot) takes two inputs; it was given {len(shapes)}.")
        for axis, shape in zip((self.axes,) * 2 if isinstance(self.axes, int) else self.axes, shapes):
            if not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
                raise ValueError(
                    f"Layer {self.name!r} (Dot) multiplies along axis {axis}; an input of shape {shape} has the axes 1 to "
                    f"{len(shape) - 1} besides the batch's."
                )
        _check_batches(self, shapes)
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


def add(inputs, **kwargs):
    """The sum of the inputs, by a new layer `Add`.

    Args:
        inputs: list of two or more tensors `(batch, ...)`, symbolic or not.
        **kwargs: `name`, `dtype` and what else the layer takes.

    Returns:
        A tensor of the shape that the inputs broadcast to.

    >>> from kerata import layers, ops
    >>> layers.add([ops.ones((1, 2)), ops.ones((1, 2))])  # [[2, 2]]
    """
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """The first input minus the second, by a new layer `Subtract`.

    Args:
        inputs: list of two tensors `(batch, ...)`, symbolic or not.
        **kwargs: `name`, `dtype` and what else the layer takes.

    Returns:
        A tensor of the shape that the inputs broadcast to.

    >>> from kerata import layers, ops
    >>> layers.subtract([ops.ones((1, 2)), ops.ones((1, 2))])  # [[0, 0]]
    """
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """The product of the inputs, by a new layer `Multiply`.

    Args:
        inputs: list of two or more tensors `(batch, ...)`, symbolic or not.
        **kwargs: `name`, `dtype` and what else the layer takes.

    Returns:
        A tensor of the shape that the inputs broadcast to.

    >>> from kerata import layers, ops
    >>> layers.multiply([ops.ones((1, 2)), 3 * ops.ones((1, 2))])  # [[3, 3]]
    """
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """The mean of the inputs, by a new layer `Average`.

    Args:
        inputs: list of two or more tensors `(batch, ...)`, symbolic or not.
        **kwargs: `name`, `dtype` and what else the layer takes.

    Returns:
        A tensor of the shape that the inputs broadcast to.

    >>> from kerata import layers, ops
    >>> layers.average([ops.ones((1, 2)), 3 * ops.ones((1, 2))])  # [[2, 2]]
    """
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """The greatest of the inputs, by a new layer `Maximum`.

    Args:
        inputs: list of two or more tensors `(batch, ...)`, symbolic or not.
        **kwargs: `name`, `dtype` and what else the layer takes.

    Returns:
        A tensor of the shape that the inputs broadcast to.

    >>> from kerata import layers, ops
    >>> layers.maximum([ops.ones((1, 2)), 3 * ops.ones((1, 2))])  # [[3, 3]]
    """
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """The least of the inputs, by a new layer `Minimum`.

    Args:
        inputs: list of two or more tensors `(batch, ...)`, symbolic or not.
        **kwargs: `name`, `dtype` and what else the layer takes.

    Returns:
        A tensor of the shape that the inputs broadcast to.

    >>> from kerata import layers, ops
    >>> layers.minimum([ops.ones((1, 2)), 3 * ops.ones((1, 2))])  # [[1, 1]]
    """
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis=-1, **kwargs):
    """The inputs one after the other along an axis, by a new layer `Concatenate`.

    Args:
        inputs: list of two or more tensors of equal shapes but for `axis`.
        axis: integer: the axis; -1 by default.
        **kwargs: `name`, `dtype` and what else the layer takes.

    Returns:
        A tensor with the sum of their sizes along `axis`.

    >>> from kerata import layers, ops
    >>> layers.concatenate([ops.ones((1, 2)), ops.zeros((1, 1))])  # [[1, 1, 0]]
    """
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs, axes=-1, **kwargs):
    """Sums of products of two inputs along an axis of each, by a new layer `Dot`.

    Args:
        inputs: list of two tensors `(batch, ...)` with equal sizes along the axes.
        axes: integer or two: the axes to sum over; -1 by default.
        **kwargs: `normalize`, `name`, `dtype`: as for `Dot`.

    Returns:
        A tensor `(batch, other axes...)`.

    >>> from kerata import layers, ops
    >>> layers.dot([ops.ones((1, 2)), 3 * ops.ones((1, 2))], axes=1)  # [[6]]
    """
    return Dot(axes=axes, **kwargs)(inputs)
