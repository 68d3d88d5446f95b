"""Python's operators for things that stand for tensors (KerasTensor, Variable), by way of ops."""

from __future__ import annotations


def _binary(name: str):
    def forward(self, other):
        from kerata import ops

        return getattr(ops, name)(self, other)

    def reverse(self, other):
        from kerata import ops

        return getattr(ops, name)(other, self)

    return forward, reverse


def _unary(name: str):
    def method(self):
        from kerata import ops

        return getattr(ops, name)(self)

    return method


class TensorOperators:
    """Mixin: arithmetic, comparison and logical operators, indexing is the subclass's."""

    __add__, __radd__ = _binary("add")
    __sub__, __rsub__ = _binary("subtract")
    __mul__, __rmul__ = _binary("multiply")
    __truediv__, __rtruediv__ = _binary("true_divide")
    __floordiv__, __rfloordiv__ = _binary("floor_divide")
    __mod__, __rmod__ = _binary("mod")
    __pow__, __rpow__ = _binary("power")
    __matmul__, __rmatmul__ = _binary("matmul")
    __and__, __rand__ = _binary("logical_and")
    __or__, __ror__ = _binary("logical_or")
    __xor__, __rxor__ = _binary("logical_xor")
    __lt__, _ = _binary("less")
    __le__, _ = _binary("less_equal")
    __gt__, _ = _binary("greater")
    __ge__, _ = _binary("greater_equal")
    __neg__ = _unary("negative")
    __abs__ = _unary("absolute")
    __array_priority__ = 100

    def __invert__(self):
        from kerata import ops

        return ops.logical_not(self) if self.dtype == "bool" else ops.bitwise_not(self)

    def __pos__(self):
        return self

    def __round__(self, ndigits=None):
        from kerata import ops

        return ops.round(self, ndigits or 0)
