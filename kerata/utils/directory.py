"""Files in a folder whose subfolders are the classes: finding, labelling and splitting them."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from kerata.utils import console

LABEL_MODES = ("int", "categorical", "binary", None)


@dataclass
class Labelled:
    """Files, their class numbers (None without labels), and the names of the classes."""

    files: list[str]
    labels: list[int] | None
    class_names: list[str] | None

    def pick(self, numbers) -> Labelled:
        """Those at `numbers`, in this order."""
        labels = None if self.labels is None else [self.labels[i] for i in numbers]
        return Labelled([self.files[i] for i in numbers], labels, self.class_names)


def check_arguments(labels, label_mode, class_names, validation_split, subset, shuffle, seed) -> None:
    """ValueError for arguments that contradict each other."""
    if labels not in ("inferred", None) and not isinstance(labels, list | tuple):
        raise ValueError(
            f"`labels` is 'inferred' (from the subfolders), None, or a list with the class number of each file; got {labels!r}."
        )
    if label_mode not in LABEL_MODES:
        raise ValueError(f"`label_mode` is 'int', 'categorical', 'binary' or None; got {label_mode!r}.")
    if class_names and labels != "inferred":
        raise ValueError("`class_names` needs labels='inferred': it names subfolders.")
    if validation_split is not None and not 0 < validation_split < 1:
        raise ValueError(f"`validation_split` is a fraction between 0 and 1; got {validation_split!r}.")
    if (validation_split is None) != (subset is None):
        raise ValueError(
            "`validation_split` and `subset` ('training', 'validation' or 'both') go together; one was given."
        )
    if subset not in ("training", "validation", "both", None):
        raise ValueError(f"`subset` is 'training', 'validation' or 'both'; got {subset!r}.")
    if validation_split and shuffle and seed is None and subset != "both":
        raise ValueError(
            "A shuffled split needs a `seed` (the same in both calls): otherwise training and validation files would overlap."
        )


def index_directory(directory, labels, endings: tuple[str, ...], class_names=None, follow_links=False, verbose=True,
                    what="file") -> Labelled:  # fmt: skip
    """All files with these endings, class by class in the order of their names."""
    directory = os.fspath(directory)
    if not os.path.isdir(directory):
        kind = NotADirectoryError if os.path.exists(directory) else FileNotFoundError
        raise kind(f"There is no folder {directory!r}.")
    if labels == "inferred":
        found = _by_class(directory, endings, class_names, follow_links)
    else:
        files = sorted(_walk(directory, endings, follow_links))
        if labels is not None and len(labels) != len(files):
            raise ValueError(
                f"`labels` has {len(labels)} entries, but there are {len(files)} {what}s in {directory!r}."
            )
        names = None if labels is None else [str(n) for n in sorted(set(labels))]
        found = Labelled(files, None if labels is None else [int(n) for n in labels], names)
    if not found.files:
        raise ValueError(f"There is no {what} in {directory!r}; allowed endings: {', '.join(endings)}.")
    if verbose:
        classes = "" if found.class_names is None else f" belonging to {len(found.class_names)} classes"
        console.print_msg(f"Found {len(found.files)} {what}s{classes}.")
    return found


def _by_class(directory, endings, class_names, follow_links) -> Labelled:
    folders = sorted(e.name for e in os.scandir(directory) if e.is_dir() and not e.name.startswith("."))
    if class_names is not None and not set(class_names) <= set(folders):
        unknown = sorted(set(class_names) - set(folders))
        raise ValueError(f"`class_names` has {unknown}, but the subfolders of {directory!r} are {folders}.")
    names = list(class_names) if class_names else folders
    files: list[str] = []
    labels: list[int] = []
    for number, name in enumerate(names):
        inside = list(_walk(os.path.join(directory, name), endings, follow_links))
        files += inside
        labels += [number] * len(inside)
    return Labelled(files, labels, names)


def _walk(folder, endings, follow_links):
    tree = sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0])
    for place, _, names in tree:
        for name in sorted(names):
            if name.lower().endswith(endings):
                yield os.path.join(place, name)


def shuffled(found: Labelled, seed) -> Labelled:
    """In the order of NumPy's RandomState, as Keras shuffles before it splits."""
    numbers = np.arange(len(found.files))
    np.random.RandomState(seed).shuffle(numbers)
    return found.pick(numbers)


def split(found: Labelled, validation_split, subset: str, verbose=True, what="file") -> Labelled:
    """The first files for training or the last ones for validation."""
    count = int(validation_split * len(found.files))
    at = len(found.files) - count
    numbers = range(at) if subset == "training" else range(at, len(found.files))
    if not len(numbers):
        raise ValueError(f"validation_split={validation_split} of {len(found.files)} {what}s leaves none for {subset}.")
    if verbose:
        console.print_msg(f"Using {len(numbers)} {what}s for {subset}.")
    return found.pick(numbers)


def label_values(found: Labelled, label_mode) -> np.ndarray | None:
    """The labels as a model wants them, or None."""
    if label_mode is None or found.labels is None:
        return None
    labels = np.array(found.labels, "int32")
    if label_mode == "int":
        return labels
    if label_mode == "binary":
        return labels.astype("float32")[:, None]
    return np.eye(len(found.class_names), dtype="float32")[labels]


def label_spec(found: Labelled, label_mode) -> tuple[tuple, str] | None:
    """Shape of one label and dtype name."""
    if label_mode is None or found.labels is None:
        return None
    return {"int": ((), "int32"), "binary": ((1,), "float32"), "categorical": ((len(found.class_names),), "float32")}[
        label_mode
    ]


def build(found_all: Labelled, make, validation_split, subset, shuffle, seed, verbose, what, label_mode):
    """`make(files)` for what `subset` asks: one data set, or the pair for "both"."""
    if label_mode == "binary" and found_all.labels is not None and len(found_all.class_names) != 2:
        raise ValueError(f"label_mode='binary' needs exactly 2 classes; here are {found_all.class_names}.")
    if subset is None:
        return make(found_all, shuffle)
    if shuffle:
        found_all = shuffled(found_all, seed)
    parts = ("training", "validation") if subset == "both" else (subset,)
    made = [make(split(found_all, validation_split, p, verbose, what), shuffle and p == "training") for p in parts]
    return made if subset == "both" else made[0]
