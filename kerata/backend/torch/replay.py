"""Small models on PyTorch: the forward and backward pass recorded once, and then run without Python.

A step of a small model takes PyTorch less time than Python takes to ask for it: 0.6 ms for an MLP with 16 units, of which
0.1 ms is arithmetic. When a model's steps have turned out to be short and many, the operations that one step performs, those of
autograd included, are recorded as a TorchScript graph, a function of the variables and the batch. The optimizer, whose
numbers come from Python (schedules, callbacks), is not part of it.

Only what surely does the same each time is recorded: layers, losses and metrics of Kerata's own, on CPU, without random
numbers, for batches of one shape. The record must give what the step gives, or the step stays as it is.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
import time
import warnings

import torch

from kerata.backend.torch.arrays import placement
from kerata.core import tree
from kerata.core.host_variable import HostVariable
from kerata.core.scopes import StatelessScope, context

_AFTER = 1.0  # seconds of steps before one is recorded, which itself takes about as long
_SHORT = 10e-3  # seconds of a step above which Python's share is small


class Replayed:
    """A train step of a model, which is recorded once that pays."""

    def __init__(self, step, variables):
        self._step, self._variables = step, variables
        self._spent, self._count = 0.0, 0
        self._record: _Record | None = None

    def __call__(self, batch):
        if self._count < 0 or context.watch is not None or context.scope is not None or placement.device.type != "cpu":
            return self._step(batch)
        if self._record is not None:
            leaves = tree.flatten(batch)
            return self._record.run(leaves) if self._record.fits(leaves) else self._step(batch)
        if self._spent > _AFTER and self._spent / self._count < _SHORT:
            self._count = -1  # whatever comes of it, it is tried once
            self._record = _recorded(self._step, self._variables, batch)
            if self._record is not None:
                self._count = 1
            return self(batch)
        start = time.perf_counter()
        out = self._step(batch)
        self._spent += time.perf_counter() - start
        self._count += 1
        return out


class _Record:
    """The operations of one step: from the variables' values and the batch to gradients and new values."""

    def __init__(self, model, graph, variables, leaves, with_gradient, assigned):
        self._model, self._graph, self._variables = model, graph, variables
        self._like = [(x.shape, x.dtype) for x in leaves if x is not None]
        self._with_gradient, self._assigned = with_gradient, assigned
        # PyTorch's fused LSTM keeps what its gradient (an operation of the record as well) needs only where gradients are on.
        self._gradients_on = "mkldnn_rnn_layer" in str(graph.graph)

    def fits(self, leaves) -> bool:
        """Whether a batch has the shapes and dtypes of the one that was recorded."""
        arrays = [x for x in leaves if x is not None]
        return len(arrays) == len(self._like) and all(
            x.shape == shape and x.dtype is dtype for x, (shape, dtype) in zip(arrays, self._like)
        )

    def outputs(self, leaves) -> list:
        values = [v._value for v in self._variables]
        if self._gradients_on:
            values = [v.detach() for v in values]
        with torch.set_grad_enabled(self._gradients_on):
            return list(self._graph(*values, *[x for x in leaves if x is not None]))

    def run(self, leaves) -> None:
        outputs = iter(self.outputs(leaves))
        trainable = self._model.trainable_variables
        gradients = [next(outputs) if there else None for there in self._with_gradient]
        for variable, value in zip(self._assigned, outputs):
            variable.assign(value)
        self._model.optimizer.apply(gradients, trainable)


def _recorded(step, variables, batch) -> _Record | None:
    """The record of a step, if it can be made and gives what the step gives."""
    model = step.model
    optimized = {id(v) for v in model.optimizer.variables}
    # A step that reads a variable on the host draws random numbers, or counts: that shows below.
    variables = [v for v in variables if id(v) not in optimized and not isinstance(v, HostVariable)]
    if not _is_plain(model) or _clashes():
        return None
    leaves, structure = tree.flatten_with_structure(batch)
    arrays = [x for x in leaves if x is not None]
    found: dict = {}

    def pure(*values):
        rest = iter(values[len(variables) :])
        gradients: list = []
        with StatelessScope(zip(variables, values)) as scope:
            scope.missed = {}
            step.fn(tree.unflatten(structure, [None if x is None else next(rest) for x in leaves]), lambda g, _: gradients.extend(g))
            if scope.missed:
                raise ValueError("The step reads variables that are not the model's.")
        model._clear_losses()
        updates = scope.updates()
        found["with_gradient"] = [g is not None for g in gradients]
        found["assigned"] = [v for v, _ in updates]
        return [g for g in gradients if g is not None] + [x.detach() for _, x in updates]

    values = [v._value.detach().requires_grad_(v._value.requires_grad) for v in variables]
    try:
        from torch.fx.experimental.proxy_tensor import make_fx

        operations = make_fx(pure)(*values, *arrays)
        graph = _scripted(operations)
        record = _Record(model, graph, variables, leaves, **found)
        same = all(_same(a, b) for a, b in zip(record.outputs(leaves), pure(*values, *arrays)))
    except Exception:  # operations that cannot be recorded, such as those of fused recurrent layers
        return None
    return record if same else None


def _same(a, b) -> bool:
    """Whether two tensors are equal to the last bit: when a record takes over depends on the clock, results must not."""
    return torch.equal(a, b) or bool(torch.equal(a.isnan(), b.isnan()) and torch.equal(a.nan_to_num(), b.nan_to_num()))


def _scripted(operations):
    """A graph of PyTorch's operators as TorchScript, which knows them without their overloads and devices as strings."""
    for node in operations.graph.nodes:
        if isinstance(node.target, torch._ops.OpOverload):
            node.target = node.target.overloadpacket
        if node.target is torch.ops.aten._to_copy and set(node.kwargs) == {"dtype"}:
            node.target = torch.ops.aten.to
        node.kwargs = {k: v.type if isinstance(v, torch.device) else v for k, v in node.kwargs.items()}
    operations.graph.eliminate_dead_code()
    operations.recompile()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about annotations in PyTorch's own class of graphs
        return torch.jit.script(operations)


def _clashes() -> bool:
    """Whether recording would load Triton (PyTorch for CUDA has it) beside TensorFlow: their two LLVMs crash the process."""
    return "tensorflow" in sys.modules and "triton" not in sys.modules and importlib.util.find_spec("triton") is not None


def _is_plain(model) -> bool:
    """Whether all that a step runs is Kerata's own."""
    from kerata.layers import Lambda, TorchModuleWrapper

    if model.optimizer.loss_scale_factor is not None or not _ours(model):
        return False
    layers = model._flatten_layers()
    losses = model._compile_loss._losses if model._compile_loss is not None else ()
    parts = [*layers, *model.metrics, *(each.loss for each in losses)]
    return not any(isinstance(x, Lambda | TorchModuleWrapper) for x in layers) and all(
        _ours(x) and all(_ours(v) for v in vars(x).values() if callable(v) and not isinstance(v, type)) for x in parts
    )


def _ours(x) -> bool:
    x = x.func if isinstance(x, functools.partial) else x
    return (getattr(x, "__module__", None) or type(x).__module__).partition(".")[0] == "kerata"
