"""text_dataset_from_directory."""

from __future__ import annotations

import numpy as np

from kerata.utils import directory as folders
from kerata.utils.item_dataset import LOADERS, ItemDataset, as_format, check_format


def text_dataset_from_directory(directory, labels="inferred", label_mode="int", class_names=None, batch_size=32,
                                max_length=None, shuffle=True, seed=None, validation_split=None, subset=None,
                                follow_links=False, format="tf", verbose=True):  # fmt: skip
    """A data set of the `.txt` files in a folder, whose subfolders are the classes.

    Args:
        directory: path of the folder.
        labels: "inferred" (the default) from the subfolders, a list with a class number for each file (sorted by path),
            or None for texts alone.
        label_mode: "int" (the default, int32), "categorical" (one-hot), "binary" (0.0 or 1.0, of two classes) or None.
        class_names: the subfolders to read, in the order of their numbers; all, in alphabetical order, by default.
        batch_size: texts of a batch; 32 by default, None for single texts.
        max_length: bytes that are kept of each text; None, the default, keeps all.
        shuffle: whether each epoch has a new order; True by default, False for the order of paths.
        seed: integer, of the order and the split; None by default.
        validation_split: fraction of the files for validation; None by default.
        subset: "training", "validation" or "both"; needed with `validation_split`.
        follow_links: whether folders that are links are read too; False by default.
        format: "tf" (the default): a `tf.data.Dataset` if TensorFlow is installed; "grain"; or "numpy": batches of arrays.
        verbose: whether to print how many files there are; True by default.

    Returns:
        The data set (with `class_names`) of strings and labels; or a pair of data sets for subset="both".

    Raises:
        ValueError: for arguments that exclude each other, unknown ones, or a folder without texts.

    >>> import os, pathlib
    >>> for name in ("bad", "good"):
    ...     os.makedirs(f"reviews/{name}", exist_ok=True)
    ...     _ = pathlib.Path(f"reviews/{name}/1.txt").write_text(f"a {name} film")
    >>> data = kerata.utils.text_dataset_from_directory("reviews", shuffle=False, format="numpy", verbose=False)
    >>> texts, labels = data[0]
    >>> texts.tolist(), labels.tolist()
    (['a bad film', 'a good film'], [0, 1])
    """
    check_format(format)
    folders.check_arguments(labels, label_mode, class_names, validation_split, subset, shuffle, seed)
    found = folders.index_directory(directory, labels, (".txt",), class_names, follow_links, verbose)

    def make(part, shuffled):
        values = folders.label_values(part, label_mode)

        def load(numbers):
            texts = np.array([_read(part.files[i], max_length) for i in numbers], dtype=object)
            return texts if values is None else (texts, values[numbers])

        dataset = ItemDataset(len(part.files), load, batch_size, shuffled, seed, workers=LOADERS)
        if values is not None:
            dataset.class_names = part.class_names
        lead = () if batch_size is None else (None,)
        spec = folders.label_spec(part, label_mode)
        shapes = lead if spec is None else (lead, (*lead, *spec[0]))
        return as_format(dataset, format, shapes, "string" if spec is None else ("string", spec[1]))

    return folders.build(found, make, validation_split, subset, shuffle, seed, verbose, "file", label_mode)


def _read(path: str, max_length) -> str:
    with open(path, "rb") as f:
        data = f.read() if max_length is None else f.read(max_length)
    return data.decode("utf-8", errors="ignore")
