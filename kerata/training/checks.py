"""Mistakes that can be seen in arrays on the host, before training starts."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np

from kerata.training.explain import explain_numpy_error
from kerata.training.names import children, is_nest

__all__ = ["check_fit_data", "explain_numpy_error", "misfit", "warn", "warn_if_not_finite", "warn_of_inference"]

_LOOK_AT = 5_000_000  # elements of one array that are read; larger ones are sampled


def check_fit_data(model: Any, x: Any, y: Any = None, sample_weight: Any = None) -> None:
    """Raises or warns for data that cannot be meant: called once, before the first step.

    Errors: arrays of different lengths, targets whose shape cannot go with the outputs and losses.
    Warnings: NaN or infinity, class labels that the outputs have no unit for.

    Args:
        model: the compiled model; outputs are checked once its losses are built.
        x, y, sample_weight: NumPy arrays, alone or in lists and dicts. Other things are left alone.
    """
    parts = [("x", x), ("y", y), ("sample_weight", sample_weight)]
    named = [(what, label, array) for what, nest in parts for label, array in _arrays(nest, what)]
    _check_lengths(named)
    names = _input_names(model, x)
    for what, label, array in named:
        if what == "x":
            _check_no_text(array, names.get(label, f"`{label}`"), model)
        _check_finite(array, names.get(label, f"`{label}`"))
        if what == "sample_weight":
            _check_weights(array, label)
    compiled = getattr(model, "_compile_loss", None)
    if y is not None and compiled is not None and getattr(compiled, "built", False):
        for name, loss, target, shape in compiled.pairs(y):
            if isinstance(target, np.ndarray):
                _check_no_text_target(target, loss, name)
                check_target(target, loss, shape, name)


def warn(message: str) -> None:
    """A warning about the first line outside of Kerata on the stack."""
    level, frame = 1, sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "kerata":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)


def warn_of_inference(model: Any) -> None:
    """Says once of a model whose `call` has no `training` argument which of its layers training leaves in inference mode."""
    from kerata.layers import BatchNormalization, Dropout
    from kerata.layers.call_plan import plan_of
    from kerata.training.trainer import Trainer

    own_step = type(model).train_step is not Trainer.train_step
    if own_step or plan_of(model).takes_training or getattr(model, "_told_of_inference", False):
        return
    model._told_of_inference = True
    acting = [layer for layer in model._flatten_layers(include_self=False)
              if (isinstance(layer, Dropout) and layer.rate) or (isinstance(layer, BatchNormalization) and layer.trainable)]  # fmt: skip
    if acting:
        kind, names = type(model).__name__, ", ".join(repr(layer.name) for layer in acting[:4])
        more = f" and {len(acting) - 4} others" if len(acting) > 4 else ""
        warn(
            f"{kind}.call() has no `training` argument, so {names}{more} stay in inference mode while fit() trains, as in Keras. "
            f"Write `def call(self, x, training=None)`, and they do what they do in training."
        )


def warn_if_not_finite(model: Any, logs: dict, epoch: int) -> bool:
    """Whether the loss of an epoch was NaN or infinite, which is said in a warning."""
    loss = logs.get("loss")
    if not isinstance(loss, float) or np.isfinite(loss):
        return False
    warn(
        f"The loss of model {model.name!r} is {loss} after epoch {epoch + 1}, so its weights are of no use from here on. Usual "
        "causes: a learning rate that is too large, NaN in the data, a logarithm of 0 in a loss. "
        "callbacks.TerminateOnNaN() stops at the first such batch; kerata.config.enable_nan_check() finds the layer and the op."
    )
    return True


def misfit(model: Any, batch: Any) -> ValueError | None:
    """What to raise for a batch whose inputs do not fit the model, after a step on it failed."""
    model = getattr(model, "_functional", None) or model
    if batch is None or not hasattr(model, "_input_specs"):
        return None
    x = batch[0] if isinstance(batch, tuple) else batch
    try:
        inputs = model._by_place(x)
    except ValueError as error:
        return error
    for spec, array in zip(model._input_specs, inputs):
        problem = spec.problem(tuple(array.shape)) if hasattr(array, "shape") else None
        if problem is not None:
            return ValueError(f"A batch does not fit the input {spec.name!r} of model {model.name!r}: {problem}.")
    return None


def _arrays(nest: Any, label: str) -> list[tuple[str, np.ndarray]]:
    if isinstance(nest, np.ndarray):
        return [(label, nest)]
    if not is_nest(nest):
        return []
    return [found for key, child in children(nest) for found in _arrays(child, f"{label}[{key!r}]")]


def _input_names(model: Any, x: Any) -> dict[str, str]:
    """Words for each array of `x`: the model's name for it, where it has one."""
    labels = [label for label, _ in _arrays(x, "x")]
    names = getattr(model, "input_names", None)
    if not names or len(names) != len(labels):
        return {label: f"the input `{label}`" for label in labels}
    return {label: f"the input {name!r} (`{label}`)" for label, name in zip(labels, names)}


def _check_lengths(named: list[tuple]) -> None:
    lengths = {array.shape[0] if array.ndim else None for _, _, array in named}
    if len(lengths) < 2:
        return
    listed = ", ".join(f"{label}: {array.shape[0] if array.ndim else 'a scalar'}" for _, label, array in named)
    raise ValueError(
        f"The arrays have different numbers of samples: {listed}. Data cardinality is ambiguous: `x`, `y` and "
        "`sample_weight` need one entry for each sample, along the first axis."
    )


def _rows(array: np.ndarray) -> tuple[np.ndarray, int]:
    """The array, or of a huge one every n-th row, and n."""
    per_row = max(1, array.size // max(1, len(array)))
    step = max(1, (len(array) * per_row) // _LOOK_AT)
    return (array, 1) if step == 1 else (array[::step], step)


def _check_finite(array: np.ndarray, words: str) -> None:
    if array.dtype.kind not in "fc" or not array.size or not array.ndim:
        return
    rows, step = _rows(array)
    with np.errstate(all="ignore"):
        if np.isfinite(np.sum(rows, dtype=np.float64 if rows.dtype.itemsize < 8 else None)):
            return
    bad = ~np.isfinite(rows).reshape(len(rows), -1).all(axis=1)
    if not bad.any():
        return  # the sum overflowed
    first = int(np.argmax(bad)) * step
    value = array[first].ravel()[~np.isfinite(array[first].ravel())][0]
    more = f"{int(bad.sum())} of {len(rows)} rows" + (" looked at" if step > 1 else "")
    warn(
        f"{words[0].upper()}{words[1:]} has values that are not finite: {value} in row {first} ({more}). The loss "
        "will be NaN. Replace them (numpy.nan_to_num) or leave those rows out.",
    )


def _check_no_text(array: np.ndarray, words: str, model: Any) -> None:
    inputs = getattr(model, "inputs", None)
    if array.dtype.kind in "US" and inputs and all(tensor.dtype != "string" for tensor in inputs):
        raise ValueError(
            f"{words[0].upper()}{words[1:]} holds text ({array.dtype}), and the model computes with numbers. Turn text into "
            "numbers first: array.astype('float32') for digits, layers.TextVectorization or layers.StringLookup for words."
        )


def _check_no_text_target(y: np.ndarray, loss: Any, name: str | None) -> None:
    ours = getattr(getattr(loss, "fn", None), "__module__", "").startswith("kerata.losses")
    if y.dtype.kind in "US" and ours:
        raise ValueError(
            f"`y`{f' for the output {name!r}' if name else ''} holds text, such as {str(y.ravel()[0])!r}, and losses compare "
            "numbers. Number the classes: `names, y = numpy.unique(y, return_inverse=True)`."
        )


def _check_weights(array: np.ndarray, label: str) -> None:
    if array.size and array.dtype.kind in "fiu" and np.min(_rows(array)[0]) < 0:
        warn(
            f"`{label}` has negative weights: training makes the loss of those samples larger, not smaller.",
        )


# -- targets and losses ------------------------------------------------------------------------------------------
_KINDS = {
    "sparse": ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy"),
    "classes": ("categorical_crossentropy", "categorical_focal_crossentropy", "categorical_hinge", "kl_divergence"),
    "binary": ("binary_crossentropy", "binary_focal_crossentropy"),
    "values": ("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "huber", "log_cosh",
               "mean_squared_logarithmic_error", "poisson", "hinge", "squared_hinge", "cosine_similarity"),
}  # fmt: skip
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}


def check_target(y: np.ndarray, loss: Any, pred_shape: tuple, name: str | None = None) -> None:
    """Checks one target against its loss and the shape of the predictions (None: unknown size)."""
    fn = getattr(loss, "fn", None)
    if not getattr(fn, "__module__", "").startswith("kerata.losses") or y.dtype.kind not in "biuf":
        return
    kind = _KIND_OF.get(fn.__name__)
    if kind is None or not pred_shape:
        return
    _Target(y, loss, fn.__name__, tuple(pred_shape), name).check(kind)


class _Target:
    def __init__(self, y, loss, loss_name, pred_shape, name):
        self.y, self.loss, self.loss_name, self.pred_shape = y, loss, loss_name, pred_shape
        self.units = pred_shape[-1]
        self.output = f"the output {name!r}" if name else "the output"
        self.what = f"`y` for {self.output}" if name else "`y`"

    def check(self, kind: str) -> None:
        getattr(self, f"_check_{kind}")()

    def _fits(self, shape: tuple) -> bool:
        have = self.y.shape
        return len(have) == len(shape) and all(w is None or h == w for h, w in zip(have[1:], shape[1:]))

    def _wrong_shape(self, wanted: str, hint: str = "") -> ValueError:
        return ValueError(
            f"{self.what} has shape {self.y.shape}, and {self.output} has shape {self.pred_shape}: the loss "
            f"'{self.loss_name}' wants {wanted}.{hint}"
        )

    # integer labels, several units
    def _check_sparse(self) -> None:
        if getattr(self.loss, "axis", -1) not in (-1, len(self.pred_shape) - 1):
            return
        if not (self._fits(self.pred_shape[:-1]) or self._fits((*self.pred_shape[:-1], 1))):
            hint = ""
            if self._fits(self.pred_shape):
                hint = (
                    " These look like one-hot labels: use the loss 'categorical_crossentropy', or give "
                    "`y.argmax(axis=-1)`."
                )
            elif self.y.ndim <= 2 < len(self.pred_shape):
                hint = " For one label a sample put `Flatten()` (or a global pooling layer) in front of the last Dense layers."
            raise self._wrong_shape(f"one integer label each, shape {_show(self.pred_shape[:-1])}", hint)
        if self.units == 1:
            warn(
                f"The loss '{self.loss_name}' with one output unit is always 0: for two classes use "
                "'binary_crossentropy' with Dense(1, activation='sigmoid'), or Dense(2, activation='softmax').",
            )
        elif self.units is not None:
            self._check_labels()

    def _check_labels(self) -> None:
        rows, step = _rows(self.y)
        if not rows.size:
            return
        ignored = getattr(self.loss, "ignore_class", None)
        kept = rows if ignored is None else np.where(rows == ignored, 0, rows)
        low, high = kept.min(), kept.max()
        if low >= 0 and high < self.units:
            if rows.dtype.kind == "f" and np.any(kept != np.floor(kept)):
                warn(
                    f"{self.what} has labels that are not whole numbers; '{self.loss_name}' wants classes 0, 1, 2, ...",
                )
            return
        outside = ((kept < 0) | (kept >= self.units)).reshape(len(rows), -1).any(axis=1)
        first = int(np.argmax(outside)) * step
        wrong = sorted({int(v) for v in np.unique(kept) if v < 0 or v >= self.units})
        listed = ", ".join(map(str, wrong[:5])) + (", ..." if len(wrong) > 5 else "")
        advice = f"Give the output {int(high) + 1} units, or correct the labels."
        if low == 1 and high == self.units:
            advice = "The labels count from 1: give `y - 1`."
        elif low < 0:
            advice = f"Labels go from 0 to {self.units - 1}."
        warn(
            f"{self.what} has the class{'es' if len(wrong) > 1 else ''} {listed} ({int(outside.sum())} of {len(rows)} "
            f"samples{' looked at' if step > 1 else ''}, first in row {first}), but that output has {self.units} "
            f"units, for the classes 0 to {self.units - 1}. Such samples give a loss of 0 and count as wrong in "
            f"accuracy. {advice}",
        )

    # one-hot labels
    def _check_classes(self) -> None:
        if self.units == 1 or getattr(self.loss, "axis", -1) not in (-1, len(self.pred_shape) - 1):
            return
        if self._fits(self.pred_shape):
            return
        hint = ""
        if self._fits(self.pred_shape[:-1]) or self._fits((*self.pred_shape[:-1], 1)):
            hint = (
                " These look like integer labels: use the loss 'sparse_categorical_crossentropy', or give "
                f"`keras.utils.to_categorical(y, {self.units})`."
            )
        elif self.y.ndim == len(self.pred_shape) and self.y.shape[:-1][1:] == tuple(self.pred_shape[1:-1]):
            hint = f" The labels have {self.y.shape[-1]} classes, the output {self.units} units."
        raise self._wrong_shape(f"as many labels as units, shape {_show(self.pred_shape)}", hint)

    # 0/1 for each unit
    def _check_binary(self) -> None:
        shape = self.pred_shape
        if not (self._fits(shape) or (shape[-1] == 1 and self._fits(shape[:-1])) or self._fits((*shape, 1))):
            hint = ""
            if self._fits(shape[:-1]) or self._fits((*shape[:-1], 1)):
                hint = (
                    " For integer labels of two classes use Dense(1, activation='sigmoid'); for more, the loss "
                    "'sparse_categorical_crossentropy'."
                )
            raise self._wrong_shape(f"one label 0 or 1 for each unit, shape {_show(shape)}", hint)
        rows, _ = _rows(self.y)
        if not rows.size or rows.dtype.kind == "b":
            return
        low, high = rows.min(), rows.max()
        if (low >= 0 and high <= 1) or not (np.isfinite(low) and np.isfinite(high)):
            return
        if low == -1 and high == 1:
            advice = "For labels -1 and 1 use the loss 'hinge', or give `(y + 1) / 2`."
        elif high <= 255 and high > 20 and low >= 0:
            advice = "If these are pixels, divide them by 255."
        elif rows.dtype.kind in "iu" or np.all(rows == np.floor(rows)):
            count = int(high) + 1
            advice = (
                f"For {count} classes use Dense({count}, activation='softmax') and 'sparse_categorical_crossentropy'."
            )
        else:
            advice = "For real values use 'mse'."
        warn(
            f"{self.what} has values from {low} to {high}; the loss '{self.loss_name}' wants labels between 0 and 1, and "
            f"is not bounded from below for others. {advice}",
        )

    # numbers
    def _check_values(self) -> None:
        shape, have = self.pred_shape, self.y.shape
        if self._fits(shape) or self._fits((*shape, 1)) or (shape[-1] == 1 and self._fits(shape[:-1])):
            return
        if len(have) == len(shape) and all(w is None or 1 in (h, w) or h == w for h, w in zip(have[1:], shape[1:])):
            warn(
                f"{self.what} has shape {have}, and {self.output} has shape {shape}: the loss '{self.loss_name}' repeats "
                "the smaller one to compare them, which is rarely meant. "
                f"Wanted: targets of shape {_show(shape)}.",
            )
            return
        raise self._wrong_shape(f"targets of shape {_show(shape)}")


def _show(shape: tuple) -> str:
    return str(("samples", *shape[1:])).replace("'", "")
