"""The public members of Keras's 32 base classes: each has a docstring, its own or that of the method it overrides.

Of a method it names every parameter. What an object has from `__init__` alone (`supports_masking`) stands in the class's
docstring or nowhere.
"""

import inspect
import re

import pytest
from test_contract import MEMBERS, found


def members(name: str):
    """`(where, attribute)` of what Kerata's classes define under the names of the list."""
    cls = found(name)
    for member in MEMBERS[name]:
        owner = next((c for c in cls.__mro__ if member in vars(c)), None)
        if owner is not None and owner.__module__.partition(".")[0] == "kerata":
            yield f"{cls.__name__}.{member}", vars(owner)[member], getattr(cls, member)


def lacks(attribute, bound) -> str:
    text = inspect.getdoc(attribute if isinstance(attribute, property) else bound) or ""
    if not text:
        return "a docstring"
    lines = text.splitlines()
    if not lines[0].endswith(".") or (len(lines) > 1 and lines[1]):
        return "a summary line that ends with a period"
    if isinstance(attribute, property) or not callable(bound) or inspect.isclass(bound) or "see `" in text:
        return ""
    if not getattr(attribute, "__doc__", None):  # that of the method it overrides, whose parameters may have other names
        return ""
    parameters = [p for p in inspect.signature(bound).parameters if p not in ("self", "_")]
    return ", ".join(f"`{p}`" for p in parameters if not re.search(rf"\b{p}\b", text))


@pytest.mark.parametrize("name", MEMBERS)
def test_members_are_documented(name):
    lacking = {where: lack for where, attribute, bound in members(name) if (lack := lacks(attribute, bound))}
    assert not lacking
