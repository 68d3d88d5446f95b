"""`python -m kerata.compat program.py ARGS` and `python -m kerata.compat MODULE ARGS`, with `keras` meaning Kerata."""

from __future__ import annotations

import importlib.util
import os
import sys


def main(argv: list[str]) -> int:
    """Run a program or a module (`pytest`); the exit code."""
    from kerata.cli.run import run, run_module

    argv = argv[1:] if argv[:1] == ["-m"] else argv
    if not argv or argv[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if argv else 2
    name, args = argv[0], argv[1:]
    if os.path.isfile(name) or name.endswith(".py") or os.sep in name:
        return run(name, args)
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        print(f"kerata.compat: there is no program and no module {name!r}.", file=sys.stderr)
        return 2
    return run_module(name, args)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
