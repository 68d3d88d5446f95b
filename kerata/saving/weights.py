"""Which object's variables stand where in a file of weights, and how they are put there and taken back.

A path follows the attributes that hold things: `layers/dense_1/vars/0` is the first variable of the second Dense
among the model's layers, as in Keras. Names of layers do not matter, so a rebuilt model finds its weights.
"""

from __future__ import annotations

import functools
import warnings
from typing import NamedTuple

from kerata.core.errors import did_you_mean
from kerata.core.names import to_snake_case

_INTERNAL = frozenset((
    "_init_arguments", "_inbound_nodes", "_losses", "_weights", "_build_shapes_dict", "_dtype_policy", "_backend",
    "_functional", "_stack", "_graph_layers", "_graph", "_program", "_operations", "_inputs_struct", "_outputs_struct",
    "_inputs", "_outputs", "_compile_arguments", "optimizer", "_optimizer", "_trainable_variables", "_layers",
))  # fmt: skip


# Classes that have another name in the paths of Keras's files than in its API.
_STORED_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}
_PLAIN = frozenset((int, float, str, bool, type(None)))


class Saveable(NamedTuple):
    """An object with its path in the file."""

    path: str
    object: object


def saveables(root) -> list[Saveable]:
    """All layers and optimizers under `root`, each once, with their paths in the file."""
    out: list[Saveable] = []
    seen: set[int] = set()

    def visit(obj, path: str) -> None:
        if id(obj) in seen:
            return
        seen.add(id(obj))
        out.append(Saveable(path, obj))
        for name, child in _children(obj):
            below = f"{path}/{name}" if path else name
            if _is_saveable(child):
                visit(child, below)
            elif isinstance(child, list | tuple | dict | set):
                visit_container(child, below)

    def visit_container(container, path: str) -> None:
        used: dict[str, int] = {}
        for child in list(container.values()) if isinstance(container, dict) else list(container):
            if type(child) in _PLAIN:
                continue
            nested = isinstance(child, list | tuple | dict | set)
            if not nested and not _is_saveable(child):
                continue
            name = "container" if nested else to_snake_case(_STORED_NAMES.get(type(child).__name__, type(child).__name__))
            number = used.get(name, -1) + 1
            used[name] = number
            below = f"{path}/{name}_{number}" if number else f"{path}/{name}"
            (visit_container if nested else visit)(child, below)

    visit(root, "")
    return out


@functools.cache
def _kinds() -> tuple:
    from kerata.layers.layer import Layer
    from kerata.optimizers.optimizer import Optimizer

    return Layer, Optimizer


def _is_saveable(x) -> bool:
    return isinstance(x, _kinds())


def _children(obj):
    """The named things that `obj` holds, in the order of the file format: private names last."""
    from kerata.models.functional import Functional
    from kerata.models.model import Model
    from kerata.models.sequential import Sequential

    model = isinstance(obj, Model)
    if isinstance(obj, Functional | Sequential):
        yield "layers", obj.layers
    untracked = getattr(obj, "_untracked", frozenset())
    names = [n for n in vars(obj) if n not in _INTERNAL and n not in untracked]
    names += [n for n in _properties(type(obj)) if n not in names]
    if model:
        names += ["optimizer"] if getattr(obj, "optimizer", None) is not None else []
        names += [] if isinstance(obj, Functional | Sequential) else ["layers"]
    for name in sorted(names, key=lambda n: f"~{n}" if n.startswith("_") else n):
        try:
            child = getattr(obj, name)
        except Exception:  # a property of the user's that has no value now holds nothing to save
            continue
        yield name, child


@functools.lru_cache(None)
def _properties(cls: type) -> list[str]:
    """Names of the properties that the class adds to Kerata's base classes, and to those that array libraries put below them."""
    from kerata.core.native import NativeLayer, NativeOptimizer

    found = []
    for base in cls.__mro__:
        if base in NativeLayer.__mro__ or base in NativeOptimizer.__mro__:
            continue
        if base.__name__ in ("Layer", "LayerState", "Model", "Functional", "Sequential", "Trainer", "Operation", "Optimizer"):
            if base.__module__.startswith("kerata."):
                continue
        found += [n for n, v in vars(base).items() if isinstance(v, property | functools.cached_property)]
    return [n for n in dict.fromkeys(found) if not n.startswith("__")]


# -- writing ---------------------------------------------------------------------------------------------------
def save_state(root, file) -> None:
    """Write the variables of everything under `root` into an open HDF5 file."""
    from kerata.saving.hdf5 import WritableEntry

    for path, obj in saveables(root):
        write_entry(obj, WritableEntry(file, f"{path}/vars" if path else "vars", getattr(obj, "name", None)))


def write_entry(obj, entry) -> None:
    """Let one object write its own variables."""
    if hasattr(obj, "save_own_variables"):
        obj.save_own_variables(entry)


def save_assets(root, folder: str) -> bool:
    """Let everything under `root` that has assets (vocabularies, ...) write them; whether there were any."""
    import os

    from kerata.saving.archive import safe_parts

    any_written = False
    for path, obj in saveables(root):
        if getattr(obj, "save_assets", None) is None:
            continue
        place = os.path.join(folder, *(safe_parts(path) if path else ()))
        os.makedirs(place, exist_ok=True)
        obj.save_assets(place)
        any_written = True
    return any_written


def load_assets(root, folder: str) -> None:
    """Let everything under `root` read its assets back from the extracted folder."""
    import os

    from kerata.saving.archive import safe_parts

    for path, obj in saveables(root):
        place = os.path.join(folder, *(safe_parts(path) if path else ()))
        if getattr(obj, "load_assets", None) is not None and os.path.isdir(place):
            obj.load_assets(place)


# -- reading ---------------------------------------------------------------------------------------------------
def load_state(root, store, skip_mismatch: bool = False, skip=(), what: str = "the file") -> None:
    """Read variables into everything under `root`.

    All shapes are compared before anything is assigned, so a file that does not fit changes nothing.
    """
    skipped = {id(x) for x in skip}
    targets = [t for t in saveables(root) if id(t.object) not in skipped]
    plan, problems = _plan(targets, store)
    if not any(len(entry) for *_, entry in plan) and any(_own(t.object) for t in targets):
        raise ValueError(_nothing_text(root, what, store))
    if problems and not skip_mismatch:
        raise ValueError(_mismatch_text(root, what, problems, store))
    failed = set(problems)
    if problems:
        listed = "; ".join(problems.values())
        warnings.warn(f"Weights that do not fit were skipped: {listed}", stacklevel=4)
    for path, obj, entry in plan:
        if path in failed:
            continue
        _load_one(path, obj, entry, skip_mismatch, what)


def _plan(targets, store) -> tuple[list, dict[str, str]]:
    plan, problems = [], {}
    names = None
    for path, obj in targets:
        entry = store.get(path)
        if not len(entry) and _own(obj) and not _is_optimizer(obj):
            names = store.names() if names is None else names
            entry = _elsewhere(path, obj, store, names) or entry
        problem = _problem(path, obj, entry)
        if problem:
            problems[path] = problem
        plan.append((path, obj, entry))
    return plan, problems


def _elsewhere(path: str, obj, store, names: dict[str, str]):
    """The arrays under the private name that Keras 2 used ("_key_dense"), or under the layer's own name; or None."""
    head, _, last = path.rpartition("/")
    entry = store.get(f"{head}/_{last}" if head else f"_{last}")
    if not len(entry) and getattr(obj, "name", None) in names:
        entry = store.get(names[obj.name])
    return entry if len(entry) else None


def _is_optimizer(obj) -> bool:
    return isinstance(obj, _kinds()[1])


def _own(obj) -> list:
    """The layer's own variables, in the order of the file format."""
    from kerata.layers.state import LayerState

    return obj._stored_variables() if isinstance(obj, LayerState) else []


def _problem(path: str, obj, entry) -> str | None:
    """What is wrong with the file's arrays for this layer; None if they fit or it reads them its own way."""
    from kerata.layers.state import LayerState

    default = getattr(type(obj), "load_own_variables", None) is LayerState.load_own_variables
    if not default and not (type(obj).__module__.startswith("kerata.") and isinstance(obj, LayerState)):
        return None
    own = _own(obj)
    keys = sorted(entry.keys(), key=lambda k: (len(k), k))
    have, want = [entry.shape(k) for k in keys], [tuple(v.shape) for v in own]
    if not default and (len(have) != len(want) or not all(k.isdigit() for k in keys)):
        return None  # quantised or otherwise in a form that the layer itself knows
    if not own and not keys:
        return None
    who = f"layer {obj.name!r} ({type(obj).__name__}, {path or 'the model itself'!r} in the file)"
    if not own:
        built = "has no weights" if getattr(obj, "built", True) else "has no weights yet, because it is not built"
        return f"{who} {built}; the file holds {len(have)} for it, of shapes {_list(have)}"
    if not keys:
        return f"{who} has {len(own)} weights of shapes {_list(want)}; the file holds none for it"
    if have != want:
        return f"{who} has weights of shapes {_list(want)}; the file holds {_list(have)}"
    return None


def _list(shapes) -> str:
    text = ", ".join(map(str, shapes[:6]))
    return f"[{text}{', ...' if len(shapes) > 6 else ''}]"


def _mismatch_text(root, what: str, problems: dict, store) -> str:
    listed = "".join(f"\n- {p}" for p in list(problems.values())[:12])
    more = f"\n- and {len(problems) - 12} more" if len(problems) > 12 else ""
    unbuilt = any("not built" in p for p in problems.values())
    hint = (
        " Build the model first: call it once on data of the right shape, or model.build(input_shape)."
        if unbuilt
        else " Make the model as it was when the file was written, or pass `skip_mismatch=True` to load what fits."
    )
    return f"The weights of {what} do not fit model {root.name!r}:{listed}{more}\nNothing was changed.{hint}"


def _nothing_text(root, what: str, store) -> str:
    held = ", ".join(store.all_paths()[:8])
    if not held:
        return f"{what} holds no weights as Keras 3 and Kerata write them, so that it is no file of weights; nothing was changed."
    mine = [t.path for t in saveables(root) if _own(t.object)]
    near = did_you_mean(mine[0], store.all_paths()) if mine else ""
    return (
        f"{what} holds weights under {held}; model {root.name!r} looks for {', '.join(mine[:8])}: none of them fits, and "
        f"nothing was changed.{near}"
    )


def _load_one(path: str, obj, entry, skip_mismatch: bool, what: str) -> None:
    if not hasattr(obj, "load_own_variables"):
        return
    if _is_optimizer(obj):
        _load_optimizer(obj, entry)
        return
    try:
        obj.load_own_variables(entry)
    except (ValueError, KeyError, TypeError) as e:
        text = f"The weights of layer {getattr(obj, 'name', path)!r} ({type(obj).__name__}) in {what} cannot be loaded: {e}"
        if not skip_mismatch:
            raise ValueError(text) from e
        warnings.warn(text, stacklevel=5)


def _load_optimizer(optimizer, entry) -> None:
    """The optimizer's state; where it does not fit, training starts with a fresh one, and a warning says so."""
    if not len(entry) or _never_used(optimizer, entry):
        return
    try:
        optimizer.load_own_variables(_in_our_order(optimizer, entry))
    except (ValueError, KeyError, TypeError) as e:
        warnings.warn(
            f"The state of optimizer {optimizer.name!r} in the file does not fit, so it starts afresh: {e}", stacklevel=6
        )


def _never_used(optimizer, entry) -> bool:
    """Whether the file has the step count and the learning rate alone, of a model that was not trained: no state to miss."""
    if not hasattr(entry, "shape") or len(entry) > 2 or len(optimizer.variables) <= len(entry):
        return False
    return entry.shape("0") == () and int(entry["0"]) == 0


def _in_our_order(optimizer, entry):
    """Keras 2.12 to 2.15 kept the learning rate out of the state: put it in where the others expect it."""
    own = list(optimizer.variables)
    shapes = [entry.shape(str(i)) for i in range(len(entry))]
    rate = next((i for i, v in enumerate(own) if v is getattr(optimizer, "_learning_rate", None)), None)
    if rate is None or len(own) != len(entry) + 1:
        return entry
    if [tuple(v.shape) for i, v in enumerate(own) if i != rate] != shapes:
        return entry
    arrays = [entry[str(i)] for i in range(len(entry))]
    arrays.insert(rate, own[rate].numpy())
    return {str(i): a for i, a in enumerate(arrays)}
