"""The graph between given inputs and outputs: its nodes in order, and a flat program that runs them."""

from __future__ import annotations

from kerata.core import tree
from kerata.core.keras_tensor import KerasTensor
from kerata.core.operation import Node, OpCall
from kerata.layers.input_layer import InputLayer


class Graph:
    """Nodes and operations between `inputs` and `outputs`.

    `operations` are ordered as Keras orders them (by decreasing depth, then by first visit from the outputs): the
    order of a model's layers, and so of its weights, is part of the file format.
    """

    def __init__(self, inputs: list[KerasTensor], outputs: list[KerasTensor]):
        self.inputs, self.outputs = inputs, outputs
        self._input_ids = {id(x) for x in inputs}
        self._visits: dict[object, int] = {}
        self.nodes: list[Node] = []
        self._find_nodes()
        self._order()

    def _find_nodes(self) -> None:
        """Depth first from the outputs, without recursion: graphs may be deeper than Python's stack."""
        finished: set[int] = set()
        for output in self.outputs:
            stack: list[tuple] = [(output, False)]
            while stack:
                tensor, done = stack.pop()
                history = getattr(tensor, "_keras_history", None)
                if history is None:
                    raise ValueError(
                        f"A model's outputs must be computed from its inputs; {tensor} was not made by a layer or an op."
                    )
                node = history.operation._inbound_nodes[history.node_index]
                if done:
                    if id(node) not in finished:
                        finished.add(id(node))
                        self.nodes.append(node)
                    continue
                if id(node) in finished:
                    continue
                self._visits.setdefault(history.operation, len(self._visits))
                stack.append((tensor, True))
                if node.is_input and id(tensor) not in self._input_ids:
                    raise ValueError(
                        f"The model's outputs depend on the input {history.operation.name!r}, which is not among the "
                        f"inputs given: {[x._keras_history.operation.name for x in self.inputs]}."
                    )
                if not node.is_input and id(tensor) not in self._input_ids:
                    stack.extend((t, False) for t in reversed(node.input_tensors))

    def _order(self) -> None:
        node_depth: dict[int, int] = {}
        op_depth: dict[object, int] = {}
        for node in reversed(self.nodes):
            depth = max(node_depth.get(id(node), 0), op_depth.get(node.operation, 0))
            node_depth[id(node)] = op_depth[node.operation] = depth
            if any(id(t) in self._input_ids for t in node.outputs):
                continue
            for parent in node.parents:
                node_depth[id(parent)] = max(depth + 1, node_depth.get(id(parent), 0))
        for tensor in self.inputs:
            operation, index, _ = tensor._keras_history
            if operation not in op_depth:  # an input that no output uses
                op_depth[operation] = 0
                self._visits[operation] = -1
                node = operation._inbound_nodes[index]
                node_depth[id(node)] = 0
                self.nodes.append(node)
        self.operations = sorted(op_depth, key=lambda o: (-op_depth[o], self._visits[o]))
        self.depths = op_depth
        self.nodes_by_depth: dict[int, list[Node]] = {}
        for node in self.nodes:
            self.nodes_by_depth.setdefault(node_depth[id(node)], []).append(node)
        self.nodes = sorted(self.nodes, key=lambda n: -node_depth[id(n)])

    def check_names(self) -> None:
        """ValueError if two operations have one name."""
        seen: dict[str, object] = {}
        for operation in self.operations:
            if operation.name in seen:
                raise ValueError(
                    f"Two layers of the model have the name {operation.name!r}: {seen[operation.name]!r} and "
                    f"{operation!r}. Give them names that differ."
                )
            seen[operation.name] = operation


def _filler(x, slot):
    """A function of the slots' values that gives the nest `x` with values for its KerasTensors.

    Plain Python, so that `torch.compile` follows it (it cannot follow optree with a structure made beforehand).
    """
    if isinstance(x, KerasTensor):
        i = slot(x)
        return lambda values: values[i]
    if isinstance(x, list | tuple | dict) and any(isinstance(leaf, KerasTensor) for leaf in tree.flatten(x)):
        if isinstance(x, dict):
            kind, parts = type(x), {k: _filler(v, slot) for k, v in x.items()}
            if kind is dict:
                return lambda values: {k: part(values) for k, part in parts.items()}
            return lambda values: kind((k, part(values)) for k, part in parts.items())
        parts = [_filler(v, slot) for v in x]
        if type(x) is list:
            return lambda values: [part(values) for part in parts]
        if hasattr(x, "_fields"):
            kind = type(x)
            return lambda values: kind(*[part(values) for part in parts])
        return lambda values: tuple([part(values) for part in parts])
    return lambda values: x


class Program:
    """The graph as a list of steps on numbered slots: no lookup by tensor, no tree walk for plain calls."""

    def __init__(self, graph: Graph, output_structure):
        slots: dict[int, int] = {}

        def slot(tensor) -> int:
            return slots.setdefault(id(tensor), len(slots))

        self.input_slots = [slot(x) for x in graph.inputs]
        given = set(slots)
        self.steps: list[tuple] = []
        for node in graph.nodes:
            if node.is_input or all(id(t) in given for t in node.outputs):
                continue
            self.steps.append(self._step(node, slot))
        self.output_slots = [slot(x) for x in graph.outputs]
        self.outputs = _filler(output_structure, slot)
        self.single = isinstance(output_structure, KerasTensor)
        self.size = len(slots)
        self._free_early()

    @staticmethod
    def _step(node: Node, slot) -> tuple:
        call = node.operation.fn if isinstance(node.operation, OpCall) else node.operation
        outs = [slot(x) if isinstance(x, KerasTensor) else None for x in node.outputs]
        args, kwargs = node.args, node.kwargs
        one = len(args) == 1 and not kwargs
        if one and isinstance(args[0], KerasTensor):
            kind, spec = 0, slot(args[0])
        elif one and type(args[0]) is list and all(isinstance(x, KerasTensor) for x in args[0]):
            kind, spec = 1, [slot(x) for x in args[0]]
        else:
            kind, spec = 2, (_filler(args, slot), _filler(kwargs, slot), [slot(x) for x in node.input_tensors])
        return call, kind, spec, outs[0] if len(outs) == 1 else outs, node

    def _free_early(self) -> None:
        """For each step, the slots that nobody reads after it."""
        last: dict[int, int] = {}
        for i, (_, kind, spec, _, _) in enumerate(self.steps):
            reads = [spec] if kind == 0 else spec if kind == 1 else spec[2]
            for s in reads:
                last[s] = i
        keep = set(self.output_slots)
        self.dead = [[s for s, at in last.items() if at == i and s not in keep] for i in range(len(self.steps))]

    def run(self, inputs: list):
        """The outputs, in their structure, for concrete (or traced, or symbolic) inputs."""
        values = [None] * self.size
        for i, x in zip(self.input_slots, inputs):
            values[i] = x
        for (call, kind, spec, out, _), dead in zip(self.steps, self.dead):
            if kind == 0:
                result = call(values[spec])
            elif kind == 1:
                result = call([values[i] for i in spec])
            else:
                result = call(*spec[0](values), **spec[1](values))
            for s in dead:
                values[s] = None
            if type(out) is int:
                # An op with one output may still give it in a list or tuple.
                values[out] = result if not isinstance(result, list | tuple | dict) else tree.flatten(result)[0]
            else:
                for s, x in zip(out, tree.flatten(result)):
                    if s is not None:
                        values[s] = x
        if self.single:
            return values[self.output_slots[0]]
        return self.outputs(values)


class _Place:
    """Where a tensor comes from: the number of its node in `saved_graph`, and which of the node's outputs it is."""

    def __init__(self, node: int, output: int):
        self.node, self.output = node, output


def saved_graph(graph: Graph, inputs, outputs) -> dict:
    """The graph as plain lists, for copies and pickles: nodes point to their parents by number."""
    number = {id(node): i for i, node in enumerate(graph.nodes)}

    def place(x):
        if not isinstance(x, KerasTensor):
            return x
        history = x._keras_history
        return _Place(number[id(history.operation._inbound_nodes[history.node_index])], history.tensor_index)

    given = {id(x) for x in graph.inputs}
    nodes = []
    for node in graph.nodes:
        starts = node.is_input or all(id(x) in given for x in node.outputs)
        call = ((), {}) if starts else (tree.map_structure(place, node.args), tree.map_structure(place, node.kwargs))
        made = [(x.shape, x.dtype, x.sparse, x.ragged, x.name) for x in node.outputs]
        nodes.append((node.operation, node.index, *call, made))
    return {"nodes": nodes, "ends": tree.map_structure(place, (inputs, outputs))}


def restored_graph(state: dict):
    """The inputs and outputs of a graph that is made anew from what `saved_graph` gave."""
    nodes: list[Node] = []

    def tensor(x):
        return nodes[x.node].outputs[x.output] if isinstance(x, _Place) else x

    by_operation: dict[int, list] = {}
    for operation, index, args, kwargs, made in state["nodes"]:
        operation.__dict__.setdefault("_inbound_nodes", [])
        if isinstance(operation, InputLayer) and operation._inbound_nodes:
            nodes.append(operation._inbound_nodes[0])
            continue
        outputs = [KerasTensor(shape, dtype, sparse, ragged, name=name) for shape, dtype, sparse, ragged, name in made]
        nodes.append(Node(operation, *tree.map_structure(tensor, (args, kwargs)), outputs))
        by_operation.setdefault(id(operation), []).append((index, nodes[-1]))
    for calls in by_operation.values():
        _number_as_before([node for _, node in sorted(calls, key=lambda pair: pair[0])])
    return tree.map_structure(tensor, state["ends"])


def _number_as_before(nodes: list[Node]) -> None:
    """Give the new nodes of one operation the order that the old ones had."""
    operation = nodes[0].operation
    first = min(node.index for node in nodes)
    for i, node in enumerate(nodes, first):
        node.index = i
        operation._inbound_nodes[i] = node
        for x in node.outputs:
            x._keras_history = x._keras_history._replace(node_index=i)
