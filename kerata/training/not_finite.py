"""Where the first NaN of a training comes from: `kerata.config.enable_nan_check()`.

Each step is checked. After the first one whose loss or weights are not finite, the values from before it are put back, and
the step is done again piece by piece: the data, the forward pass op by op, the loss, the gradients, the update.
"""

from __future__ import annotations

import numpy as np

from kerata import backend
from kerata.backend import backend_scope
from kerata.core import dtypes, tree
from kerata.core.scopes import StatelessScope, context
from kerata.core.variable import Variable
from kerata.ops import _op
from kerata.training.steps import _as_given, _is_stateless, computed_loss, unpack

_HINTS = {
    "log": "A logarithm of 0 is -inf, of a negative number NaN: ops.log(ops.maximum(x, 1e-7)).",
    "log10": "A logarithm of 0 is -inf, of a negative number NaN: ops.log10(ops.maximum(x, 1e-7)).",
    "log2": "A logarithm of 0 is -inf, of a negative number NaN: ops.log2(ops.maximum(x, 1e-7)).",
    "log1p": "Its argument must be above -1.",
    "sqrt": "A square root of a negative number is NaN, and its slope at 0 is infinite: ops.sqrt(x + 1e-7).",
    "rsqrt": "A root of 0 gives inf: ops.rsqrt(x + 1e-7).",
    "norm": "The slope of a norm at 0 is not defined: add a small number to its argument.",
    "divide": "A division by 0: add a small number to the divisor, or use ops.divide_no_nan.",
    "true_divide": "A division by 0: add a small number to the divisor, or use ops.divide_no_nan.",
    "reciprocal": "A division by 0: add a small number to the argument.",
    "power": "A power of a negative number with a fraction is NaN; of 0 with a negative exponent inf.",
    "exp": "exp() overflows above 88 in float32: clip its argument, or use ops.softmax, ops.logsumexp, ops.softplus.",
    "arccos": "Its argument must lie between -1 and 1, and its slope is infinite there.",
    "arcsin": "Its argument must lie between -1 and 1, and its slope is infinite there.",
}  # fmt: skip
_GROWS = "Usual causes: a learning rate that is too large (try a tenth), or gradients without a limit (clipnorm=1.0)."


def _values(x):
    """The values of a float tensor or Variable as a NumPy array; None for all else, and inside traced code."""
    if isinstance(x, Variable):
        x = x.value
    owner = x if isinstance(x, np.ndarray) else backend.owner(type(x))
    if owner is None or type(x).__name__.endswith("Tracer"):
        return None
    if isinstance(x, np.ndarray):
        return x if x.dtype.kind == "f" else None
    if owner.dtype(x) not in dtypes.FLOATS or not hasattr(x, "__array__"):
        return None
    return np.asarray(owner.to_numpy(owner.stop_gradient(x)), "float64")


def _has(x, test) -> bool:
    values = _values(x)
    return values is not None and bool(test(values).any())


def _not_finite(values):
    return ~np.isfinite(values)


class Watch:
    """Sees every call of an op and of a layer in this thread, while it is open.

    `found`: the first op (or layer) whose result is bad while what it was given is not. With `probes`, zeros that are
    added to the results, gradients by the results can be had.
    """

    def __init__(self, test, probes=None):
        self.test, self.probes = test, probes
        self.found = None
        self.calls: list[tuple] = []  # op, layer, the results (or arguments) of which number it was given
        self.outputs: list = []
        self._number: dict[int, int] = {}  # id of a result -> its number
        self._infinite: dict[int, tuple] = {}
        self._kept: list = []  # so that ids stay unique

    def __enter__(self):
        self._before, context.watch = context.watch, self
        _op.watch(self)
        return self

    def __exit__(self, *exc):
        context.watch = self._before
        _op.watch(self._before)

    def op(self, fn, run, args, kwargs):
        """The result of `run()`, which is the op `fn` of these arguments."""
        given = tree.flatten((args, kwargs))
        self._kept.append(given)
        out = run()
        name, layer = fn.__name__, context.names_owner
        sources = [self._number[id(x)] for x in given if id(x) in self._number]
        if self.probes is not None and self._is_float(out):
            out = out + self.probes[len(self.outputs)]
        if self._is_float(out):
            self._number[id(out)] = len(self.outputs)
            self.outputs.append(out)
        self.calls.append((name, layer, sources, self._number.get(id(out)), [x for x in given if isinstance(x, Variable)]))
        if self.probes is None:
            self._judge(name, layer, given, out)
        return out

    def _is_float(self, x) -> bool:
        b = backend.current()
        return b.is_tensor(x) and not hasattr(x, "assign") and b.dtype(x) in dtypes.FLOATS

    def layer(self, layer, inputs, outputs) -> None:
        """A layer gave these outputs."""
        if self.found is None and self.probes is None:
            self._judge(None, layer, tree.flatten((inputs, layer.variables)), outputs)

    def _judge(self, name, layer, given, out) -> None:
        for x in tree.flatten(out):
            if _has(x, np.isinf):
                self._infinite.setdefault(id(x), (name, layer))
                self._kept.append(x)
            if self.found is None and _has(x, self.test):
                clean = not any(_has(g, self.test) for g in given)
                if clean or name is None:
                    origin = next((self._infinite[id(g)] for g in given if id(g) in self._infinite), None)
                    self.found = (name, layer, given, x, origin)


def _snapshot(model) -> list:
    return [(v, np.array(v.numpy(), copy=True)) for v in model._state("train")]


def checked(runner, step, epoch: int):
    """`step`, which raises a FloatingPointError that says where the first NaN comes from."""
    model, b = runner.model, runner.backend
    count = iter(range(runner.first, 2**62))

    def run(batch):
        before = _snapshot(model)
        logs = step(batch)
        number = next(count)
        loss = (logs or {}).get("loss")
        bad = _has(loss, _not_finite) if loss is not None else False
        if bad or any(_has(v, _not_finite) for v in model.trainable_variables):
            for variable, value in before:
                variable.assign(value)
            with backend_scope(b):
                found = locate(model, batch)
            raise FloatingPointError(
                f"Training of model {model.name!r} met a value that is not finite in epoch {epoch + 1}, batch {number} (counted "
                f"from 0). {found} The model has the weights from before this batch."
            )
        return logs

    return run


def locate(model, batch) -> str:
    """Where a step on `batch`, from the model's present values, first meets NaN or infinity: a sentence or two."""
    from kerata.training.trainer import Trainer

    batch = model._backend.to_device(batch)
    x, y, sample_weight = unpack(batch)
    said = _in_data(x, y, sample_weight) or _in_weights(model)
    if said:
        return said
    said, finite = _forward(model, x, y, sample_weight)
    if said:
        return said
    if not finite:
        return "The loss is not finite, and what makes it so is computed with something else than kerata.ops."
    own = type(model).train_step is not Trainer.train_step
    said = _own_step(model, batch) if own else _gradient(model, x, y, sample_weight)
    if said:
        return said
    if own:
        return (
            "Data and forward pass are finite: it comes up in the model's own train_step(), in its loss, gradients or updates. "
            "Step through it with compile(run_eagerly=True)."
        )
    return f"Data, forward pass, loss and gradients are finite: the update by {type(model.optimizer).__name__} is not. {_GROWS}"


def _in_data(x, y, sample_weight) -> str | None:
    for label, part in (("x", x), ("y", y), ("sample_weight", sample_weight)):
        for path, leaf in tree.flatten_with_path(part) if part is not None else ():
            values = _values(leaf)
            if values is None or np.isfinite(values).all():
                continue
            rows = np.flatnonzero(_not_finite(values).reshape(len(values), -1).any(axis=1)) if values.ndim else [0]
            where = label + "".join(f"[{p!r}]" for p in path)
            return (
                f"It is in the data: {where} has {values[_not_finite(values)].ravel()[0]} in {len(rows)} of {len(values)} rows of "
                f"this batch, first in row {rows[0]}. Replace such values (numpy.nan_to_num) or leave those rows out."
            )
    return None


def _in_weights(model) -> str | None:
    bad = next((v for v in model.variables if _has(v, _not_finite)), None)
    if bad is None:
        return None
    return f"The weight {bad.path!r} was not finite before this batch already: it was set or loaded so."


def _forward(model, x, y, sample_weight) -> tuple[str | None, bool]:
    """What is wrong in the forward pass or the loss, if anything; and whether the loss is finite."""
    from kerata.training.trainer import Trainer

    phase, loss, found = "forward pass", None, None
    for test in (np.isnan, _not_finite):
        with StatelessScope(), Watch(test) as watch:
            y_pred = model._forward(x, True)
            inside = watch.found is not None
            if type(model).train_step is Trainer.train_step or model._compile_loss is not None:
                loss = computed_loss(model, True, x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
            model._clear_losses()
        found = watch.found
        phase = "forward pass" if inside else "loss"
        finite = loss is None or not _has(loss, _not_finite)
        if found is not None or finite:
            break
    if found is None or finite:
        return None, finite
    return _tell(model, phase, found), False


def _own_step(model, batch) -> str | None:
    """What is wrong in a step of the user's own, where its values can be seen (not while JAX traces it)."""
    if _is_stateless(model.train_step):
        return None
    with StatelessScope(), Watch(np.isnan) as watch:
        model.train_step(_as_given(batch))
        model._clear_losses()
    return None if watch.found is None else _tell(model, "model's own train_step()", watch.found)


def _tell(model, phase: str, found) -> str:
    name, layer, given, out, origin = found
    values = _values(out)
    count = int(_not_finite(values).sum())
    what = f"op `{name}`" if name else f"layer {layer.name!r}"
    words = f"It comes up in the {phase}: {_of_layer(layer) + ', ' if name else ''}{what}, gives {values[_not_finite(values)].ravel()[0]} in "
    words += f"{count} of {values.size} elements of its result of shape {tuple(values.shape)}"
    ranges = [f"{v.min():.4g} to {v.max():.4g}" for v in map(_values, given) if v is not None and v.size]
    words += f"; it was given values from {', '.join(ranges[:3])}." if ranges else "."
    if origin is not None:
        words += f" The infinity among those comes from op `{origin[0]}` in {_of_layer(origin[1])}."
    if not name:
        words += " Its call() computes with something else than kerata.ops, so the op is not known."
    hint = _HINTS.get(origin[0] if origin else name)
    return f"{words} {hint}" if hint else words


def _of_layer(layer) -> str:
    return "no layer" if layer is None else f"layer {layer.path!r} ({type(layer).__name__})"


def _gradient(model, x, y, sample_weight) -> str | None:
    """What is wrong in the backward pass, if anything."""
    b, variables = backend.current(), model.trainable_variables

    def loss_of(watch):
        with StatelessScope(), watch:
            y_pred = model._forward(x, True)
            loss = computed_loss(model, True, x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
            model._clear_losses()
        return loss

    plain = Watch(np.isnan)
    loss_of(plain)
    zeros = [b.xp.zeros_like(b.stop_gradient(out)) for out in plain.outputs]
    watch = Watch(np.isnan, probes=None)

    def probed(probes):
        watch.probes = probes
        return loss_of(watch)

    from kerata.core.gradients import value_and_grad

    _, grads = value_and_grad(probed)(zeros) if zeros else (None, [])
    bad = [i for i, g in enumerate(grads) if g is not None and _has(g, _not_finite)]
    if bad:
        return _tell_backward(watch.calls, bad[-1])
    _, grads = value_and_grad(lambda: loss_of(Watch(np.isnan, probes=zeros)), variables)()
    wrong = next((v for v, g in zip(variables, grads) if g is not None and _has(g, _not_finite)), None)
    if wrong is None:
        return None
    users = [(name, layer) for name, layer, _, _, held in watch.calls if any(v is wrong for v in held)]
    name, layer = users[-1] if users else ("?", None)
    words = f"It comes up in the gradient of the weight {wrong.path!r}, which op `{name}` in {_of_layer(layer)} uses."
    return f"{words} {_HINTS[name]}" if name in _HINTS else words


def _tell_backward(calls, last: int) -> str:
    """`last`: the number of the last result whose gradient is not finite; what uses it has no finite slope."""
    made = next(c for c in calls if c[3] == last)
    later = calls[calls.index(made) + 1 :] or [made]
    user = next((c for c in later if last in c[2]), later[0])  # what is no op in between is not seen
    words = (
        f"The forward pass and the loss are finite; it comes up in the gradient: {_of_layer(user[1])}, op `{user[0]}`, has no "
        f"finite slope at what it was given (the result of op `{made[0]}` in {_of_layer(made[1])})."
    )
    return f"{words} {_HINTS[user[0]]}" if user[0] in _HINTS else words
