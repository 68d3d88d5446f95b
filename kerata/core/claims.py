"""Sizes that a file asks for while a model is made from it."""

from __future__ import annotations

import math

from kerata.core.scopes import context


def claim(shape, what: str, itemsize: int = 4) -> None:
    """ValueError if, while a model file is read, an array of this shape would be absurdly large for that file.

    Weights have a budget of their own (`saving/limits.py`); this is for what layers compute on the way.
    """
    budget = context.budget
    if budget is not None:
        budget.check(math.prod(int(n) for n in shape if n is not None) * itemsize, f"{what} of shape {tuple(shape)}")


def claim_steps(count, what: str) -> None:
    """ValueError if, while a model file is read, a loop would run for minutes only to find shapes."""
    budget = context.budget
    if budget is not None and isinstance(count, int):
        budget.check_steps(count, what)
