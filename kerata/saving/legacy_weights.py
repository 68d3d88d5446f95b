"""Weights as Keras 1 and 2 ordered and shaped them, turned into today's."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np


class Source(NamedTuple):
    """Who wrote a file: the generation of Keras, and its backend."""

    major: int
    backend: str | None


def layers_of(model) -> list:
    """The layers whose weights a file lists one by one."""
    return list(getattr(model, "layers", None) or [])


def ordered(layer) -> list:
    """A layer's weights in the order of old files: all trainable ones, then the others."""
    weights = list(layer.trainable_weights) + list(layer.non_trainable_weights)
    scales = getattr(layer, "_float8", None)
    if scales is None:
        return weights
    first = {id(v) for v in scales.variables()}  # as Keras reads them back; what it writes depends on how it was made
    return sorted(weights, key=lambda v: id(v) not in first)


def by_names(layer, names: list[str], arrays: list) -> list:
    """The arrays in the order of the layer's weights, where the last parts of their names say it; else as they are."""
    wanted = [v.path.rpartition("/")[2] for v in ordered(layer)]
    found = {name.rpartition("/")[2]: array for name, array in zip(names, arrays)}
    return [found[n] for n in wanted] if len(found) == len(arrays) and set(found) == set(wanted) else arrays


def converts(layer) -> bool:
    """Whether old files may hold this layer's weights in another form than today's."""
    return type(layer).__name__ in _CONVERSIONS or _is_model(layer)


def _is_model(layer) -> bool:
    return type(layer).__name__ in ("Functional", "Sequential", "Model") or hasattr(layer, "_is_model")


def convert(layer, arrays: list[np.ndarray], source: Source) -> list[np.ndarray]:
    """The arrays of a layer in today's shapes and order."""
    if _is_model(layer):
        return _nested(layer, arrays, source)
    change = _CONVERSIONS.get(type(layer).__name__)
    return change(layer, list(arrays), source) if change is not None else arrays


def _nested(model, arrays, source: Source) -> list[np.ndarray]:
    """A model within a model: its arrays lie one after another; each layer's are found by counting."""
    trainable, rest = [], []
    arrays = list(arrays)
    total = sum(len(ordered(x)) for x in model.layers)
    if total != len(arrays) or source.major >= 3:
        return arrays
    groups = []
    for layer in model.layers:
        n = len(layer.trainable_weights)
        groups.append((layer, arrays[:n]))
        arrays = arrays[n:]
    for i, (layer, own) in enumerate(groups):
        n = len(layer.non_trainable_weights)
        groups[i] = (layer, own + arrays[:n])
        arrays = arrays[n:]
    for layer, own in groups:
        n = len(layer.trainable_weights)
        own = convert(layer, own, source)
        trainable += own[:n]
        rest += own[n:]
    return trainable + rest


def _flip(kernel: np.ndarray, source: Source) -> np.ndarray:
    """Theano's convolutions turned the kernel around; all others correlate."""
    return np.flip(kernel, (0, 1, 2)[: kernel.ndim - 2]) if source.backend == "theano" else kernel


def _channels_last(kernel: np.ndarray, layer) -> np.ndarray:
    """Keras 1 kept kernels as (out, in, *space) where the data had channels first."""
    if layer.data_format == "channels_first":
        return np.transpose(kernel, (*range(2, kernel.ndim), 1, 0))
    return kernel


def _conv(layer, arrays, source: Source):
    if source.major == 1:
        arrays[0] = _channels_last(arrays[0], layer)
    arrays[0] = _widen(_flip(arrays[0], source), layer, source)
    return arrays


def _widen(kernel: np.ndarray, layer, source: Source) -> np.ndarray:
    """Zero taps where the layer was given an odd kernel for an even one (see `legacy._conv`)."""
    extra = [want - have for have, want in zip(kernel.shape[:-2], layer.kernel.shape[:-2])]
    if any(extra) and all(n in (0, 1) for n in extra):
        before = source.backend not in ("theano", "mxnet")
        kernel = np.pad(kernel, [(n, 0) if before else (0, n) for n in extra] + [(0, 0), (0, 0)])
    return kernel


def _conv1d(layer, arrays, source: Source):
    kernel = arrays[0]
    if kernel.ndim == 4:  # Keras 1: (length, 1, in, out), before that (out, in, length, 1)
        if kernel.shape[:2] != (layer.kernel.shape[0], 1) or kernel.shape[3] != layer.filters:
            kernel = np.transpose(kernel, (2, 3, 1, 0))
        kernel = kernel[:, 0]
    arrays[0] = _widen(_flip(kernel, source), layer, source)
    return arrays


def _conv_transpose(layer, arrays, source: Source):
    if source.major == 1:
        axes = (2, 3, 0, 1) if layer.data_format == "channels_first" else (0, 1, 3, 2)
        arrays[0] = np.transpose(arrays[0], axes)
    arrays[0] = _widen(_flip(arrays[0], source), layer, source)
    return arrays


def _lstm(layer, arrays, source: Source):
    if len(arrays) == 12:  # Keras 1: W, U, b of the gates i, c, f, o
        order = (0, 2, 1, 3)  # today: i, f, c, o
        return [np.concatenate([arrays[3 * g + k] for g in order], axis=-1) for k in range(3)]
    if len(arrays) == 3 and arrays[2].shape == (8 * layer.units,):  # CuDNN: two biases, kernels transposed by gate
        kernel, recurrent, bias = arrays
        return [_from_cudnn(kernel, 4), _gates_turned(recurrent, 4), bias[: 4 * layer.units] + bias[4 * layer.units :]]
    return arrays


def _gru(layer, arrays, source: Source):
    if len(arrays) == 9:  # Keras 1: W, U, b of the gates z, r, h
        return [np.concatenate([arrays[3 * g + k] for g in range(3)], axis=-1) for k in range(3)]
    if len(arrays) == 3 and arrays[2].ndim == 1 and tuple(ordered(layer)[2].shape) == (2, arrays[2].shape[0] // 2):
        kernel, recurrent, bias = arrays
        return [_from_cudnn(kernel, 3), _gates_turned(recurrent, 3), bias.reshape(2, -1)]
    return arrays


def _from_cudnn(kernel: np.ndarray, gates: int) -> np.ndarray:
    return np.hstack([p.T.reshape(p.shape, order="F") for p in np.hsplit(kernel, gates)])


def _gates_turned(kernel: np.ndarray, gates: int) -> np.ndarray:
    return np.hstack([p.T for p in np.hsplit(kernel, gates)])


def _wrapped(layer, arrays, source: Source):
    return convert(layer.layer, arrays, source)


def _bidirectional(layer, arrays, source: Source):
    half = len(arrays) // 2
    return convert(layer.forward_layer, arrays[:half], source) + convert(layer.backward_layer, arrays[half:], source)


def _conv_lstm(layer, arrays, source: Source):
    if len(arrays) == 12:
        order = (0, 2, 1, 3)
        arrays = [_channels_last(a, layer) if a.ndim == 4 else a for a in arrays]
        arrays = [np.concatenate([arrays[3 * g + k] for g in order], axis=-1) for k in range(3)]
    return [_flip(a, source) if a.ndim > 2 else a for a in arrays]


_CONVERSIONS = {
    **dict.fromkeys(("Conv2D", "Conv3D"), _conv),
    "Conv1D": _conv1d,
    "Conv2DTranspose": _conv_transpose,
    "LSTM": _lstm,
    "GRU": _gru,
    "ConvLSTM2D": _conv_lstm,
    "TimeDistributed": _wrapped,
    "Bidirectional": _bidirectional,
}


# -- optimizers ------------------------------------------------------------------------------------------------
def by_layer(layers, stored, arrays: list[np.ndarray], source: Source) -> list[np.ndarray]:
    """The slots of a file of Keras 1, sorted there by the names of their weights, in the order of today's weights.

    Args:
        layers: the model's layers with weights.
        stored: for each, the names and arrays of its weights in the file.
        arrays: the step count, perhaps, then all slots of one kind, then all of the next.
        source: who wrote the file.
    """
    first = arrays[:1] if arrays and np.ndim(arrays[0]) == 0 else []
    rest = arrays[len(first) :]
    trained = {n: np.shape(a) for layer, pair in zip(layers, stored) for n, a in zip(*pair)
               if layer.trainable and "_running_" not in n}  # fmt: skip
    names = sorted(trained)
    if not names or len(rest) % len(names):
        return arrays
    out = list(first)
    for start in range(0, len(rest), len(names)):
        slots = dict(zip(names, rest[start : start + len(names)]))
        if any(np.shape(a) != trained[n] for n, a in slots.items()):
            return arrays
        for layer, (own, values) in zip(layers, stored):
            turned = convert(layer, [slots.get(n, np.zeros_like(v)) for n, v in zip(own, values)], source)
            out += turned[: len(layer.trainable_weights)]
    return out


def load_optimizer(optimizer, arrays: list[np.ndarray]) -> None:
    """Put an old file's state into an optimizer; a warning says so where it does not fit."""
    own = list(optimizer.variables)
    found = _same_order(own, arrays) or _without_rate(optimizer, own, arrays) or _by_slots(optimizer, own, arrays)
    if found is None:
        warnings.warn(
            f"The state of optimizer {optimizer.name!r} in the file does not fit, so it starts afresh: it has "
            f"{len(own)} variables, the file {len(arrays)}.",
            stacklevel=5,
        )
        return
    for v, a in found:
        v.assign(np.asarray(a).reshape(v.shape))


def _same_order(own, arrays):
    if len(own) == len(arrays) and all(tuple(v.shape) == np.shape(a) for v, a in zip(own, arrays)):
        return list(zip(own, arrays))
    return None


def _rate(optimizer):
    return getattr(optimizer, "_learning_rate", None)


def _slots(optimizer, own) -> list:
    """The variables that belong to weights."""
    first = (getattr(optimizer, "_iterations", None), getattr(optimizer, "iterations", None), _rate(optimizer))
    return [v for v in own if not any(v is x for x in first)]


def _without_rate(optimizer, own, arrays):
    """TensorFlow's Keras 2.11 to 2.15: the same order, without the learning rate."""
    rate = _rate(optimizer)
    rest = [v for v in own if v is not rate]
    if len(rest) != len(own) and _interleaved(optimizer, rest):
        slots = _slots(optimizer, own)
        per_weight = _groups(slots)
        if per_weight is not None and len(per_weight) > 1 and _looks_grouped(per_weight, arrays):
            return None
        return _same_order(rest, arrays)
    return None


def _interleaved(optimizer, rest) -> bool:
    return bool(rest)


def _groups(slots) -> list[list] | None:
    """The slots by kind: all momentums, all velocities, ... (by the last word of their names)."""
    kinds: dict[str, list] = {}
    for v in slots:
        kinds.setdefault(v.name.rpartition("_")[2], []).append(v)
    groups = list(kinds.values())
    return groups if groups and len({len(g) for g in groups}) == 1 else None


def _looks_grouped(groups, arrays) -> bool:
    """Whether the arrays after the first lie kind by kind and could not lie weight by weight."""
    by_kind = [tuple(v.shape) for g in groups for v in g]
    by_weight = [tuple(v.shape) for row in zip(*groups) for v in row]
    have = [np.shape(a) for a in arrays][-len(by_kind) :]
    return have == by_kind and have != by_weight


def _by_slots(optimizer, own, arrays):
    """Keras 1 and 2: the step count (perhaps), then all of one kind of slot, then all of the next."""
    slots = _slots(optimizer, own)
    groups = _groups(slots)
    arrays = list(arrays)
    found = []
    if groups is None:
        return None
    iterations = getattr(optimizer, "_iterations", None)
    if iterations is None:
        iterations = optimizer.iterations
    if arrays and np.ndim(arrays[0]) == 0:
        found.append((iterations, arrays.pop(0)))
    for group in groups:
        part, arrays = arrays[: len(group)], arrays[len(group) :]
        if [np.shape(a) for a in part] != [tuple(v.shape) for v in group]:
            return None
        found.extend(zip(group, part))
    if any(np.size(a) > 1 for a in arrays):
        return None
    return found
