"""The public names of Keras 3.15.1 (`data/keras_api.json`): each exists here, is of the same kind and takes the same.

More optional parameters are allowed. Where Keras takes `**kwargs`, the names that it takes may be written out instead.
"""

import ast
import inspect
import json
import pathlib
import re

import pytest

import kerata

API = json.loads((pathlib.Path(__file__).parent / "data" / "keras_api.json").read_text())
NAMES, MEMBERS = API["names"], API["members"]

# Prefixes of names (or members) that are not written yet.
PENDING: tuple = ()

# Members whose parameters differ on purpose.
OTHERWISE = {
    "train_step": "Keras's list shows the form of its JAX trainer, (state, data). A step here takes (data) on every "
    "backend, as on Keras's others; an override in the form (state, data) is recognised and works.",
    "test_step": "as train_step",
    "predict_step": "as train_step",
    "Sequential.call": "Keras takes any **kwargs and ignores them; here an unknown argument is an error.",
    "Sequential.compute_output_spec": "as Sequential.call",
}

# Things that have their public attributes from `__init__`.
INSTANCES = {
    "keras.Layer": lambda: kerata.layers.Layer(),
    "keras.Model": lambda: kerata.Model(),
    "keras.Sequential": lambda: kerata.Sequential([kerata.Input((2,)), kerata.layers.Dense(1)]),
    "keras.Variable": lambda: kerata.Variable([1.0]),
    "keras.KerasTensor": lambda: kerata.KerasTensor((None, 2)),
    "keras.layers.RNN": lambda: kerata.layers.RNN(kerata.layers.LSTMCell(2)),
    "keras.layers.Bidirectional": lambda: kerata.layers.Bidirectional(kerata.layers.LSTM(2)),
    "keras.layers.TextVectorization": lambda: kerata.layers.TextVectorization(),
    "keras.utils.FeatureSpace": lambda: kerata.utils.FeatureSpace({"a": "float"}),
    "keras.Optimizer": lambda: kerata.optimizers.SGD(),
    "keras.optimizers.LossScaleOptimizer": lambda: kerata.optimizers.LossScaleOptimizer(kerata.optimizers.SGD()),
    "keras.Metric": lambda: kerata.metrics.Mean(),
    "keras.Loss": lambda: kerata.losses.MeanSquaredError(),
    "keras.callbacks.CallbackList": lambda: kerata.callbacks.CallbackList(),
    "keras.random.SeedGenerator": lambda: kerata.random.SeedGenerator(1),
}


def pending(name: str) -> bool:
    return name.startswith(tuple(p for p in PENDING if p.startswith("keras.")))


def found(name: str):
    thing = kerata
    for part in name.split(".")[1:]:
        thing = getattr(thing, part)
    return thing


def parameters(signature: str) -> list[tuple]:
    """`(name, kind, default as text or None)` of each; kind is "" for named ones, "kw", "*" or "**"."""
    signature = re.sub(r"<[^<>]*>", "...", signature)
    a = ast.parse(f"def f{signature}: pass").body[0].args
    named = [*a.posonlyargs, *a.args]
    defaults = [*[None] * (len(named) - len(a.defaults)), *a.defaults]
    text = [None if d is None else ast.unparse(d) for d in (*defaults, *a.kw_defaults)]
    kinds = [*[""] * len(named), *["kw"] * len(a.kwonlyargs)]
    out = [(p.arg, k, d) for p, k, d in zip((*named, *a.kwonlyargs), kinds, text)]
    out += [(rest.arg, kind, None) for rest, kind in ((a.vararg, "*"), (a.kwarg, "**")) if rest]
    return out


def parameters_of(thing) -> list[tuple]:
    signature = inspect.signature(thing)
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return parameters(str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)))


def difference(wanted: list[tuple], given: list[tuple]) -> str:
    """What a caller of `wanted` would stumble over in `given`."""
    rest = {kind for _, kind, _ in given if kind in ("*", "**")}
    if rest == {"*", "**"} or {kind for _, kind, _ in wanted} == {"*", "**"}:
        return ""  # takes anything, or says nothing
    named = [p for p in wanted if p[1] == ""]
    ours = [p for p in given if p[1] == ""]
    if ours[: len(named)] != named:
        return f"wanted {named}, has {ours}"
    by_name = {p[0]: p for p in given}
    for p in wanted:
        if p[1] == "kw" and by_name.get(p[0], (None, None, "absent"))[2] != p[2]:
            return f"wanted {p}, has {by_name.get(p[0])}"
    known = {p[0] for p in wanted}
    required = [p[0] for p in given if p[1] in ("", "kw") and p[2] is None and p[0] not in known]
    if required:
        return f"needs {required} as well"
    lacks_rest = any(p[1] == "**" for p in wanted) and "**" not in rest and len(given) < len(wanted)
    return f"takes no **kwargs and nothing instead: {given}" if lacks_rest else ""


def problem(name: str, entry: dict) -> str:
    try:
        thing = found(name)
    except (AttributeError, ImportError) as error:
        return f"{type(error).__name__}: {error}"
    if "alias_of" in entry:
        if pending(entry["alias_of"]):
            return ""
        return "" if thing is found(entry["alias_of"]) else f"is another object than {entry['alias_of']}"
    if inspect.isclass(thing) != (entry["kind"] == "class") or not callable(thing):
        return f"should be a {entry['kind']}; is {thing!r}"
    return difference(parameters(entry["signature"]), parameters_of(thing))


def namespaces() -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for name in NAMES:
        out.setdefault(".".join(name.split(".")[:2]) if name.count(".") > 1 else "keras", []).append(name)
    return out


@pytest.mark.parametrize("namespace", namespaces())
def test_names(namespace):
    names = [n for n in namespaces()[namespace] if not pending(n)]
    wrong = {n: problem(n, NAMES[n]) for n in names}
    assert not {n: p for n, p in wrong.items() if p}


def test_nothing_waits_that_is_there():
    for prefix in PENDING:
        names = [n for n in NAMES if n.startswith(prefix)]
        assert not names or any(problem(n, NAMES[n]) for n in names), f"{prefix} has arrived: take it out of PENDING"


def otherwise(class_name: str, member: str) -> bool:
    return member in OTHERWISE or f"{class_name.rpartition('.')[2]}.{member}" in OTHERWISE


def member_problem(class_name: str, member: str, entry: str) -> str:
    cls = found(class_name)
    static = inspect.getattr_static(cls, member, None)
    if entry == "property":
        if static is None and member in dir(INSTANCES.get(class_name, object)()):
            return ""
        return "is absent" if static is None else "is a method" if inspect.isfunction(static) else ""
    if static is None:
        return "is absent"
    if entry.startswith("classmethod ") and not isinstance(static, classmethod):
        return "is no class method"
    thing = getattr(cls, member)
    if not callable(thing):
        return f"is {thing!r}"
    return difference(parameters(entry.removeprefix("classmethod ")), parameters_of(thing))


@pytest.mark.parametrize("class_name", MEMBERS)
def test_members(class_name):
    if pending(class_name):
        return
    members = [m for m in MEMBERS[class_name] if not otherwise(class_name, m) and not m.startswith(PENDING)]
    wrong = {m: member_problem(class_name, m, MEMBERS[class_name][m]) for m in members}
    assert not {m: p for m, p in wrong.items() if p}
