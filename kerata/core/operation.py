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
    """Something that maps tensors to tensors and can be a node of a graph: the base of layers.

    A subclass defines `call`. Called on symbolic tensors, an operation records the call and infers its outputs; shapes
    and dtypes come from running `call` abstractly.

    Args:
        name: string without "/"; by default made from the class's name.

    Raises:
        ValueError: for a name with "/".

    >>> class Double(kerata.Operation):
    ...     def call(self, x):
    ...         return x * 2
    >>> Double()(np.ones(2))  # [2.0, 2.0]
    >>> Double()(kerata.KerasTensor((None, 3))).shape
    (None, 3)
    """

    def __init__(self, name: str | None = None):
        if name is not None and (not isinstance(name, str) or ("/" in name and context.budget is None)):
            raise ValueError(f"The `name` of {type(self).__name__} is a string without '/'; got {name!r}.")
        self._name = name or auto_name(type(self).__name__)
        self._inbound_nodes: list[Node] = []

    @property
    def name(self) -> str:
        """The operation's name."""
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
        """Compute the outputs; a subclass defines it.

        Args:
            args, kwargs: tensors of the backend in force, and options.

        Returns:
            A tensor or a structure of tensors.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `call`.")

    def symbolic_call(self, *args, **kwargs):
        """Infer the outputs for symbolic inputs, and record the call as a node of the graph.

        Args:
            args, kwargs: as of `call`, with `KerasTensor` in place of tensors.

        Returns:
            A `KerasTensor` or a structure of them.
        """
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args, **kwargs):
        """What the outputs look like for given inputs, found by running `call` abstractly.

        Args:
            args, kwargs: as of `call`, with `KerasTensor` in place of tensors.

        Returns:
            A `KerasTensor` or a structure of them; nothing is recorded.
        """
        try:
            return symbolic.infer(self.call, args, kwargs)
        except Exception as e:
            shapes = [x.shape for x in tree.flatten((args, kwargs)) if isinstance(x, KerasTensor)]
            e.add_note(f"(while inferring the output shape of {self.name!r} for inputs of shapes {shapes})")
            raise

    def quantized_call(self, *args, **kwargs):
        """`call` on quantized weights; layers that can be quantized define it.

        Args:
            args, kwargs: as of `call`.

        Raises:
            NotImplementedError: if there is no such form.
        """
        raise NotImplementedError(f"{type(self).__name__} {self.name!r} has no quantized form of its call.")

    def rematerialized_call(self, fn, *args, **kwargs):
        """A function's outputs, with its activations computed again in the backward pass instead of kept.

        Args:
            fn: the function.
            args, kwargs: what it is called with.

        Returns:
            What `fn` gives.
        """
        from kerata.core.remat import remat

        return remat(fn)(*args, **kwargs)

    @property
    def input(self):
        """The symbolic input of the first call, or a list of several."""
        return _one(self._first_node().input_tensors)

    @property
    def output(self):
        """The symbolic output of the first call, or a list of several."""
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
        outputs = super().compute_output_spec(*args, **kwargs)
        return self._marked(outputs, args, kwargs)

    def _marked(self, outputs, args, kwargs):
        """The outputs, sparse or ragged where they will be."""
        if isinstance(outputs, KerasTensor) and (
            kwargs.get("sparse") or any(x.sparse or x.ragged for x in tree.flatten((args, kwargs)) if isinstance(x, KerasTensor))
        ):
            from kerata.ops._composite import symbolic_ragged, symbolic_sparse

            outputs._sparse = symbolic_sparse(self.fn.__name__, args, kwargs)
            outputs._ragged = symbolic_ragged(self.fn.__name__, args, kwargs)
        return outputs

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
