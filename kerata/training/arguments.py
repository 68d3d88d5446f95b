"""The plain arguments of compile, fit, evaluate and predict: checked, and made Python's own types."""

from __future__ import annotations

import functools
import inspect
import numbers
import operator

from kerata.core.errors import did_you_mean


def known_arguments(method):
    """A decorator: a keyword argument that the method does not take is named, with the one that was meant."""
    known = tuple(inspect.signature(method).parameters)[1:]

    @functools.wraps(method)
    def called(self, *args, **kwargs):
        for name in kwargs:
            if name not in known:
                raise TypeError(
                    f"{method.__name__}() takes no argument {name!r}.{did_you_mean(name, known)} It takes: {', '.join(known)}."
                )
        return method(self, *args, **kwargs)

    return called


def whole(name: str, value, least: int = 0) -> int:
    """A whole number of at least `least`, as an int."""
    try:
        number = operator.index(value)
    except TypeError:
        hint = ""
        if isinstance(value, str) and value.strip().isdigit():
            hint = f" It is text: give int({name})."
        elif isinstance(value, numbers.Real):
            hint = " Divide with `//`, or round it."
        raise TypeError(f"`{name}` is a whole number; got {value!r} ({type(value).__name__}).{hint}") from None
    if number < least:
        raise ValueError(f"`{name}` is at least {least}; got {value!r}.")
    return number


def verbosity(value) -> int:
    """`verbose` as 0, 1 or 2."""
    if isinstance(value, str):
        if value == "auto":
            return 1
    elif value is None:
        return 0
    elif hasattr(value, "__index__") or hasattr(value, "dtype"):
        return int(value)
    raise ValueError(f"`verbose` is 0 (silent), 1 (a progress bar), 2 (a line an epoch) or 'auto'; got {value!r}.")


def frequency(value):
    """`validation_freq`: a positive integer, or the epochs in which to validate."""
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        value = value.tolist()
    if (isinstance(value, int) and value > 0) or isinstance(value, list | tuple | set | frozenset | range | dict):
        return value
    raise ValueError(
        f"Expected `validation_freq` to be a positive int, or a list of epochs (from 1). Received: validation_freq={value!r}."
    )


def fraction(name: str, value) -> float:
    """A number (which may be None, for 0)."""
    if value is None:
        return 0.0
    if isinstance(value, str) or not (isinstance(value, numbers.Real) or hasattr(value, "dtype")):
        raise TypeError(f"`{name}` is a number between 0 and 1; got {value!r} ({type(value).__name__}).")
    return float(value)
