"""Write the stubs (`__init__.pyi`) of the packages whose names are imported on first use, for editors and type checkers.

    python tools/stubs.py           writes them
    python tools/stubs.py --check   says which are out of date
"""

from __future__ import annotations

import importlib
import importlib.util
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
_LAZY = re.compile(r"^__getattr__, __dir__, __all__ = _?attach\(", re.MULTILINE)


def lazy_files() -> list[pathlib.Path]:
    """The files of the packages and modules that use `attach`."""
    return [p for p in sorted((ROOT / "kerata").rglob("*.py")) if _LAZY.search(p.read_text(encoding="utf-8"))]


def exists(module: str) -> bool:
    """Whether there is such a module."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def stub(path: pathlib.Path) -> str:
    """The stub of one of them."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    module = importlib.import_module(name)
    lines = ["# Made by tools/stubs.py."]
    submodules = [n for n in module.__all__ if n not in module._PLACES and n != "__version__"]
    for sub in submodules:
        if exists(f"{name}.{sub}"):
            lines.append(f"from {name} import {sub} as {sub}")
    for public, place in sorted(module._PLACES.items()):
        where, _, other = place.partition(":")
        other = other or public
        if not exists(where) or not hasattr(importlib.import_module(where), other):
            continue
        if other == public:
            lines.append(f"from {where} import {public} as {public}")
        else:  # only names that stay the same are exported by an import
            lines += [f"from {where} import {other} as _{public}", f"{public} = _{public}"]
    if "__version__" in module.__all__:
        lines.append("\n__version__: str")
    return "\n".join(lines) + "\n"


def main(check: bool) -> int:
    """Write or check all of them; the exit code."""
    stale = []
    for path in lazy_files():
        target, text = path.with_suffix(".pyi"), stub(path)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            stale.append(str(target.relative_to(ROOT)))
            if not check:
                target.write_text(text, encoding="utf-8")
    if stale:
        print(("Out of date (run `make stubs`): " if check else "Written: ") + ", ".join(stale))
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main("--check" in sys.argv))
