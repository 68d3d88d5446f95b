"""Images in rows, with Matplotlib."""

from __future__ import annotations

import math

from kerata.core.errors import need
from kerata.visualization.arrays import as_bytes, image_batch, to_numpy


def plot_image_gallery(images, y_true=None, y_pred=None, label_map=None, rows=None, cols=None, value_range=(0, 255),
                       scale=2, path=None, show=None, transparent=True, dpi=60, legend_handles=None,
                       data_format=None):  # fmt: skip
    """Show images in rows, or write them to a file.

    Args:
        images: array of shape (batch, height, width, channels).
        y_true, y_pred: labels of shape (batch,), written above the images: predictions in green where they are right
            and in red where they are wrong; None by default.
        label_map: dictionary of labels and names; None by default.
        rows, cols: how many; as near to a square as possible by default.
        value_range: the least and the greatest value of the images; (0, 255) by default.
        scale: the size of an image, in inches; 2 by default.
        path: a file to write instead of showing the gallery; None by default.
        show: whether to show it; by default unless there is a `path`.
        transparent: whether the file's ground is; True by default.
        dpi: dots per inch of the file; 60 by default.
        legend_handles: Matplotlib's handles, for a legend; None by default.
        data_format: "channels_last" or "channels_first"; the configured one by default.

    Raises:
        ImportError: if Matplotlib is not installed.
        ValueError: if images are no batch, labels are not one for each, or both `path` and `show` are given.

    >>> import os
    >>> kerata.visualization.plot_image_gallery(np.zeros((4, 8, 8, 3)), path="gallery.png")
    >>> os.path.exists("gallery.png")
    True
    """
    show = path is None if show is None else show
    if show == (path is not None):
        raise ValueError(f"A gallery is shown or written to a file: give `path`, or `show=True`; got path={path!r}, show={show!r}.")
    images = as_bytes(image_batch(images, data_format, "plot_image_gallery()"), value_range)
    labels = _labels(y_true, y_pred, label_map, len(images))
    rows, cols = _grid(len(images), rows, cols)
    figure = _figure(images, labels, rows, cols, scale, legend_handles)
    plt = need("matplotlib.pyplot", "plot_image_gallery()", "demo")
    try:
        if path is not None:
            figure.savefig(path, transparent=transparent, dpi=dpi, bbox_inches="tight")
        else:
            plt.show()
    finally:
        plt.close(figure)


def patch(label: str, color):
    """A field of a legend."""
    patches = need("matplotlib.patches", "A legend", "demo")
    return patches.Patch(color=[c / 255 for c in color], label=label)


def _grid(count: int, rows, cols) -> tuple[int, int]:
    if rows is None:
        cols = math.ceil(math.sqrt(count)) if cols is None else cols
        rows = math.ceil(count / cols)
    elif cols is None:
        cols = math.ceil(count / rows)
    if rows < 1 or cols < 1:
        raise ValueError(f"A gallery has at least one row and one column; got rows={rows}, cols={cols}.")
    return rows, cols


def _labels(y_true, y_pred, names, count: int) -> list:
    """A text and a colour for each image."""
    given = {n: to_numpy(y).reshape(-1) for n, y in (("y_true", y_true), ("y_pred", y_pred)) if y is not None}
    for name, values in given.items():
        if len(values) != count:
            raise ValueError(f"`{name}` has one label for each of the {count} images; got {len(values)}.")

    def text(value) -> str:
        return str(value) if names is None else str(names.get(value.item(), value))

    out = []
    for i in range(count):
        lines = {n: f"{n[2:]}: {text(v[i])}" for n, v in given.items()}
        right = len(lines) < 2 or given["y_true"][i] == given["y_pred"][i]
        out.append(("\n".join(lines.values()), "black" if len(lines) < 2 else "green" if right else "red"))
    return out


def _figure(images, labels, rows: int, cols: int, scale: float, legend_handles):
    plt = need("matplotlib.pyplot", "plot_image_gallery()", "demo")
    figure, axes = plt.subplots(rows, cols, figsize=(cols * scale, rows * scale), squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, (text, color) in zip(axes.flat, images, labels):
        axis.imshow(image[..., 0] if image.shape[-1] == 1 else image, cmap="gray", vmin=0, vmax=255)
        if text:
            axis.set_title(text, color=color)
    if legend_handles:
        figure.legend(handles=legend_handles, loc="outside lower center", ncols=len(legend_handles))
    return figure
