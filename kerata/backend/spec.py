"""The description of an array that is not there: what abstract evaluation takes and gives."""

from __future__ import annotations


class Spec:
    """A shape of known integers and a dtype name; a leaf of argument trees in `Backend.abstract_eval`."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: str):
        self.shape = tuple(shape)
        self.dtype = dtype

    def __repr__(self) -> str:
        return f"Spec(shape={self.shape}, dtype={self.dtype!r})"
