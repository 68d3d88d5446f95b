"""ContrastLimitedAdaptiveHistogramEqualization."""

from __future__ import annotations

from kerata import ops
from kerata.core.configurable import as_list
from kerata.layers.preprocessing.image.random_base import rescaled
from kerata.layers.preprocessing.image.tones import BYTES, ToneLayer, histogram


class ContrastLimitedAdaptiveHistogramEqualization(ToneLayer):
    """Equalizes the histograms of tiles of images, with a limit to how much contrast grows, in training and inference.

    Each tile's histogram of 256 values is cut off at `clip_limit` times its mean, and what is cut off is
    spread over all values; its running sum is the tile's table of new values. A pixel gets the mean, weighted
    by nearness, of what the tables of the four nearest tiles say.

    Args:
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        clip_limit: number: the limit, in multiples of the histogram's mean; 0 for none; 4.0 by default.
        tile_grid_size: (down, across): the number of tiles; (8, 8) by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first".
    Output shape:
        The input's, in the input's dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    Source: Zuiderveld (1994), "Contrast Limited Adaptive Histogram Equalization".

    >>> from kerata import layers, ops
    >>> layer = layers.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2))
    >>> layer(ops.ones((8, 8, 1))).shape  # (8, 8, 1)
    """

    def __init__(self, value_range=(0, 255), clip_limit=4.0, tile_grid_size=(8, 8), data_format=None, **kwargs):
        super().__init__(value_range=value_range, data_format=data_format, **kwargs)
        self.clip_limit = clip_limit
        self.tile_grid_size = as_list(tile_grid_size)

    def transform_images(self, images, transformation=None, training=True):
        dtype = ops.dtype(images)
        values = rescaled(ops.cast(images, "float32"), self.value_range, BYTES)
        values = ops.cast(ops.clip(values, *BYTES), "int32")
        values = values if self.data_format == "channels_first" else ops.transpose(values, (0, 3, 1, 2))
        out = self._equalized(values)
        out = out if self.data_format == "channels_first" else ops.transpose(out, (0, 2, 3, 1))
        return ops.cast(rescaled(out, BYTES, self.value_range), dtype)

    def _equalized(self, values):
        """Integers (batch, channels, height, width), equalized: floats from 0 to 255."""
        height, width = ops.shape(values)[2:]
        rows, columns = self.tile_grid_size
        tall, wide = -(-height // rows), -(-width // columns)
        tables = self._tables(self._tiles(values, rows, columns, tall, wide))
        out = 0
        flat = ops.reshape(values, (*ops.shape(values)[:2], height * width))
        for row, down in _neighbours(height, rows, tall):
            for column, across in _neighbours(width, columns, wide):
                tile = ops.reshape(ops.expand_dims(row * columns, 1) + ops.expand_dims(column, 0), (-1,))
                weight = ops.reshape(ops.expand_dims(down, 1) * ops.expand_dims(across, 0), (-1,))
                out = out + weight * ops.take_along_axis(tables, tile * 256 + flat, axis=-1)
        return ops.reshape(ops.clip(out, *BYTES), ops.shape(values))

    def _tiles(self, values, rows, columns, tall, wide):
        """(batch, channels, tiles, pixels); images are mirrored at the lower and the right edge to fill the tiles."""
        batch, channels, height, width = ops.shape(values)
        down = _mirrored(rows * tall, height)
        across = _mirrored(columns * wide, width)
        values = ops.take(ops.take(values, down, axis=2), across, axis=3)
        values = ops.reshape(values, (batch, channels, rows, tall, columns, wide))
        values = ops.transpose(values, (0, 1, 2, 4, 3, 5))
        return ops.reshape(values, (batch, channels, rows * columns, tall * wide))

    def _tables(self, tiles):
        """New values for 0, ..., 255 in each tile, one tile's after the other: (batch, channels, tiles * 256)."""
        batch, channels, count, pixels = ops.shape(tiles)
        counts = histogram(tiles, 256)
        if self.clip_limit > 0:
            limit = self.clip_limit * ops.cast(pixels, "float32") / 256
            excess = ops.sum(ops.maximum(counts - limit, 0), axis=-1, keepdims=True)
            counts = ops.minimum(counts, limit) + excess / 256
        tables = ops.cumsum(counts, axis=-1)
        first = tables[..., :1]
        spread = tables[..., -1:] - first  # 0 in a tile that is black
        tables = (tables - first) * (255 / ops.where(spread > 0, spread, ops.ones_like(spread)))
        return ops.reshape(tables, (batch, channels, count * 256))


def _mirrored(length, size):
    """0, ..., length - 1, with what lies beyond `size` mirrored back into it."""
    i = ops.arange(length, dtype="int32") % (2 * size)
    return ops.where(i < size, i, 2 * size - 1 - i)


def _neighbours(size, count: int, length):
    """For each pixel of an axis the two nearest tiles, with their weights: [(tile, weight), (tile, weight)]."""
    place = ops.arange(size, dtype="float32") / ops.cast(length, "float32") - 0.5
    low = ops.floor(place)
    above = place - low
    low = ops.cast(low, "int32")
    return [(ops.clip(low, 0, count - 1), 1 - above), (ops.clip(low + 1, 0, count - 1), above)]
