"""Convolution, pooling and other ops of sliding windows."""

from __future__ import annotations

from kerata import backend
from kerata.backend import windows
from kerata.core.claims import claim_steps
from kerata.core.config import standardize_data_format
from kerata.ops._op import arrays, floating, op, promote


def spread(value, rank: int, name: str, op_name: str) -> tuple[int, ...]:
    """One positive integer an axis, from an integer or a sequence of them."""
    if isinstance(value, int):
        value = (value,) * rank
    value = tuple(int(v) for v in value)
    if len(value) != rank or any(v < 1 for v in value):
        raise ValueError(
            f"{op_name}(): `{name}` must be a positive integer or {rank} of them, one for each spatial axis; "
            f"it is {value if len(value) != 1 else value[0]}."
        )
    return value


def _padding(padding: str, op_name: str) -> str:
    lowered = padding.lower() if isinstance(padding, str) else padding
    if lowered not in ("valid", "same"):
        raise ValueError(f"{op_name}(): `padding` must be 'valid' or 'same'; it is {padding!r}.")
    return lowered


def _rank(x, op_name: str, highest: int = 3) -> int:
    rank = len(x.shape) - 2
    if not 1 <= rank <= highest:
        raise ValueError(
            f"{op_name}() wants a batch axis, 1 to {highest} spatial axes and a channel axis; "
            f"the shape of `inputs` is {tuple(x.shape)}."
        )
    return rank


def _kernel_rank(kernel, rank: int, op_name: str) -> None:
    if len(kernel.shape) != rank + 2:
        raise ValueError(
            f"{op_name}(): inputs with {rank} spatial axes need a kernel with {rank + 2} axes; "
            f"the kernel's shape is {tuple(kernel.shape)}."
        )


def _channels(x, data_format: str) -> int:
    return x.shape[1 if data_format == "channels_first" else -1]


def _fits(x, window, dilation, padding, data_format, op_name) -> None:
    if padding != "valid":
        return
    sizes = x.shape[2:] if data_format == "channels_first" else x.shape[1:-1]
    for size, w, d in zip(sizes, window, dilation):
        if size is not None and windows.span(w, d) > size:
            raise ValueError(
                f"{op_name}(): a window of {tuple(window)} (dilation {tuple(dilation)}) does not fit into inputs of "
                f"spatial shape {tuple(sizes)} with padding='valid'. Use a smaller window, larger inputs, or "
                "padding='same'."
            )


@op
def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution (as a cross-correlation: the kernel is not flipped) over 1, 2 or 3 spatial axes.

    Args:
        inputs: (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first".
        kernel: (*window, channels // groups, filters); the number of groups follows from the shapes.
        strides: cells from window to window, an integer or one a spatial axis.
        padding: "valid" (windows inside the input only), or "same" for ceil(size / stride) windows an axis, with
            zeros.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.
        dilation_rate: cells from one tap of the window to the next, an integer or one a spatial axis.

    Returns:
        Tensor (batch, *windows, filters), or with channels first, of the promoted dtype.

    Raises:
        ValueError: if numbers of axes or channels do not fit, or the window is larger than a "valid" input.

    >>> x = np.array([[[1.0], [2.0], [3.0]]])
    >>> kerata.ops.conv(x, np.ones((2, 1, 1)))  # [[[3], [5]]]
    """
    inputs, kernel, _ = promote(inputs, kernel)
    rank, data_format = _rank(inputs, "conv"), standardize_data_format(data_format)
    _kernel_rank(kernel, rank, "conv")
    strides = spread(strides, rank, "strides", "conv")
    dilation = spread(dilation_rate, rank, "dilation_rate", "conv")
    padding = _padding(padding, "conv")
    channels, fan_in, filters = _channels(inputs, data_format), kernel.shape[-2], kernel.shape[-1]
    if channels % fan_in or filters % (channels // fan_in):
        raise ValueError(
            f"conv(): inputs with {channels} channels (shape {tuple(inputs.shape)}, {data_format}) do not go with a "
            f"kernel of shape {tuple(kernel.shape)}: the channels must be a multiple of its {fan_in} input channels, "
            "and its filters a multiple of the groups that gives."
        )
    _fits(inputs, kernel.shape[:-2], dilation, padding, data_format, "conv")
    return backend.current().conv(inputs, kernel, strides, padding, data_format, dilation)


@op
def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution of each channel by itself, over 1 or 2 spatial axes.

    Args:
        inputs: (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first".
        kernel: (*window, channels, multiplier).
        strides: cells from window to window, an integer or one a spatial axis.
        padding: "valid", or "same" for ceil(size / stride) windows an axis.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.
        dilation_rate: cells from one tap of the window to the next, an integer or one a spatial axis.

    Returns:
        Tensor (batch, *windows, channels * multiplier), or with channels first, of the promoted dtype.

    Raises:
        ValueError: if numbers of axes or channels do not fit, or the window is larger than a "valid" input.

    >>> kerata.ops.depthwise_conv(np.ones((1, 4, 4, 2)), np.ones((3, 3, 2, 1))).shape
    (1, 2, 2, 2)
    """
    inputs, kernel, _ = promote(inputs, kernel)
    rank, data_format = _rank(inputs, "depthwise_conv", 2), standardize_data_format(data_format)
    _kernel_rank(kernel, rank, "depthwise_conv")
    strides = spread(strides, rank, "strides", "depthwise_conv")
    dilation = spread(dilation_rate, rank, "dilation_rate", "depthwise_conv")
    padding = _padding(padding, "depthwise_conv")
    if not kernel.shape[-2] or _channels(inputs, data_format) != kernel.shape[-2]:
        raise ValueError(
            f"depthwise_conv(): inputs of shape {tuple(inputs.shape)} ({data_format}) have "
            f"{_channels(inputs, data_format)} channels, the kernel {tuple(kernel.shape)} wants {kernel.shape[-2]}, "
            "and one or more."
        )
    _fits(inputs, kernel.shape[:-2], dilation, padding, data_format, "depthwise_conv")
    return backend.current().depthwise_conv(inputs, kernel, strides, padding, data_format, dilation)


@op
def separable_conv(
    inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """`depthwise_conv` with one kernel, then a 1x1 `conv` with another.

    Args:
        inputs: (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first".
        depthwise_kernel: (*window, channels, multiplier).
        pointwise_kernel: (*ones, channels * multiplier, filters).
        strides, padding, dilation_rate: of the first convolution; see `depthwise_conv`.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor (batch, *windows, filters), or with channels first, of the promoted dtype.

    Raises:
        ValueError: if numbers of axes or channels do not fit, or the window is larger than a "valid" input.

    Source: https://arxiv.org/abs/1610.02357 (Chollet, 2017)

    >>> kerata.ops.separable_conv(np.ones((1, 4, 4, 2)), np.ones((3, 3, 2, 1)), np.ones((1, 1, 2, 5))).shape
    (1, 2, 2, 5)
    """
    out = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(out, pointwise_kernel, 1, "valid", data_format, 1)


@op
def conv_transpose(
    inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1
):
    """The transpose of a convolution, that is its gradient: enlarges by the strides.

    Args:
        inputs: (batch, *spatial, channels), or (batch, channels, *spatial) for "channels_first".
        kernel: (*window, filters, channels).
        strides: by how much to enlarge, an integer or one a spatial axis.
        padding: "valid" or "same": that of the convolution which this one turns round.
        output_padding: None, or cells at the end, an integer or one a spatial axis: "same" then gives
            `(size - 1) * stride + span - 2 * (span // 2) + output_padding` cells, span being the dilated window;
            with None it gives `size * stride`.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.
        dilation_rate: cells from one tap of the window to the next, an integer or one a spatial axis.

    Returns:
        Tensor (batch, *larger, filters), or with channels first, of the promoted dtype.

    Raises:
        ValueError: if numbers of axes or channels do not fit.

    >>> kerata.ops.conv_transpose(np.array([[[1.0], [2.0]]]), np.ones((2, 1, 1)), strides=2)  # [[[1], [1], [2], [2]]]
    """
    inputs, kernel, _ = promote(inputs, kernel)
    rank, data_format = _rank(inputs, "conv_transpose"), standardize_data_format(data_format)
    _kernel_rank(kernel, rank, "conv_transpose")
    strides = spread(strides, rank, "strides", "conv_transpose")
    dilation = spread(dilation_rate, rank, "dilation_rate", "conv_transpose")
    extra = (output_padding,) * rank if output_padding is None or isinstance(output_padding, int) else output_padding
    if _channels(inputs, data_format) != kernel.shape[-1]:
        raise ValueError(
            f"conv_transpose(): inputs of shape {tuple(inputs.shape)} ({data_format}) have "
            f"{_channels(inputs, data_format)} channels, the kernel {tuple(kernel.shape)} wants {kernel.shape[-1]}."
        )
    padding = _padding(padding, "conv_transpose")
    return backend.current().conv_transpose(inputs, kernel, strides, padding, tuple(extra), data_format, dilation)


def _pool(name, inputs, pool_size, strides, padding, data_format):
    rank, data_format = _rank(inputs, name), standardize_data_format(data_format)
    window = spread(pool_size, rank, "pool_size", name)
    strides = window if strides is None else spread(strides, rank, "strides", name)
    padding = _padding(padding, name)
    _fits(inputs, window, (1,) * rank, padding, data_format, name)
    return getattr(backend.current(), name)(inputs, window, strides, padding, data_format)


@op
def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The largest element of each window.

    Args:
        inputs: (batch, *spatial, channels) with 1 to 3 spatial axes, or (batch, channels, *spatial).
        pool_size: cells of the window, an integer or one a spatial axis.
        strides: cells from window to window; as `pool_size` by default.
        padding: "valid", or "same" for ceil(size / stride) windows an axis.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor (batch, *windows, channels), or with channels first, of the dtype of `inputs`.

    Raises:
        ValueError: if the number of axes does not fit, or the window is larger than a "valid" input.

    >>> kerata.ops.max_pool(np.array([[[1.0], [2.0], [6.0], [4.0]]]), 2)  # [[[2], [6]]]
    """
    inputs, _ = arrays(inputs)
    b = backend.current()
    if b.dtype(inputs) == "bool":  # which no backend but NumPy's compares
        inputs = b.cast(inputs, "uint8")
        return b.cast(_pool("max_pool", inputs, pool_size, strides, padding, data_format), "bool")
    return _pool("max_pool", inputs, pool_size, strides, padding, data_format)


@op
def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The mean of each window; cells that "same" padding adds do not count.

    Args:
        inputs: (batch, *spatial, channels) with 1 to 3 spatial axes, or (batch, channels, *spatial).
        pool_size: cells of the window, an integer or one a spatial axis.
        strides: cells from window to window; as `pool_size` by default.
        padding: "valid", or "same" for ceil(size / stride) windows an axis.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Float tensor (batch, *windows, channels), or with channels first.

    Raises:
        ValueError: if the number of axes does not fit, or the window is larger than a "valid" input.

    >>> kerata.ops.average_pool(np.array([[[1.0], [2.0], [3.0]]]), 2, padding="same")  # [[[1.5], [3]]]
    """
    inputs, _ = floating(inputs)
    return _pool("average_pool", inputs, pool_size, strides, padding, data_format)


def _adaptive(inputs, output_size, data_format, reduce, name):
    inputs, xp = floating(inputs) if reduce == "mean" else arrays(inputs)
    rank, data_format = _rank(inputs, name), standardize_data_format(data_format)
    cells = spread(output_size, rank, "output_size", name)
    first = 2 if data_format == "channels_first" else 1
    for axis, n in enumerate(cells, first):
        size = inputs.shape[axis]
        claim_steps(8 * n, "adaptive pooling")
        if size % n == 0:  # windows of one size: a reshape does it
            shape = [backend.current().shape(inputs)[a] for a in range(rank + 2)]
            split = xp.reshape(inputs, (*shape[:axis], n, size // n, *shape[axis + 1 :]))
            inputs = getattr(xp, reduce)(split, axis=axis + 1)
            continue
        before = (slice(None),) * axis
        parts = [inputs[(*before, slice(a, b))] for a, b in windows.adaptive(size, n)]
        inputs = xp.concat([getattr(xp, reduce)(p, axis=axis, keepdims=True) for p in parts], axis=axis)
    return inputs


@op
def adaptive_average_pool(inputs, output_size, data_format=None):
    """Means of windows that cut the spatial axes into a given number of parts, as equal as can be.

    Args:
        inputs: (batch, *spatial, channels) with 1 to 3 spatial axes, or (batch, channels, *spatial).
        output_size: how many parts, an integer or one a spatial axis. Windows overlap if it does not divide the
            size.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Float tensor (batch, *output_size, channels), or with channels first.

    >>> kerata.ops.adaptive_average_pool(np.array([[[1.0], [2.0], [6.0]]]), 2)  # [[[1.5], [4]]]
    """
    return _adaptive(inputs, output_size, data_format, "mean", "adaptive_average_pool")


@op
def adaptive_max_pool(inputs, output_size, data_format=None):
    """Maxima of windows that cut the spatial axes into a given number of parts, as equal as can be.

    Args:
        inputs: (batch, *spatial, channels) with 1 to 3 spatial axes, or (batch, channels, *spatial).
        output_size: how many parts, an integer or one a spatial axis. Windows overlap if it does not divide the
            size.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor (batch, *output_size, channels), or with channels first, of the dtype of `inputs`.

    >>> kerata.ops.adaptive_max_pool(np.array([[[1.0], [2.0], [6.0]]]), 2)  # [[[2], [6]]]
    """
    return _adaptive(inputs, output_size, data_format, "max", "adaptive_max_pool")


def _pair(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _sliding_geometry(size, kernel_size, dilation, padding, stride):
    kernel, dilation, padding, stride = map(_pair, (kernel_size, dilation, padding, stride))
    cells = [windows.count(n + 2 * p, k, s, d) for n, k, d, p, s in zip(size, kernel, dilation, padding, stride)]
    taps = []
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            starts = (i * dilation[0], j * dilation[1])
            taps.append(tuple(slice(b, b + (n - 1) * s + 1, s) for b, n, s in zip(starts, cells, stride)))
    return kernel, padding, stride, cells, taps


@op
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """All windows of images, one a column (im2col).

    Args:
        x: images (batch, channels, height, width).
        kernel_size: rows and columns of the window, an integer or a pair.
        dilation: cells from one tap of the window to the next, an integer or a pair.
        padding: cells of zeros on each side, an integer or a pair.
        stride: cells from window to window, an integer or a pair.

    Returns:
        Tensor (batch, channels * taps, windows) of the dtype of `x`.

    >>> kerata.ops.unfold(np.arange(4).reshape(1, 1, 2, 2), (1, 2))  # [[[0, 2], [1, 3]]]
    """
    x, xp = arrays(x)
    batch, channels, *_ = backend.current().shape(x)
    _, padding, _, _, taps = _sliding_geometry(x.shape[2:], kernel_size, dilation, padding, stride)
    if any(padding):
        x = xp.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    columns = xp.stack([x[(slice(None), slice(None), *tap)] for tap in taps], axis=2)
    return xp.reshape(columns, (batch, channels * len(taps), -1))


@op
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Puts the columns of `unfold` back into images; where windows overlap, they add up (col2im).

    Args:
        x: columns (batch, channels * taps, windows).
        output_size: height and width of the images, an integer or a pair.
        kernel_size: rows and columns of the window, an integer or a pair.
        dilation: cells from one tap of the window to the next, an integer or a pair.
        padding: cells on each side that `unfold` had added, an integer or a pair.
        stride: cells from window to window, an integer or a pair.

    Returns:
        Tensor (batch, channels, *output_size) of the dtype of `x`.

    Raises:
        ValueError: if images of that size have another number of windows or taps.

    >>> kerata.ops.fold(np.ones((1, 4, 4)), 3, 2)  # [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]
    """
    x, xp = arrays(x)
    height, width = _pair(output_size)
    kernel, padding, stride, cells, taps = _sliding_geometry((height, width), kernel_size, dilation, padding, stride)
    if x.shape[2] != cells[0] * cells[1] or x.shape[1] % len(taps):
        raise ValueError(
            f"fold(): an output of size {(height, width)} has {cells[0] * cells[1]} windows of {kernel}, so x must be "
            f"(batch, channels * {len(taps)}, {cells[0] * cells[1]}); its shape is {tuple(x.shape)}."
        )
    batch, channels = backend.current().shape(x)[0], x.shape[1] // len(taps)
    columns = xp.reshape(x, (batch, channels, len(taps), *cells))
    full = (height + 2 * padding[0], width + 2 * padding[1])
    out = 0
    for t, tap in enumerate(taps):
        out = out + _spread_out(xp, columns[:, :, t], [s.start for s in tap], stride, full)
    return out[:, :, padding[0] : padding[0] + height, padding[1] : padding[1] + width]


def _spread_out(xp, x, starts, strides, full):
    """`x` with its two last axes placed on a grid of zeros: from `starts`, every `strides` cells."""
    b = backend.current()
    for axis, start, stride, size in zip((2, 3), starts, strides, full):
        shape = b.shape(x)
        n = shape[axis]
        if stride > 1:
            x = xp.expand_dims(x, axis + 1)
            x = xp.pad(x, [(0, stride - 1) if a == axis + 1 else (0, 0) for a in range(5)])
            x = xp.reshape(x, (*shape[:axis], n * stride, *shape[axis + 1 :]))
            keep = min((n - 1) * stride + 1, size - start)
            x = x[(slice(None),) * axis + (slice(0, keep),)]
            n = keep
        x = xp.pad(x, [(start, size - start - n) if a == axis else (0, 0) for a in range(4)])
    return x


def _image_shape(x, name: str, block_size: int, data_format: str):
    if len(x.shape) != 4:
        raise ValueError(f"{name}() wants images with 4 axes; the shape of x is {tuple(x.shape)}.")
    if block_size < 1:
        raise ValueError(f"{name}(): `block_size` must be a positive integer; it is {block_size}.")
    batch, *rest = backend.current().shape(x)
    channels, height, width = rest if data_format == "channels_first" else (rest[2], rest[0], rest[1])
    return batch, height, width, channels


@op
def depth_to_space(x, block_size, data_format="channels_last"):
    """Spreads channels over blocks of pixels.

    Args:
        x: images (batch, height, width, depth * block_size**2), or channels first.
        block_size: rows and columns of a block.
        data_format: "channels_last" or "channels_first".

    Returns:
        Tensor (batch, height * block_size, width * block_size, depth), or channels first; the dtype of `x`.

    Raises:
        ValueError: if the channels are no multiple of `block_size**2`.

    Source: https://arxiv.org/abs/1609.05158 (Shi et al., 2016)

    >>> kerata.ops.depth_to_space([[[[0, 1, 2, 3]]]], 2)  # [[[[0], [1]], [[2], [3]]]]
    """
    x, xp = arrays(x)
    batch, height, width, channels = _image_shape(x, "depth_to_space", block_size, data_format)
    depth = channels // block_size**2
    if depth * block_size**2 != channels:
        raise ValueError(
            f"depth_to_space(): the channels must be a multiple of block_size**2 = {block_size**2}; "
            f"the shape of x is {tuple(x.shape)} ({data_format})."
        )
    if data_format == "channels_first":
        # Here the block's row and column follow the depth in the channels; in channels_last data they lead.
        x = xp.reshape(x, (batch, depth, block_size, block_size, height, width))
        x = xp.permute_dims(x, (0, 1, 4, 2, 5, 3))
        return xp.reshape(x, (batch, depth, height * block_size, width * block_size))
    x = xp.reshape(x, (batch, height, width, block_size, block_size, depth))
    x = xp.permute_dims(x, (0, 1, 3, 2, 4, 5))
    return xp.reshape(x, (batch, height * block_size, width * block_size, depth))


@op
def space_to_depth(x, block_size, data_format="channels_last"):
    """Gathers blocks of pixels into channels; undoes `depth_to_space`.

    Args:
        x: images (batch, height, width, channels), or channels first.
        block_size: rows and columns of a block.
        data_format: "channels_last" or "channels_first".

    Returns:
        Tensor (batch, height / block_size, width / block_size, channels * block_size**2), or channels first; the
        dtype of `x`.

    Raises:
        ValueError: if height or width is no multiple of `block_size`.

    >>> kerata.ops.space_to_depth([[[[0], [1]], [[2], [3]]]], 2)  # [[[[0, 1, 2, 3]]]]
    """
    x, xp = arrays(x)
    batch, height, width, channels = _image_shape(x, "space_to_depth", block_size, data_format)
    rows, columns = height // block_size, width // block_size
    if isinstance(height, int) and isinstance(width, int) and (height % block_size or width % block_size):
        raise ValueError(
            f"space_to_depth(): height and width must be multiples of block_size = {block_size}; "
            f"the shape of x is {tuple(x.shape)} ({data_format})."
        )
    if data_format == "channels_first":
        x = xp.reshape(x, (batch, channels, rows, block_size, columns, block_size))
        x = xp.permute_dims(x, (0, 1, 3, 5, 2, 4))
        return xp.reshape(x, (batch, channels * block_size**2, rows, columns))
    x = xp.reshape(x, (batch, rows, block_size, columns, block_size, channels))
    x = xp.permute_dims(x, (0, 1, 3, 2, 4, 5))
    return xp.reshape(x, (batch, rows, columns, channels * block_size**2))
