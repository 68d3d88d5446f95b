"""The distribution in force: how variables and batches lie on several devices (`kerata.distribution`)."""

from __future__ import annotations

current = None  # a kerata.distribution.Distribution; of the whole process


def layout_for(variable):
    """The layout of a new variable; None where nothing says so."""
    if variable._layout is not None or current is None:
        return variable._layout
    return current.get_variable_layout(variable)


def placed(variable, value):
    """`value` on the devices where the variable's layout puts it."""
    place = getattr(variable._backend, "place", None)
    return value if place is None else place(value, variable._layout)
