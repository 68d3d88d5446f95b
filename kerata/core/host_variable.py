"""A small Variable whose value is also known on the host, as long as only the host changes it."""

from __future__ import annotations

import numpy as np

from kerata.core.scopes import context
from kerata.core.variable import Variable


class HostVariable(Variable):
    """A counter or a learning rate: Python reads and writes it without touching the device.

    The array is brought up to date when someone reads it; when a compiled program or anybody else writes it, the
    host's copy is forgotten, and fetched once when it is next wanted.
    """

    _host = None  # nested Python numbers, or None where only the device knows
    _behind = False  # whether the array is older than the host's copy

    @property
    def _value(self):
        if self._behind:
            b = self._backend
            new = b.new_value(np.array(self._host, self._dtype), self._dtype, False)
            # On JAX an assignment would be part of a program that is being traced; the new array is not.
            self.__dict__["_value"] = new if b.functional else b.assign_value(self.__dict__["_value"], new)
            self._behind = False
        return self.__dict__["_value"]

    @_value.setter
    def _value(self, array):
        self.__dict__["_value"] = array
        self._host, self._behind = None, False

    @property
    def on_host(self) -> bool:
        """Whether `get_host` may be used here: not while tracing, in a scope, or inside a TensorFlow graph."""
        return context.scope is None and self._backend.random.host_seeds

    def get_host(self):
        """The value as Python numbers."""
        if self._host is None:
            self._host = np.asarray(self._backend.to_numpy(self._value)).tolist()
        return self._host

    def set_host(self, value) -> None:
        """Replace the value by Python numbers, which must be exact in the variable's dtype."""
        self._host, self._behind = value, True
