"""Functions that have no name: their bytecode, as text. Read only where the caller said that it trusts the file."""

from __future__ import annotations

import codecs
import marshal
import types


class LiveFunction(dict):
    """The config of an unnamed function, which still knows the function it was made from.

    Copying a model in one process thus needs no bytecode; a file can hold only plain dictionaries.
    """

    function = None

    def __deepcopy__(self, memo):
        new = LiveFunction(self)
        new.function = self.function
        return new


def dump_function(fn) -> dict:
    """The code, defaults and closure of a Python function, in the form that Keras writes."""
    code = codecs.encode(marshal.dumps(fn.__code__), "base64").decode("ascii")
    closure = [cell.cell_contents for cell in fn.__closure__] if fn.__closure__ else None
    return {"code": code, "defaults": list(fn.__defaults__) if fn.__defaults__ else None, "closure": closure}


def load_function(code: str, defaults=None, closure=None, module_globals=None):
    """Make a function from what `dump_function` gave. This can run anything: only for files that are trusted."""
    try:
        raw = codecs.decode(code.encode("ascii"), "base64")
        compiled = marshal.loads(raw)
    except (ValueError, EOFError, TypeError, UnicodeError) as e:
        raise ValueError(
            "The bytecode of a Lambda function in the file cannot be read: Python bytecode can only be read by the "
            "Python version that wrote it. Put the function in your script and pass it in `custom_objects`."
        ) from e
    if isinstance(defaults, list):
        defaults = tuple(tuple(d) if isinstance(d, list) else d for d in defaults)
    cells = tuple(types.CellType(value) for value in closure) if closure else None
    return types.FunctionType(compiled, module_globals or _lambda_globals(), "<lambda>", defaults, cells)


def _lambda_globals() -> dict:
    """What the code of a Lambda may expect to find by name."""
    import numpy

    import kerata
    from kerata import ops

    return {"keras": kerata, "kerata": kerata, "ops": ops, "np": numpy, "numpy": numpy, "K": ops}
