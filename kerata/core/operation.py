"""Operation and Node: the recorded graph of a Functional model."""

from __future__ import annotations

from collections import namedtuple

from kerata.core import symbolic, tree
from kerata.core.configurable import Configurable
from kerata.core.keras_tensor import KerasTensor, any_symbolic
from kerata.core.names import auto_name
from kerata.core.scopes import context

KerasHistory = namedtuple("KerasHistory", ["operation", "node_index", "tensor_index"])


class Node:
    """One use of an operation: its arguments and what it gave."""

    def __init__(self, operation, call_args=(), call_kwargs=None, outputs=None):
        self.operation = operation
        self.args = tuple(call_args)
        self.kwargs = dict(call_kwargs or {})
        self.outputs = tree.flatten(outputs)
        self.input_tensors = [x for x in tree.flatten((self.args, self.kwargs)) if isinstance(x, KerasTensor)]
        self.index = len(operation._inbound_nodes)
        operation._inbound_nodes.append(self)
        for i, tensor in enumerate(self.outputs):
            if isinstance(tensor, KerasTensor):
                tensor._keras_history = KerasHistory(operation, self.index, i)
        self.parents = []
        for x in self.input_tensors:
            history = getattr(x, "_keras_history", None)
            if history is None:
                continue
            parent = history.operation._inbound_nodes[history.node_index]
            if parent not in self.parents:
                self.parents.append(parent)

    parent_nodes = property(lambda self: self.parents)
    is_input = property(lambda self: not self.input_tensors)

    @property
    def output_tensors(self) -> list:
        return self.outputs

    def __repr__(self) -> str:
        return f"<Node operation={self.operation.name}, index={self.index}>"


class Operation(Configurable):
    """Something that maps tensors to tensors and can stand in a graph: a layer or a call of an op."""

    def __init__(self, name: str | None = None):
        if name is not None and (not isinstance(name, str) or ("/" in name and context.budget is None)):
            raise ValueError(f"The `name` of {type(self).__name__} is a string without '/'; got {name!r}.")
        self._name = name or auto_name(type(self).__name__)
        self._inbound_nodes: list[Node] = []

    @property
    def name(self) -> str:
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    def __getstate__(self) -> dict:
        """What copies and pickles hold: not the graphs in which the operation stands, which would drag in all else."""
        state = dict(self.__dict__)
        state.pop("_inbound_nodes", None)
        args, kwargs = state.get("_init_arguments", ((), {}))
        state["_init_arguments"] = tree.map_structure(lambda x: None if isinstance(x, KerasTensor) else x, (args, kwargs))
        return state

    def __setstate__(self, state: dict) -> None:
        self.__dict__.setdefault("_inbound_nodes", [])
        self.__dict__.update(state)

    def __call__(self, *args, **kwargs):
        if any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args, **kwargs):
        """Compute the outputs from concrete tensors."""
        raise NotImplementedError(f"{type(self).__name__} must define `call`.")

    def symbolic_call(self, *args, **kwargs):
        """Infer the outputs and record the call."""
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args, **kwargs):
        """KerasTensors like the outputs for these arguments."""
        try:
            return symbolic.infer(self.call, args, kwargs)
        except Exception as e:
            shapes = [x.shape for x in tree.flatten((args, kwargs)) if isinstance(x, KerasTensor)]
            e.add_note(f"(while inferring the output shape of {self.name!r} for inputs of shapes {shapes})")
            raise

    def quantized_call(self, *args, **kwargs):
        """`call` in a quantized form; operations that have one define it."""
        raise NotImplementedError(f"{type(self).__name__} {self.name!r} has no quantized form of its call.")

    def rematerialized_call(self, fn, *args, **kwargs):
        """`fn` of these arguments, with its activations computed again in the backward pass instead of kept."""
        from kerata.core.remat import remat

        return remat(fn)(*args, **kwargs)

    @property
    def input(self):
        """The symbolic input of the only call."""
        return _one(self._first_node().input_tensors)

    @property
    def output(self):
        """The symbolic output of the only call."""
        return _one(self._first_node().outputs)

    def _first_node(self) -> Node:
        if not self._inbound_nodes:
            raise AttributeError(
                f"{self.name!r} has never been called on a symbolic input, so it has no `input` or `output`."
            )
        return self._inbound_nodes[0]

    def __repr__(self) -> str:
        return f"<Operation name={self.name}>"


def _one(items):
    return items[0] if len(items) == 1 else items


class OpCall(Operation):
    """A call of an op on symbolic tensors."""

    def __init__(self, fn, name: str | None = None):
        super().__init__(name or auto_name(fn.__name__))
        self.fn = fn

    def call(self, *args, **kwargs):
        return self.fn(*args, **kwargs)

    def compute_output_spec(self, *args, **kwargs):
        spec = getattr(self.fn, "spec", None)
        if spec is not None:
            return spec(*args, **kwargs)
        return super().compute_output_spec(*args, **kwargs)

    def get_config(self) -> dict:
        """The name, and the op: by its name where that is known, else the function itself."""
        from kerata import ops

        known = getattr(ops, self.fn.__name__, None) is self.fn
        return {"name": self.name, "op": self.fn.__name__ if known else self.fn}

    @classmethod
    def from_config(cls, config: dict):
        from kerata import ops

        fn = config["op"]
        return cls(getattr(ops, fn) if isinstance(fn, str) else fn, name=config["name"])
