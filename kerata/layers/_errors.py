"""Sentences about inputs that do not fit, which more than one layer says."""

from __future__ import annotations

import functools

from kerata.core import tree
from kerata.core.configurable import is_own
from kerata.core.keras_tensor import KerasTensor


def image_hint(rank: int):
    """A hint for layers on images (or volumes, or sequences) whose input lacks an axis: a function of its shape."""
    return functools.partial(_image_hint, rank)  # no inner function: layers are pickled


def _image_hint(rank: int, shape) -> str:
    if len(shape) == rank - 1 and rank == 4:
        inner = ", ".join("n" if n is None else str(n) for n in shape[1:])
        return f" Images need a channel axis: add one to the data with `x[..., None]`, and give `input_shape=({inner}, 1)`."
    if len(shape) == rank - 1:
        return " Batches need a channel axis as well: add one with `x[..., None]`."
    if rank == 4 and len(shape) == 2:
        return " The input is flat: reshape it to (batch, height, width, channels) first."
    return ""


def positive_integer(value, name: str, who: str, of_another_kind: type[Exception] = ValueError) -> int:
    """The argument `name` of the layer class `who`, such as a number of units, or an error.

    Args:
        of_another_kind: the error for what is no integer; what is one, but below 1, is a ValueError.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise of_another_kind(f"`{name}` of {who} is a positive integer; got {value!r} ({type(value).__name__}).")
    if value < 1:
        raise ValueError(f"`{name}` of {who} is a positive integer; got {value!r}.")
    return value


def maker(tensor) -> str:
    """ "(made by layer 'x')" for a symbolic tensor, else nothing."""
    history = getattr(tensor, "_keras_history", None)
    if not isinstance(tensor, KerasTensor) or history is None:
        return ""
    return f" (from {history.operation.name!r})"


def merge_mismatch(layer, inputs, shapes) -> ValueError:
    """The error for inputs of an elementwise merge whose shapes do not broadcast."""
    listed = "; ".join(f"input {i}: {tuple(s)}{maker(x)}" for i, (x, s) in enumerate(zip(inputs, shapes)))
    text = f"Layer {layer.name!r} ({type(layer).__name__}) cannot combine inputs of different shapes: {listed}."
    if len({len(s) for s in shapes}) == 1 and len(shapes[0]) == 4 and len({tuple(s[1:3]) for s in shapes}) == 1:
        channels = max(s[-1] or 0 for s in shapes)
        text += (
            " They differ in the number of channels. In a residual block the shortcut is projected with a 1x1 convolution: "
            f"shortcut = Conv2D({channels}, 1)(shortcut)."
        )
    return ValueError(text)


def check_positional(layer, args, bound: dict, plan) -> None:
    """Raises if a positional argument of a layer's call holds something else than tensors."""
    b = layer._backend
    for name, given in zip(plan.names, args):
        for x in tree.flatten(bound[name]):
            if x is None or b.is_tensor(x) or hasattr(x, "shape"):
                continue
            hint = ""
            if isinstance(given, list | tuple) and isinstance(x, int | float):
                hint = " Wrap lists of numbers in numpy.array(...)."
            raise ValueError(
                f"Layer {layer.name!r} ({type(layer).__name__}) takes tensors as positional arguments; {name!r} was "
                f"given {x!r} ({type(x).__name__}). Pass other values by keyword.{hint}"
            )


def explain_strings(layer, arguments, error: Exception) -> None:
    """Raises in place of the error of a layer that was given strings and computes with numbers; gives None for others."""
    if getattr(error, "_seen_by_a_layer", False):  # it came up in a layer inside, whose inputs may be numbers
        return
    error._seen_by_a_layer = True
    found = next((x for x in tree.flatten(arguments) if _holds_strings(x)), None)
    if found is None or layer._takes_strings or not is_own(type(layer)):
        return
    told = TypeError(
        f"Layer {layer.name!r} ({type(layer).__name__}) computes with numbers; it was given strings (shape {tuple(found.shape)}). "
        "Turn them into numbers first: StringLookup or Hashing for words, TextVectorization for texts, "
        "x.astype('float32') for numbers that are written out."
    )
    told._seen_by_a_layer = told._layer_told = True
    raise told from error


def _holds_strings(x) -> bool:
    dtype = getattr(x, "dtype", None)
    kind = getattr(dtype, "kind", None)
    if kind == "O":
        return x.size > 0 and isinstance(x.flat[0], str | bytes)
    return kind in ("U", "S") or str(getattr(dtype, "name", dtype)) == "string"
