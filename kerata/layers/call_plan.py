"""What a class's `call` takes, worked out once a class: which arguments are tensors, training, masks."""

from __future__ import annotations

import inspect

from kerata.core import tree
from kerata.core.keras_tensor import KerasTensor
from kerata.core.scopes import context

_EMPTY = inspect.Parameter.empty
_BY_PLACE = inspect.Parameter.POSITIONAL_OR_KEYWORD


class CallPlan:
    """The signature of a layer's `call`."""

    def __init__(self, call, bound: bool):
        parameters = list(inspect.signature(call).parameters.values())
        if bound and parameters and parameters[0].kind in (_BY_PLACE, parameters[0].POSITIONAL_ONLY):
            parameters = parameters[1:]  # `self`, whatever its name
        self.names = tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))
        self.keyword_only = tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        self.variadic = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        self.takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
        self.known = frozenset((*self.names, *self.keyword_only))
        self.required = tuple(
            p.name for p in parameters if p.default is _EMPTY and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        )
        self.takes_training = "training" in self.known
        default = next((p.default for p in parameters if p.name == "training"), None)
        self.training_default = default if isinstance(default, bool) else None
        self.takes_mask = "mask" in self.known
        self.mask_names = tuple(n for n in self.known if n.endswith("_mask"))
        self.first = self.names[0] if self.names else self.variadic
        code = getattr(call, "__code__", None)
        self.adds_losses = code is None or "add_loss" in code.co_names
        # Can be called with one tensor and, at most, `training`; without masks their arguments are left out.
        masks = [p for p in parameters if p.name == "mask" or p.name.endswith("_mask")]
        self.simple = len(self.required) <= 1 and bool(self.names) and all(p.default is None for p in masks)

    def bind(self, args: tuple, kwargs: dict, who) -> dict:
        """Arguments by name; what goes to *args stands under its name as a tuple."""
        bound = dict(zip(self.names, args))
        if len(args) > len(self.names):
            if self.variadic is None:
                raise TypeError(
                    f"Layer {who.name!r} ({type(who).__name__}) takes {len(self.names)} positional argument(s) "
                    f"({', '.join(self.names)}) but was given {len(args)}. Several inputs usually go in a list: "
                    "layer([a, b])."
                )
            bound[self.variadic] = args[len(self.names) :]  # a tuple, also of one
        for name, value in kwargs.items():
            if name in bound:
                raise TypeError(f"Layer {who.name!r} was given the argument {name!r} twice.")
            if name not in self.known and not self.takes_any and name not in ("training", "mask"):
                from kerata.core.errors import unknown_name

                raise TypeError(unknown_name(f"argument of {type(who).__name__}.call()", name, self.known))
            bound[name] = value
        missing = [n for n in self.required if n not in bound]
        if missing:
            raise TypeError(f"Layer {who.name!r} ({type(who).__name__}) was called without {', '.join(missing)}.")
        return bound

    def unbind(self, bound: dict) -> tuple[tuple, dict]:
        """Positional and keyword arguments for `call`."""
        if self.variadic is None or self.variadic not in bound:
            return (), bound
        rest = dict(bound)
        positional = [rest.pop(n) for n in self.names if n in rest]
        return (*positional, *rest.pop(self.variadic)), rest


_plans: dict[object, CallPlan] = {}


def plan_of(layer) -> CallPlan:
    """The call plan of a layer (shared by its class unless the instance has a `call` of its own)."""
    own = layer.__dict__.get("call")
    call = own or type(layer).call
    call = getattr(call, "__func__", call)
    key = call if own is None or own is not call else (call,)
    plan = _plans.get(key)
    if plan is None:
        static = isinstance(inspect.getattr_static(type(layer), "call", None), staticmethod)
        plan = _plans[key] = CallPlan(call, bound=key is call and not static)
    return plan


def is_tensor_like(x, b) -> bool:
    return isinstance(x, KerasTensor) or b.is_tensor(x)


def shapes_of(value, b):
    """The shapes of the tensors in a nested argument, or None if there are none."""
    if is_tensor_like(value, b):
        return static_shape(value)
    if isinstance(value, list | tuple | dict) and value:
        flat = tree.flatten(value)
        if any(is_tensor_like(x, b) for x in flat) and all(x is None or is_tensor_like(x, b) for x in flat):
            return tree.map_structure(lambda x: None if x is None else static_shape(x), value)
    return None


def static_shape(x) -> tuple:
    """The shape as integers and None; None also for a symbolic size, and for a batch size that stands for an unknown one."""
    shape = x.shape
    if hasattr(shape, "as_list"):
        shape = shape.as_list()
    shape = tuple(n if isinstance(n, int) else None for n in shape)  # (`int` would fix a size of an exported program)
    if context.any_batch is not None and shape and shape[0] == context.any_batch:
        return (None, *shape[1:])
    return shape
