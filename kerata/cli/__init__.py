"""The command `kerata`."""

from __future__ import annotations

import argparse
import os
import sys

from kerata.version import __version__


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kerata", description="Kerata: deep learning with the API of Keras.")
    parser.add_argument("--version", action="version", version=f"kerata {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    run = commands.add_parser("run", help="run a program written for Keras, on Kerata")
    run.add_argument("--backend", help="jax, torch, tensorflow, numpy, or auto: the one that is fastest for each model")
    run.add_argument(
        "--alias", choices=["tensorflow"], help="let `import tensorflow` mean a stand-in that has `tensorflow.keras` only"
    )
    run.add_argument("file", help="a Python program")
    run.add_argument("args", nargs=argparse.REMAINDER, help="its arguments")

    demo = commands.add_parser("demo", help="train a classifier on handwritten digits, and draw what it learned")
    demo.add_argument("--backend", help="jax, torch or tensorflow")
    demo.add_argument("--epochs", type=int, default=12)
    demo.add_argument("--output", default="demo", help="folder for the model and the picture")

    commands.add_parser("backends", help="list the backends that are installed, and their devices")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the process's exit code."""
    arguments = _parser().parse_args(argv)
    if getattr(arguments, "backend", None):
        os.environ["KERATA_BACKEND"] = arguments.backend
    problem = _problem(arguments)
    if problem:
        print(f"kerata {arguments.command}: {problem}", file=sys.stderr)
        return 2
    if arguments.command == "run":
        from kerata.cli.run import run

        return run(arguments.file, arguments.args, alias_tensorflow=arguments.alias == "tensorflow" or None)
    if arguments.command == "demo":
        from kerata.cli.demo import demo

        return demo(arguments.epochs, arguments.output)
    return _backends()


def _problem(arguments: argparse.Namespace) -> str | None:
    """Why the backend that is asked for will not do."""
    from kerata import backend
    from kerata.core.errors import did_you_mean

    name = (os.environ.get("KERATA_BACKEND") or os.environ.get("KERAS_BACKEND") or backend.installed()[0]).strip().lower()
    if name == "auto":
        name = backend.installed()[0]
    if name not in backend.NAMES:
        return f"there is no backend {name!r}.{did_you_mean(name, backend.NAMES)} There are {', '.join(backend.NAMES)}."
    if name not in backend.installed():
        return f"the backend {name!r} is not installed: pip install kerata[{name}]"
    if name == "tensorflow" and getattr(arguments, "alias", None) == "tensorflow":
        return "with `--alias tensorflow` there is no TensorFlow in the process; choose another backend with --backend."
    if name == "numpy" and arguments.command == "demo":
        return "the NumPy backend does not train. Install another (pip install kerata[jax]), or name one with --backend."
    return None


def _backends() -> int:
    from kerata import backend

    for name in backend.NAMES:
        if name in backend.installed():
            print(f"{name:12} {', '.join(backend.get(name).devices())}")
        else:
            print(f"{name:12} not installed: pip install kerata[{name}]")
    print(f"In force: {backend.backend()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
