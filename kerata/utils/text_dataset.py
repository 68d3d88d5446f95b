"""text_dataset_from_directory."""

from __future__ import annotations

import numpy as np

from kerata.utils import directory as folders
from kerata.utils.item_dataset import ItemDataset, as_format, check_format


def text_dataset_from_directory(directory, labels="inferred", label_mode="int", class_names=None, batch_size=32,
                                max_length=None, shuffle=True, seed=None, validation_split=None, subset=None,
                                follow_links=False, format="tf", verbose=True):  # fmt: skip
    """A data set of the `.txt` files in a folder, whose subfolders are the classes.

    Args:
        directory: the folder.
        labels: "inferred" from the subfolders, a list with a class number for each file (sorted by path), or None.
        label_mode: "int", "categorical" (one-hot), "binary" (two classes) or None.
        class_names: the subfolders to read, in the order of their numbers.
        batch_size: texts of a batch; None for single texts.
        max_length: bytes that are kept of each text.
        shuffle: a new order each epoch.
        seed: of the order and the split.
        validation_split: fraction for validation.
        subset: "training", "validation" or "both".
        follow_links: also read folders that are links.
        format: "tf": a tf.data.Dataset if TensorFlow is installed; "grain"; or "numpy": batches of arrays of strings.
        verbose: print how many files there are.

    Returns:
        The data set (with `class_names`), or a pair of them for subset="both".
    """
    check_format(format)
    folders.check_arguments(labels, label_mode, class_names, validation_split, subset, shuffle, seed)
    found = folders.index_directory(directory, labels, (".txt",), class_names, follow_links, verbose)

    def make(part, shuffled):
        values = folders.label_values(part, label_mode)

        def load(numbers):
            texts = np.array([_read(part.files[i], max_length) for i in numbers], dtype=object)
            return texts if values is None else (texts, values[numbers])

        dataset = ItemDataset(len(part.files), load, batch_size, shuffled, seed, workers=4)
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
