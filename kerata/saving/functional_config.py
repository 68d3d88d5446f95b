"""Functional models as dictionaries: their layers and the calls between them, in the form of Keras's files."""

from __future__ import annotations

import inspect
from collections import Counter, deque

from kerata.core import tree
from kerata.core.errors import did_you_mean
from kerata.core.keras_tensor import KerasTensor
from kerata.core.operation import OpCall
from kerata.layers import call_plan
from kerata.layers.layer import Layer
from kerata.saving import builtin, legacy, tf_ops
from kerata.saving.keras_ops import KerasOp, keras_op, op_of_class
from kerata.saving.registration import CustomObjectScope
from kerata.saving.serialization import deserialize_keras_object, serialize_keras_object, serialize_value


# -- writing ---------------------------------------------------------------------------------------------------
def functional_config(model) -> dict:
    """What `get_config` of a Functional model gives: name, layers with their calls, and the inputs and outputs."""
    index = _node_numbers(model)
    layers = []
    for operation in model.operations:
        nodes = [n for n in operation._inbound_nodes if id(n) in index]
        if isinstance(operation, OpCall):
            entry, calls = _op_config(operation, nodes, index)
        else:
            entry = dict(serialize_keras_object(operation))
            calls = [_call_config(n.args, n.kwargs, index) for n in nodes if n.input_tensors]
        layers.append({**entry, "name": operation.name, "inbound_nodes": calls})
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": layers,
        "input_layers": tree.map_structure(lambda x: _end(x, index), model._inputs_struct),
        "output_layers": tree.map_structure(lambda x: _end(x, index), model._outputs_struct),
    }


def _node_numbers(model) -> dict[int, int]:
    """For each node of the model's graph, its number among its operation's nodes in this model."""
    wanted = {id(n) for n in model._graph.nodes}
    return {
        id(node): i
        for operation in model.operations
        for i, node in enumerate(n for n in operation._inbound_nodes if id(n) in wanted)
    }


def _place(tensor: KerasTensor, index: dict) -> list:
    operation, node_index, tensor_index = tensor._keras_history
    return [operation.name, index[id(operation._inbound_nodes[node_index])], tensor_index]


def _end(tensor: KerasTensor, index: dict) -> list:
    """The place of an input or output of the model. Here, and here alone, Keras counts a nested model's calls from 1."""
    name, call, output = _place(tensor, index)
    return [name, call + isinstance(tensor._keras_history.operation, _functional_class()), output]


def _functional_class() -> type:
    from kerata.models.functional import Functional

    return Functional


def _call_config(args, kwargs, index) -> dict:
    def one(x):
        if isinstance(x, KerasTensor):
            config = {"shape": list(x.shape), "dtype": x.dtype, "keras_history": _place(x, index)}
            return {"class_name": "__keras_tensor__", "config": config}
        if isinstance(x, list | tuple):
            return type(x)(map(one, x)) if type(x) in (list, tuple) else list(map(one, x))
        if isinstance(x, dict):
            return {k: one(v) for k, v in x.items()}
        return serialize_value(x)

    kwargs = {k: v for k, v in kwargs.items() if not (k in ("training", "mask") and v is None)}
    return {"args": [one(x) for x in args], "kwargs": {k: one(v) for k, v in kwargs.items()}}


def _op_config(operation: OpCall, nodes, index) -> tuple[dict, list]:
    """The entry of an op: as the class that Keras has for it."""
    fn = operation.fn
    known = keras_op(_op_name(fn))
    if known is None:
        if builtin.builtin_function(fn.__name__) is not fn:
            raise TypeError(
                f"The model calls the function {fn.__name__!r} in its graph, which files cannot name. Put it in the "
                "`call` of a Layer of your own."
            )
        entry = {"module": "kerata.ops", "class_name": "OpCall", "registered_name": None}
        entry["config"] = {"name": operation.name, "op": fn.__name__}
        return entry, [_call_config(n.args, n.kwargs, index) for n in nodes]
    bound = [_bind(fn, n, known) for n in nodes]
    inits = [serialize_value(init) for init, _, _ in bound]
    if any(x != inits[0] for x in inits[1:]):
        raise TypeError(f"The op {operation.name!r} was called several times with settings that differ.")
    entry = {
        "module": f"keras.src.ops.{known.module}",
        "class_name": known.name,
        "config": {"name": operation.name, **(inits[0] if inits else {})},
        "registered_name": known.name,
    }
    return entry, [_call_config(args, kwargs, index) for _, args, kwargs in bound]


def _op_name(fn) -> str:
    module = getattr(fn, "__module__", "")
    return f"image.{fn.__name__}" if module.startswith("kerata.ops.image") else fn.__name__


def _bind(fn, node, known: KerasOp) -> tuple[dict, list, dict]:
    """The arguments of one call, parted into the class's config and the arguments of its call."""
    signature = inspect.signature(fn)
    bound = signature.bind(*node.args, **node.kwargs)
    bound.apply_defaults()
    given = dict(bound.arguments)
    init = {mine: given[theirs] for mine, theirs in known.init.items() if theirs in given}
    args: list = []
    kwargs: dict = {}
    for name in known.call:
        if name.startswith("**"):
            kwargs.update(given.get(name[2:], {}))
        elif name.startswith("*"):
            args.extend(given.get(name[1:], ()))
        elif name in given:
            args.append(given[name])
    while args and args[-1] is None:
        args.pop()
    return init, args, kwargs


# -- reading ---------------------------------------------------------------------------------------------------
def functional_from_config(cls, config: dict, custom_objects: dict | None = None):
    """The model of class `cls` that a configuration describes; also as Keras 1 and 2 wrote them."""
    old = legacy.is_old_functional(config)
    config = legacy.upgrade_functional(config)
    with CustomObjectScope(custom_objects):
        graph = _Rebuilt(config, old)
        graph.run()
    inputs = graph.structure("input_layers")
    outputs = graph.structure("output_layers")
    known = ("layers", "input_layers", "output_layers", "name", "trainable")
    extra = {k: v for k, v in config.items() if k not in known}
    model = cls(inputs=inputs, outputs=outputs, name=config.get("name"), **extra)
    if config.get("trainable") is False:
        model.trainable = False
    return model


def _drop_default_training(layer, kwargs: dict) -> None:
    """Keras writes what `training` was when the model was made: for Dropout its default, which nobody had asked for."""
    if isinstance(kwargs.get("training"), bool) and isinstance(layer, Layer):
        if kwargs["training"] is call_plan.plan_of(layer).training_default:
            del kwargs["training"]


class _Op:
    """An op that waits to be called."""

    def __init__(self, fn, name: str, known: KerasOp | None, init: dict, of=None):
        self.fn, self.name, self.known, self.init, self.of = fn, name, known, init, of

    def __call__(self, *args, **kwargs):
        if self.of is not None:  # a function that takes TensorFlow's arguments, around an op
            return self.fn(*args, **kwargs)
        args, kwargs = self._arguments(args, dict(kwargs))
        return OpCall(self.fn, name=self.name)(*args, **kwargs)

    def _arguments(self, args, kwargs):
        if self.known is None:
            return args, kwargs
        if self.known.op == "get_item" and len(args) > 1 and isinstance(args[1], list):
            args = (args[0], tuple(args[1]))
        parameters = inspect.signature(self.fn).parameters.values()
        star = next((p for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        if star is not None:
            before = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.name in self.init]
            after = {k: v for k, v in self.init.items() if k not in before}
            return (*[self.init[n] for n in before], *args), {**after, **kwargs}
        kwargs.update(zip(self.known.call, args))
        return (), {**kwargs, **self.init}


class _Rebuilt:
    """The layers of a configuration, called as it says."""

    def __init__(self, config: dict, old: bool = False):
        self.config = config
        self.old = old  # from Keras 1 or 2
        self.layers: dict[str, object] = {}
        self.waiting: dict[str, deque] = {}
        self.blocked: dict[str, list] = {}  # layers that wait for an output of the layer
        self.calls: Counter = Counter()
        self.outputs: dict[tuple[str, int], list] = {}
        self.first_number: dict[str, int] = {}

    def run(self) -> None:
        entries = self.config["layers"]
        if not isinstance(entries, list):
            raise ValueError(f"In a Functional model's config, `layers` is a list; got {type(entries).__name__}.")
        for entry in entries:
            self._make(entry)
        if self.old:
            self._number_nested()
        queue = deque(self.waiting)
        while queue:
            name = queue.popleft()
            if name in self.waiting and self._advance(name):
                queue.extend(self.blocked.pop(name, ()))
        if self.waiting:
            self._stuck()

    def _make(self, entry) -> None:
        if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
            raise ValueError(f"Each of `layers` in a Functional model's config is a layer's config; got {entry!r:.200}.")
        name = entry.get("name") or (entry.get("config") or {}).get("name")
        if not isinstance(name, str):
            raise ValueError(f"A layer of a Functional model's config has no name: {entry!r:.200}.")
        if name in self.layers:
            raise ValueError(f"Two layers in the config have the name {name!r}.")
        layer = _make_op(entry) or deserialize_keras_object(entry)
        self.layers[name] = layer
        calls = entry.get("inbound_nodes") or []
        if not isinstance(calls, list):
            raise ValueError(f"`inbound_nodes` of layer {name!r} is a list; got {type(calls).__name__}.")
        if type(layer).__name__ == "InputLayer":
            self.outputs[name, 0] = tree.flatten(layer.output)
            self.calls[name] += 1
        elif calls:
            self.waiting[name] = deque(calls)

    def _number_nested(self) -> None:
        """Keras 2 counts a nested model's calls from 1: its own making was call 0."""
        highest: dict[str, int] = {}

        def note(x):
            if isinstance(x, dict) and x.get("class_name") == "__keras_tensor__":
                x = (x.get("config") or {}).get("keras_history")
                if isinstance(x, list) and len(x) == 3 and isinstance(x[0], str) and isinstance(x[1], int):
                    highest[x[0]] = max(highest.get(x[0], 0), x[1])
            elif isinstance(x, dict):
                for value in x.values():
                    note(value)
            elif isinstance(x, list | tuple):
                if len(x) == 3 and isinstance(x[0], str) and isinstance(x[1], int) and isinstance(x[2], int):
                    highest[x[0]] = max(highest.get(x[0], 0), x[1])
                for value in x:
                    note(value)

        for entry in self.config["layers"]:
            note(entry.get("inbound_nodes"))
        note(self.config["input_layers"])
        note(self.config["output_layers"])
        for name, number in highest.items():
            calls = len(self.waiting.get(name, ()))
            if calls and number == calls:
                self.first_number[name] = 1

    def _advance(self, name: str) -> bool:
        """Do the calls of a layer whose inputs exist; whether anything was done."""
        calls, done = self.waiting[name], False
        number = self.first_number.get(name, 0) + self.calls[name]
        while calls:
            try:
                args, kwargs = self._read_call(calls[0], name)
            except _NotYet as e:
                self.blocked.setdefault(e.args[0], []).append(name)
                break
            layer = self.layers[name]
            _drop_default_training(layer, kwargs)
            if not callable(layer):
                raise ValueError(f"{name!r} in the config is a {type(layer).__name__}, which is no layer.")
            self.outputs[name, number] = tree.flatten(layer(*args, **kwargs))
            calls.popleft()
            self.calls[name] += 1
            number += 1
            done = True
        if not calls:
            del self.waiting[name]
        return done

    def _read_call(self, call, name: str) -> tuple[tuple, dict]:
        if not isinstance(call, dict) or not isinstance(call.get("args"), list | tuple):
            raise ValueError(f"A call of layer {name!r} in the config is no {{'args', 'kwargs'}} dictionary: {call!r:.200}.")
        args = tuple(self._read(x) for x in call["args"])
        kwargs = call.get("kwargs") or {}
        if not isinstance(kwargs, dict):
            raise ValueError(f"`kwargs` of a call of layer {name!r} is a dictionary; got {kwargs!r:.200}.")
        return args, {k: self._read(v) for k, v in kwargs.items()}

    def _read(self, x):
        if isinstance(x, dict):
            if x.get("class_name") == "__keras_tensor__":
                history = (x.get("config") or {}).get("keras_history")
                return self.tensor(history)
            if "class_name" in x:
                return deserialize_keras_object(x)
            return {k: self._read(v) for k, v in x.items()}
        if isinstance(x, list | tuple):
            return type(x)(self._read(v) for v in x)
        return x

    def tensor(self, place):
        """The tensor that `[layer, call, output]` names."""
        if not (isinstance(place, list | tuple) and len(place) >= 3 and isinstance(place[0], str)):
            raise ValueError(f"The config names a tensor by {place!r}; wanted: [layer name, call number, output number].")
        name, call, output = place[:3]
        if name not in self.layers:
            raise ValueError(
                f"The config names a tensor of the layer {name!r}, which is not among its layers."
                f"{did_you_mean(name, self.layers)}"
            )
        found = self.outputs.get((name, call))
        if found is None:
            raise _NotYet(name)
        if not isinstance(output, int) or not 0 <= output < len(found):
            raise ValueError(f"The config names output {output!r} of layer {name!r}, which has {len(found)}.")
        return found[output]

    def _stuck(self) -> None:
        names = list(self.waiting)[:10]
        raise ValueError(
            f"The calls of the layers {names} in the config wait for one another, or for tensors that nothing makes: the "
            "graph cannot be rebuilt."
        )

    def structure(self, key: str):
        """The tensors of `input_layers` or `output_layers`, in their structure."""

        def read(x):
            if isinstance(x, dict):
                return {k: read(v) for k, v in x.items()}
            if _is_place(x):
                return self.tensor(self._counted_from_0(x))
            if isinstance(x, list | tuple):
                return [read(v) for v in x]
            raise ValueError(f"`{key}` in the config holds {x!r}; wanted: [layer name, call number, output number].")

        try:
            return read(self.config[key])
        except _NotYet as e:
            raise ValueError(f"`{key}` in the config names a call of layer {e.args[0]!r} that is not there.") from None


    def _counted_from_0(self, place):
        """See `_end`. (0 stands in files that were not written so.)"""
        name, call, output = place
        if self.old or call == 0 or not isinstance(self.layers.get(name), _functional_class()):
            return place
        return [name, call - 1, output]


class _NotYet(Exception):
    """A tensor that has not been made yet."""


def _is_place(x) -> bool:
    return (
        isinstance(x, list | tuple) and len(x) == 3 and isinstance(x[0], str) and all(isinstance(i, int) for i in x[1:])
    )


def _make_op(entry: dict):
    """An op from an entry of `layers`, or None if the entry is a layer."""
    module, name = entry.get("module"), entry["class_name"]
    config = entry.get("config")
    if not isinstance(config, dict):
        return None
    if module is None:
        return _bare_op(name, config)
    if not isinstance(module, str):
        return None
    if module == "kerata.ops" and name == "OpCall":
        fn = builtin.builtin_function(config.get("op"))
        if fn is None:
            raise ValueError(f"The config calls the op {config.get('op')!r}, which is not known here.")
        return _Op(fn, config.get("name"), None, {})
    parts = module.split(".")
    if parts[0] != "keras" or ("ops" not in parts and "activations" not in parts):
        return None
    known = op_of_class(parts[-1], name)
    if known is not None:
        return _known_op(known, config)
    if "activations" in parts:
        return _activation_op(name, config)
    raise ValueError(f"The config calls the op class {name!r} of {module!r}, which is not known here.")


def _bare_op(name: str, config: dict):
    """An op without its module, as `.h5` files of Keras 3 have it; or an op of TensorFlow, from Keras 2."""
    if name in ("TFOpLambda", "SlicingOpLambda"):
        fn, call = tf_ops.find(config.get("function"))
        return _Op(call, config.get("name"), None, {}, of=fn)
    # Layers and ops share names (Reshape, Concatenate, ...); the config of a layer says whether it is trainable.
    known = op_of_class(None, name) if "trainable" not in config and name != "InputLayer" else None
    return None if known is None else _known_op(known, config)


def _known_op(known: KerasOp, config: dict):
    fn = _op_function(known.op)
    init = {known.init[k]: _tuples(deserialize_keras_object(v)) for k, v in config.items() if k in known.init}
    return _Op(fn, config.get("name"), known, init)


def _activation_op(name: str, config: dict):
    from kerata.core.names import to_snake_case

    fn = builtin.builtin_function({"ReLU": "relu"}.get(name, to_snake_case(name)))
    if fn is None:
        raise ValueError(f"The config calls the activation {name!r}, which is not known here.")
    init = {k: deserialize_keras_object(v) for k, v in config.items() if k != "name"}
    return _Op(fn, config.get("name"), KerasOp(fn.__name__, "activations", name, {}, ("x",)), init)


def _op_function(op: str):
    """The op of a name from our own table of ops."""
    from kerata import ops

    owner, _, name = op.rpartition(".")
    found = getattr(getattr(ops, owner) if owner else ops, name, None)
    if found is None:
        found = builtin.builtin_function(name)
    if found is None:
        raise ValueError(f"The config calls the op {op!r}, which this version has not.")
    return found


def _tuples(x):
    return tuple(_tuples(v) for v in x) if isinstance(x, list) else x
