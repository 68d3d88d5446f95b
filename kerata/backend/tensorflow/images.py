"""Images from files, read by TensorFlow's own kernels, which Python's lock does not hold up."""

from __future__ import annotations

import tensorflow as tf

_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
# As many pixels as Pillow takes without a warning (its MAX_IMAGE_PIXELS).
_MOST_PIXELS = 1024**3 // 12


def reader(files: list, labels, channels: int, size: tuple, channels_first: bool, otherwise):
    """A function of an item's number that gives its resized float32 image, or the pair of it and its label.

    Args:
        files: their paths.
        labels: an array with a row for each, or None.
        channels: 3 or 1, of the result.
        size: (height, width) of the result.
        channels_first: whether the channels come before them.
        otherwise: function of a path that gives the finished image as an array: for files that TensorFlow would decode
            in another way than Pillow, or with an error that does not say which file is broken.
    """
    files = tf.constant(files)
    labels = None if labels is None else tf.constant(labels)
    shape = (channels, *size) if channels_first else (*size, channels)

    def read(number):
        data = tf.io.read_file(files[number])

        def decoded():
            pixels = tf.io.decode_jpeg(data, channels, dct_method="INTEGER_ACCURATE")  # it takes PNG as well
            image = tf.image.resize(pixels, size)
            return tf.transpose(image, (2, 0, 1)) if channels_first else image

        def read_by_python():
            return tf.numpy_function(lambda p: otherwise(p.decode()), [files[number]], tf.float32, stateful=False)

        image = tf.ensure_shape(tf.cond(_is_common(data, channels), decoded, read_by_python), shape)
        return image if labels is None else (image, labels[number])

    return read


def resized(image, size: tuple, method: str):
    """One image as a NumPy array of another size, by one of `tf.image.resize`'s methods."""
    with tf.device("cpu"):
        return tf.image.resize(image, size, method).numpy()


def _is_common(data, channels: int):
    """Whether it is a whole JPEG or PNG from which TensorFlow and Pillow read the same pixels."""

    def jpeg():
        height, width, found = tf.unstack(tf.cast(tf.io.extract_jpeg_shape(data), "int64"))
        return (height * width <= _MOST_PIXELS) & ((found == channels) | ((found == 1) & (channels == 3)))

    def png():
        sizes = tf.io.decode_raw(tf.strings.substr(data, 16, 8), "int32", little_endian=False)
        width, height = tf.unstack(tf.cast(sizes, "int64"), 2)
        depth, kind = tf.unstack(tf.io.decode_raw(tf.strings.substr(data, 24, 2), "uint8"), 2)
        known = (kind == 0) | (kind == 2) | (kind == 6) if channels == 3 else kind == 0  # grey, RGB, RGBA
        return (height * width <= _MOST_PIXELS) & (depth == 8) & known

    return tf.cond(
        _is_between(data, _JPEG_START, _JPEG_END),
        jpeg,
        lambda: tf.cond(_is_between(data, _PNG_START, _PNG_END), png, lambda: tf.constant(False)),
    )


def _is_between(data, start: bytes, end: bytes):
    length = tf.strings.length(data)
    tail = tf.strings.substr(data, tf.maximum(length - len(end), 0), len(end))
    return (length > 64) & (tf.strings.substr(data, 0, tf.minimum(length, len(start))) == start) & (tail == end)
