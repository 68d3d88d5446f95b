"""Each block of Python in docs/*.md runs, one after the other in the order of the page."""

import pathlib
import re

import numpy as np
import pytest

import kerata

DOCS = sorted((pathlib.Path(__file__).parents[1] / "docs").glob("*.md"))


def run(page: pathlib.Path) -> dict:
    """The names that the page's blocks define."""
    names = {"__name__": page.stem}
    for code in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        exec(compile(code, page.name, "exec"), names)
    return names


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_python_blocks(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(page)


def test_the_ops_of_the_architecture_page(backend):
    names = run(next(page for page in DOCS if page.stem == "architecture"))
    assert np.asarray(kerata.ops.convert_to_numpy(names["flip"]([1.0, 2.0]))).tolist() == [2, 1]
    assert np.asarray(kerata.ops.convert_to_numpy(names["add"]([1], 2.5))).tolist() == [3.5]
    assert names["exp"](kerata.Input((3,))).shape == (None, 3)


def test_what_the_pages_point_to_exists():
    root = DOCS[0].parents[1]
    for page in DOCS:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
        for path in re.findall(r"`((?:kerata|tests|tools|backend|core|compat|cli|training)/[\w/]+(?:\.py)?)`", text):
            assert any((base / path).exists() for base in (root, root / "kerata")), f"{page.name}: {path}"
