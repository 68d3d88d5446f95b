"""audio_dataset_from_directory."""

from __future__ import annotations

import wave

import numpy as np

from kerata.core.errors import missing_package
from kerata.utils import directory as folders
from kerata.utils.item_dataset import LOADERS, ItemDataset, as_format


def audio_dataset_from_directory(directory, labels="inferred", label_mode="int", class_names=None, batch_size=32,
                                 sampling_rate=None, output_sequence_length=None, ragged=False, shuffle=True, seed=None,
                                 validation_split=None, subset=None, follow_links=False, verbose=True):  # fmt: skip
    """A data set of the `.wav` files (PCM) in a folder, whose subfolders are the classes.

    Args:
        directory: path of the folder.
        labels: "inferred" (the default) from the subfolders, a list with a class number for each file (sorted by path),
            or None for sounds alone.
        label_mode: "int" (the default, int32), "categorical" (one-hot), "binary" (0.0 or 1.0, of two classes) or None.
        class_names: the subfolders to read, in the order of their numbers; all, in alphabetical order, by default.
        batch_size: files of a batch; 32 by default, None for single files.
        sampling_rate: samples a second to which all are brought, by linear interpolation; None, the default, keeps theirs.
        output_sequence_length: number of samples to which all are cut or filled up with zeros; None, the default, takes
            the longest of the batch (and as many channels as one of them has, the others filled up with zeros).
        ragged: whether batches are `tf.RaggedTensor`s, whose rows keep their lengths (needs TensorFlow); False by default.
        shuffle: whether each epoch has a new order; True by default, False for the order of paths.
        seed: integer, of the order and the split; None by default.
        validation_split: fraction of the files for validation; None by default.
        subset: "training", "validation" or "both"; needed with `validation_split`.
        follow_links: whether folders that are links are read too; False by default.
        verbose: whether to print how many files there are; True by default.

    Returns:
        A `tf.data.Dataset` if TensorFlow is installed, else a `PyDataset` (with `class_names`), of float32 sounds of
        shape (batch, length, channels), from -1 to 1, and their labels; or a pair of them for subset="both".

    Raises:
        ValueError: for arguments that exclude each other, unknown ones, or a folder without sounds.
        ImportError: for `ragged` without TensorFlow.

    Example (not run):

        sounds = kerata.utils.audio_dataset_from_directory("sounds", sampling_rate=16_000, output_sequence_length=16_000)
        model.fit(sounds, epochs=3)
    """
    if ragged and output_sequence_length is not None:
        raise ValueError("`ragged` keeps lengths, `output_sequence_length` sets one: give one of them.")
    folders.check_arguments(labels, label_mode, class_names, validation_split, subset, shuffle, seed)
    found = folders.index_directory(directory, labels, (".wav",), class_names, follow_links, verbose)
    read_wav(found.files[0])  # files of another kind are said at once

    def make(part, shuffled):
        values = folders.label_values(part, label_mode)

        def load(numbers):
            sounds = [_prepared(part.files[i], sampling_rate) for i in numbers]
            length = output_sequence_length or max(map(len, sounds))
            channels = max(s.shape[1] for s in sounds)
            if output_sequence_length is not None and any(s.shape[1] != channels for s in sounds):
                raise ValueError(
                    "Files of one and of several channels do not go into one batch of a set length: "
                    + ", ".join(f"{part.files[i]} has {s.shape[1]}" for i, s in zip(numbers, sounds))
                )
            batch = np.stack([_fit(s, length, channels) for s in sounds])
            return batch if values is None else (batch, values[numbers])

        dataset = ItemDataset(len(part.files), load, None if ragged else batch_size, shuffled, seed, workers=LOADERS)
        dataset.file_paths = part.files
        if values is not None:
            dataset.class_names = part.class_names
        lead = () if ragged or batch_size is None else (None,)
        spec = folders.label_spec(part, label_mode)
        shape = (*lead, output_sequence_length, None)
        shapes, dtypes = (shape, "float32") if spec is None else ((shape, (*lead, *spec[0])), ("float32", spec[1]))
        out = as_format(dataset, "tf", shapes, dtypes)
        return _ragged(out, batch_size, part.class_names) if ragged else out

    return folders.build(found, make, validation_split, subset, shuffle, seed, verbose, "file", label_mode)


def read_wav(path: str) -> tuple[np.ndarray, int]:
    """The samples (length, channels) from -1 to 1, and the sampling rate, of a PCM file."""
    try:
        with wave.open(path, "rb") as f:
            width, channels, rate = f.getsampwidth(), f.getnchannels(), f.getframerate()
            data = f.readframes(f.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} cannot be read as a PCM .wav file ({error}).") from error
    if width == 1:
        samples = np.frombuffer(data, "u1").astype("float32") / 128 - 1
    elif width == 3:
        raw = np.frombuffer(data, "u1").reshape(-1, 3)
        samples = (np.pad(raw, ((0, 0), (1, 0))).copy().view("<i4")[:, 0] / 2**31).astype("float32")
    else:
        samples = (np.frombuffer(data, f"<i{width}") / 2 ** (8 * width - 1)).astype("float32")
    return samples.reshape(-1, channels), rate


def _prepared(path: str, sampling_rate) -> np.ndarray:
    samples, rate = read_wav(path)
    if sampling_rate is None or sampling_rate == rate:
        return samples
    count = max(1, round(len(samples) * sampling_rate / rate))
    where = np.arange(count) * rate / sampling_rate
    columns = [np.interp(where, np.arange(len(samples)), c) for c in samples.T]
    return np.stack(columns, axis=1).astype("float32")


def _fit(samples: np.ndarray, length: int, channels: int) -> np.ndarray:
    return np.pad(samples[:length], ((0, max(0, length - len(samples))), (0, channels - samples.shape[1])))


def _ragged(dataset, batch_size, class_names):
    if isinstance(dataset, ItemDataset):
        raise missing_package("tensorflow", "ragged=True", "tensorflow")
    out = dataset.ragged_batch(batch_size) if batch_size else dataset
    out.class_names = class_names
    return out
