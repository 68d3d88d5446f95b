"""The examples in docstrings of public names run, and give what they say.

An example says it as doctest does, in the line below, or in a comment behind it: `>>> kerata.ops.relu([-1, 2])  # [0, 2]`,
which is compared as numbers. What says nothing has to run.
"""

import ast
import contextlib
import doctest
import importlib
import inspect
import io
import os
import pkgutil
import sys
import warnings

import numpy as np
import pytest

import kerata
from kerata import backend as backends

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules() -> list[str]:
    """All modules of the package but the backends', which import what may not be installed."""
    found = [m.name for m in pkgutil.walk_packages(kerata.__path__, "kerata.") if "__main__" not in m.name]
    return [n for n in found if not n.startswith("kerata.backend.")]


def documented(name: str):
    """`(where, object)` for all that the module defines: itself, its functions and classes, their methods."""
    module = importlib.import_module(name)
    yield name, module
    for key, thing in sorted(vars(module).items()):
        if getattr(thing, "__module__", None) != name:
            continue
        yield f"{name}.{key}", thing
        if inspect.isclass(thing):
            own = (v for v in vars(thing).values() if callable(v) and getattr(v, "__module__", None) == name)
            yield from ((f"{name}.{key}.{v.__name__}", v) for v in own)


def examples() -> list[doctest.DocTest]:
    finder, tests, seen = doctest.DocTestFinder(recurse=False), [], set()
    for name in modules():
        for where, thing in documented(name):
            if id(thing) in seen or ">>>" not in (inspect.getdoc(thing) or ""):
                continue
            seen.add(id(thing))
            for test in finder.find(thing, where, module=False, globs={}):
                test.filename = name
                tests.append(test)
    return tests


def with_checks(example: doctest.Example) -> doctest.Example:
    """The example with its comment as a check; without either, its value is left unseen."""
    code, _, comment = example.source.rstrip().rpartition("  # ")
    try:
        ast.parse(example.source, mode="eval")
    except SyntaxError:
        return example
    try:
        wanted = repr(ast.literal_eval(comment)) if code and not example.want else None
    except (SyntaxError, ValueError):
        wanted = None
    if wanted is not None:
        example.source = f"_shows({code}, {wanted})\n"
    elif not example.want:
        example.source = f"_ = {example.source}"
    return example


def shows(found, wanted) -> None:
    found = found if isinstance(found, tuple) else kerata.ops.convert_to_numpy(found)
    np.testing.assert_allclose(np.asarray(found, "float64"), np.asarray(wanted, "float64"), atol=1e-5)


def run(test: doctest.DocTest, folder) -> str:
    """What went wrong; empty if nothing did."""
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    module = sys.modules[test.filename]
    test.globs = {**vars(module), "kerata": kerata, "np": np, "_shows": shows}
    test.examples = [with_checks(e) for e in test.examples]
    before = os.getcwd()
    os.chdir(folder)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            runner.run(test, out=report.write, clear_globs=False)
    finally:
        os.chdir(before)
    return report.getvalue()


@pytest.mark.slow
def test_examples_run(tmp_path):
    tests = examples()
    assert len(tests) > 100
    with backends.backend_scope("jax"):
        failures = [text for text in (run(t, tmp_path) for t in tests) if text]
    assert not failures, f"{len(failures)} of {len(tests)} examples fail:\n" + "\n".join(failures)
