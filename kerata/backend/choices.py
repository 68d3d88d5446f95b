"""What `backend="auto"` found out, kept in `$KERAS_HOME/backend_choices.json`: of models, and of programs."""

from __future__ import annotations

import hashlib
import json
import os
import sys

from kerata.core import home

_FILE = "backend_choices.json"
_MOST = 1000


def remembered() -> dict:
    """All of it: backends' names, or seconds of training without a choice, by keys."""
    try:
        with open(os.path.join(home.folder(), _FILE), encoding="utf-8") as file:
            found = json.load(file)
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def remember(key: str, found: str | float) -> None:
    """Add what was found. A cache that cannot be written is no reason to stop a training."""
    from kerata.saving import atomic

    try:
        os.makedirs(home.folder(), exist_ok=True)
        with atomic.replacing(os.path.join(home.folder(), _FILE)) as part:
            others = {k: v for k, v in remembered().items() if k != key}
            text = json.dumps({**dict(list(others.items())[1 - _MOST :]), key: found}, indent=1)
            with open(part, "w", encoding="utf-8") as file:
                file.write(text)
    except OSError:
        pass


def of_program() -> str | None:
    """The backend on which a model of this program trained the last time."""
    key = _program()
    return None if key is None else remembered().get(key)


def remember_of_program(name: str) -> None:
    """Have this program begin on a backend the next time."""
    key = _program()
    if key is not None and remembered().get(key) != name:
        remember(key, name)


def _program() -> str | None:
    """The key of the program that runs, with its arguments; None for modules, tools and sessions by hand."""
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    if not str(path).endswith(".py") or getattr(main, "__spec__", None) is not None:
        return None
    facts = repr((os.path.abspath(path), sys.argv[1:]))
    return f"program {hashlib.sha256(facts.encode()).hexdigest()[:32]}"
