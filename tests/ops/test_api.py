"""The public surface: every name of keras.ops with its signature."""

import inspect

import keras
import pytest

from kerata import ops

MODULES = ["", "numpy", "linalg", "nn", "image"]


def _names(module):
    return sorted(n for n in dir(module) if not n.startswith("_") and callable(getattr(module, n)))


@pytest.mark.parametrize("module", MODULES)
def test_names_and_signatures(module):
    theirs = getattr(keras.ops, module) if module else keras.ops
    mine = getattr(ops, module) if module else ops
    wrong = []
    for name in _names(theirs):
        fn = getattr(mine, name, None)
        if fn is None:
            wrong.append(f"{name} is missing")
        elif _parameters(fn) != _parameters(getattr(theirs, name)):
            wrong.append(f"{name}{_parameters(fn)}, wanted {_parameters(getattr(theirs, name))}")
    assert not wrong, "\n".join(wrong)


def _parameters(fn):
    return [(p.name, p.kind, p.default) for p in inspect.signature(fn).parameters.values()]


@pytest.mark.parametrize("name", _names(ops))
def test_documented(name):
    assert inspect.getdoc(getattr(ops, name)), f"kerata.ops.{name} has no docstring"


def test_flat_and_grouped_names_are_the_same_functions():
    assert ops.numpy.add is ops.add
    assert ops.linalg.norm is ops.norm
    assert ops.linalg.slogdet is ops.slogdet
