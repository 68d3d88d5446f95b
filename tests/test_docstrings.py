"""Public names have complete docstrings, whose examples run and give what they say.

Complete: a summary line that ends with a period, each parameter named in a section `Args:`, and an example. An example says
its result as doctest does, in the line below, or in a comment behind it: `>>> kerata.ops.relu([-1, 2])  # [0, 2]`, which is
compared as numbers. What says nothing has to run. What cannot run alone (a download, say) stands indented below the line
`Example (not run):` instead.
"""

import ast
import contextlib
import copy
import doctest
import functools
import importlib
import inspect
import io
import os
import pkgutil
import re
import sys
import textwrap
import warnings

import numpy as np
import pytest
from test_contract import NAMES
from test_contract import found as public

import kerata
from kerata import backend as backends

# Packages with many examples.
PARTS = ["activations", "applications", "callbacks", "core", "distribution", "initializers", "layers", "losses", "metrics",
         "ops", "optimizers", "quantizers", "random", "saving", "utils", "the rest"]  # fmt: skip
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules() -> list[str]:
    """All modules of the package but those that act when they are imported, and the backends', whose libraries may lack."""
    found = [m.name for m in pkgutil.walk_packages(kerata.__path__, "kerata.") if "__main__" not in m.name]
    return [n for n in found if not n.startswith("kerata.backend.") and n != "kerata.compat.pytest_plugin"]


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


@functools.cache
def examples() -> list[doctest.DocTest]:
    finder, tests, seen = doctest.DocTestFinder(recurse=False), [], set()
    found = [(name, where, thing) for name in modules() for where, thing in documented(name)]
    found += [(thing.__module__, name, thing) for names in groups().values() for name, thing in names.items()]
    for module, where, thing in found:
        if id(thing) in seen or ">>>" not in (inspect.getdoc(thing) or ""):
            continue
        seen.add(id(thing))
        for test in finder.find(thing, where, module=False, globs={}):
            test.filename = module
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
    found = kerata.tree.map_structure(lambda x: x if np.isscalar(x) else kerata.ops.convert_to_numpy(x), found)
    if np.asarray(wanted).dtype.kind == "U":
        assert np.array_equal(found, wanted), f"{found} is not {wanted}"
        return
    kind = "complex128" if np.iscomplexobj(wanted) else "float64"
    np.testing.assert_allclose(np.asarray(found, kind), np.asarray(wanted, kind), atol=1e-4)


class Checker(doctest.OutputChecker):
    """Takes PyTorch's form of a shape for a tuple."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(self.plain(want), self.plain(got), optionflags)

    def plain(self, text: str) -> str:
        text = re.sub(r"torch\.Size\(\[(\d+)\]\)", r"(\1,)", text)
        return re.sub(r"torch\.Size\(\[([\d, ]*)\]\)", r"(\1)", text)


def run(test: doctest.DocTest, folder) -> str:
    """What went wrong; empty if nothing did."""
    report = io.StringIO()
    test = copy.copy(test)
    runner = doctest.DocTestRunner(checker=Checker(), optionflags=FLAGS, verbose=False)
    module = sys.modules[test.filename]
    test.globs = {**vars(module), "kerata": kerata, "np": np, "_shows": shows}
    test.examples = [with_checks(copy.copy(e)) for e in test.examples]
    before = os.getcwd()
    os.chdir(folder)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            runner.run(test, out=report.write, clear_globs=False)
    finally:
        os.chdir(before)
    return report.getvalue()


@pytest.mark.parametrize("part", PARTS)
def test_examples_run(tmp_path, part):
    """On PyTorch, which compiles nothing: what the ops give on the other backends is compared elsewhere."""
    package = {t: t.filename.split(".")[1] for t in examples()}
    tests = [t for t, p in package.items() if p == part or (part == "the rest" and p not in PARTS)]
    assert len(examples()) > 900 and len(tests) >= 10
    with backends.backend_scope("torch"):
        failures = [text for text in (run(t, tmp_path) for t in tests) if text]
    assert not failures, f"{len(failures)} of {len(tests)} examples fail:\n" + "\n".join(failures)


# ---- what each docstring has
OPS, LAYERS = ("ops",), ("layers", "applications", "losses", "metrics", "optimizers", "callbacks")
GENERIC = {"name", "dtype", "trainable"}  # what every class of a kind takes
NOT_RUN = re.compile(r"^Example \(not run\):\n\n?((?: {4}.*\n?|\n)+)", re.MULTILINE)
PARAMETERS = re.compile(r"^ {4}(\*{0,2}\w+(?:, \*{0,2}\w+)*):\s*\S", re.MULTILINE)


def group(name: str) -> str:
    space = name.split(".")[1]
    return "ops" if space in OPS else "layers" if space in LAYERS else "rest"


def groups() -> dict[str, dict]:
    """The public functions and classes by group and name, each once."""
    out: dict[str, dict] = {"ops": {}, "layers": {}, "rest": {}}
    seen = set()
    for name in sorted((n for n in NAMES if "alias_of" not in NAMES[n]), key=lambda n: (group(n) != "ops", n)):
        thing = public(name)
        if id(thing) not in seen:
            seen.add(id(thing))
            out[group(name)][name] = thing
    return out


def section(text: str, heading: str) -> str:
    """What is indented below `heading:`."""
    match = re.search(rf"^{heading}:\n((?:(?: .*)?\n)+)", text + "\n", re.MULTILINE)
    return match.group(1) if match else ""


def wanted_parameters(thing) -> list[str]:
    try:
        parameters = inspect.signature(thing).parameters.values()
    except ValueError:
        return []
    skipped = GENERIC if inspect.isclass(thing) else {"name"}
    named = [p for p in parameters if p.kind is not p.VAR_KEYWORD and p.name not in skipped]
    return [p.name for p in named if (p.kind, p.name) != (p.VAR_POSITIONAL, "args")]


def lacks(thing) -> str:
    """What the docstring of a public thing has not."""
    text = inspect.cleandoc(thing.__doc__ or "")
    if not text:
        return "a docstring"
    out = []
    lines = text.splitlines()
    if not lines[0].endswith(".") or (len(lines) > 1 and lines[1]):
        out.append("a summary line that ends with a period")
    named = {n.strip(" *") for group in PARAMETERS.findall(section(text, "Args")) for n in group.split(",")}
    wanted = wanted_parameters(thing)
    out += [f"`{n}` in `Args:`" for n in wanted if n not in named]
    known = {p.name for p in inspect.signature(thing).parameters.values()} if wanted else set()
    out += [f"a parameter `{n}`, which `Args:` names" for n in sorted(named - known) if wanted and not takes_any(thing)]
    blocks = NOT_RUN.findall(text)
    if not blocks and ">>> " not in text:
        out.append("an example")
    for block in blocks:
        ast.parse(textwrap.dedent(block))
    return ", ".join(out)


def takes_any(thing) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(thing).parameters.values())


@pytest.mark.parametrize("name", ["ops", "layers", "rest"])
def test_docstrings_are_complete(name):
    lacking = [f"{n} lacks {lack}" for n, thing in groups()[name].items() if (lack := lacks(thing))]
    assert not lacking, "\n".join(lacking)
