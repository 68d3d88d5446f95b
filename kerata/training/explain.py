"""Errors of array libraries, said again in the words of the person who made the mistake."""

from __future__ import annotations

import linecache
import math
import re
from types import FrameType, TracebackType
from typing import Any

import numpy as np

# How the backends say that NumPy (or `math`) was given a tensor that it cannot read. They are matched by name and
# words, so that no backend needs to be imported.
_SIGNS = (
    ("TracerArrayConversionError", ""),
    ("ConcretizationTypeError", "float"),
    ("ConcretizationTypeError", "traced array"),
    ("TypeError", "no value, so it cannot be used as a NumPy array"),
    ("TypeError", "no value, so it cannot be used as a float"),
    ("RuntimeError", "Can't call numpy() on Tensor that requires grad"),
    ("RuntimeError", "numpy()"),
    ("TypeError", "device type tensor to numpy"),
    ("NotImplementedError", "to a numpy array"),
    ("TypeError", "received an invalid combination of arguments"),
    ("TypeError", "got an unexpected keyword argument"),
    ("TypeError", "only length-1 arrays"),
    ("TypeError", "Only scalar arrays"),
    ("TypeError", "must be real number"),
    ("TypeError", "loop of ufunc does not support"),
    ("AttributeError", "object has no attribute"),
    ("ValueError", "only one element tensors"),
    ("RuntimeError", "a Tensor with"),
)
_OTHER_NAMES = {
    "array": "convert_to_tensor", "asarray": "convert_to_tensor", "concat": "concatenate", "float32": "cast",
    "float64": "cast", "int32": "cast", "int64": "cast", "pow": "power", "acos": "arccos", "asin": "arcsin",
    "atan": "arctan", "fabs": "abs", "product": "prod", "nan_to_num": "nan_to_num",
    "random.normal": "random.normal", "random.uniform": "random.uniform", "random.randn": "random.normal",
    "random.rand": "random.uniform", "linalg.norm": "norm",
}  # fmt: skip


def explain_numpy_error(exc: BaseException) -> TypeError | None:
    """A TypeError that names the op to use, if `exc` came from a NumPy function on a tensor of a backend.

    Args:
        exc: what the training step raised.

    Returns:
        The error to raise from `exc`; None if `exc` is about something else.
    """
    kinds = {c.__name__ for c in type(exc).__mro__}
    if not any(kind in kinds and words in str(exc) for kind, words in _SIGNS):
        return None
    call = _find_call(exc.__traceback__) or _find_call_in_text(str(exc))
    if call is None:
        return None
    written, name, where = call
    op = _op_for(name)
    if op is None:
        use = "the functions of `kerata.ops`"
    else:
        use = f"`kerata.{op}`" + (f" (as `keras.{op}`, if Kerata is imported as keras)" if "." in op else "")
    return TypeError(
        f"`{written}` was called on a tensor {where}. NumPy computes outside of the backend: it cannot see the tensor "
        f"while a model is traced or differentiated, and there would be no gradient. Use {use} instead."
    )


def _op_for(name: str) -> str | None:
    from kerata import ops

    known = _OTHER_NAMES.get(name, name)
    if known.startswith("random."):
        return known
    last = known.rpartition(".")[2]
    return f"ops.{last}" if hasattr(ops, last) else None


def _find_call(tb: TracebackType | None) -> tuple[str, str, str] | None:
    """The innermost call `np.something(...)` in code that is neither Kerata's nor a library's."""
    found = None
    while tb is not None:
        frame = tb.tb_frame
        if not _is_library(frame):
            called = _called(tb, frame)
            if called is not None:
                code = frame.f_code
                where = f"in `{code.co_name}` ({code.co_filename}, line {tb.tb_lineno})"
                found = (*called, where)
        tb = tb.tb_next
    return found


def _find_call_in_text(message: str) -> tuple[str, str, str] | None:
    """The same from a message that quotes the user's code, as AutoGraph's do."""
    for filename, line, function in reversed(re.findall(r'File "([^"]+)", line (\d+), in (\w+)', message)):
        if "site-packages" in filename:
            continue
        for above in range(8):  # the line told may be the last of a long call
            text = linecache.getline(filename, int(line) - above)
            match = re.search(r"(?<![\w.])((?:np|numpy|math)\.([\w.]+))\s*\(", text)
            if match:
                return match[1], match[2], f"in `{function}` ({filename}, line {line})"
    return None


def _is_library(frame: FrameType) -> bool:
    module = frame.f_globals.get("__name__", "")
    return module.partition(".")[0] in ("numpy", "jax", "jaxlib", "torch", "tensorflow", "kerata", "optree", "keras")


def _called(tb: TracebackType, frame: FrameType) -> tuple[str, str] | None:
    """`("np.mean", "mean")` where the line that failed calls a function of NumPy or `math`."""
    aliases = {
        name: module.__name__
        for scope in (frame.f_globals, frame.f_locals) for name, module in scope.items()
        if module is np or module is math
    }  # fmt: skip
    direct = {
        name: value for scope in (frame.f_globals, frame.f_locals) for name, value in scope.items()
        if isinstance(value, np.ufunc) or getattr(value, "__module__", None) in ("numpy", "math")
    }  # fmt: skip
    text = _source(tb, frame)
    for alias in aliases:
        match = re.search(rf"(?<![\w.]){re.escape(alias)}\.([\w.]+)\s*\(", text)
        if match:
            return f"{alias}.{match[1]}", match[1]
    for name, value in direct.items():
        if re.search(rf"(?<![\w.]){re.escape(name)}\s*\(", text):
            return name, getattr(value, "__name__", name)
    return None


def _source(tb: TracebackType, frame: FrameType) -> str:
    """The source of the expression that failed."""
    positions: Any = list(frame.f_code.co_positions())[tb.tb_lasti // 2]
    line, end, start_column, end_column = positions
    filename = frame.f_code.co_filename
    if line is None:
        return linecache.getline(filename, tb.tb_lineno, frame.f_globals)
    lines = [linecache.getline(filename, n, frame.f_globals) for n in range(line, (end or line) + 1)]
    if len(lines) == 1 and start_column is not None:
        return lines[0].encode()[start_column:end_column].decode(errors="replace")
    return "".join(lines)
