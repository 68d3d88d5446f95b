"""One training, test or predict step as the backend's compilers take it: a function of a batch that gives logs."""

from __future__ import annotations

import functools
import inspect

from kerata import backend
from kerata.core import tree
from kerata.core.scopes import training_scope
from kerata.training.data.packing import Inputs


def unpack(data):
    """`(x, y, sample_weight)` from what a data source gives."""
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if len(data) > 3:
        raise ValueError(f"A batch is x, (x, y) or (x, y, sample_weight); one with {len(data)} parts came.")
    return (*data, None, None)[:3]


def _as_given(batch):
    """A batch as Keras hands it to a step of the user's own: an array or a dictionary alone comes without a tuple around it.

    Unless the data set yielded it in one: see `Inputs`.
    """
    if isinstance(batch, Inputs):
        return tuple(batch)
    if isinstance(batch, tuple) and len(batch) == 1 and (isinstance(batch[0], dict) or not tree.is_nested(batch[0])):
        return batch[0]
    return batch


class Step:
    """A step of a model.

    `silent`: it gives None, and the logs come from the metrics alone, read after the last step of a chunk.
    `built_in`: no step of the user's own, which might take derivatives of any kind. Of training, `fn(batch, apply)` then
    gives the gradients to `apply(gradients, variables)` instead of the optimizer.
    `trains`: it changes weights.
    """

    def __init__(self, model, fn, silent: bool, built_in: bool, trains: bool = False):
        self.model, self.fn, self.silent, self.built_in, self.trains = model, fn, silent, built_in, trains

    def __call__(self, batch):
        out = self.fn(batch)
        self.model._clear_losses()  # what layers added may be tracers, which nobody can use later
        return out

    def with_fresh_metrics(self) -> Step:
        """The step with metrics that begin anew: compiled with it, that costs next to nothing."""

        def fn(*args):
            self.model.reset_metrics()
            return self.fn(*args)

        return Step(self.model, fn, self.silent, self.built_in, self.trains)


def _is_stateless(method) -> bool:
    """Whether a step is written in Keras's form for JAX: `train_step(self, state, data)`, or `*args` that hands both on."""
    parameters = inspect.signature(method).parameters.values()
    needed = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty]
    if len(needed) == 2:
        return True
    return not needed and any(p.kind is p.VAR_POSITIONAL for p in parameters) and backend.current().functional


def computed_loss(model, training, **given):
    """What `model.compute_loss` gives; an override without `training`, as Keras's guides once had them, is not told."""
    compute_loss = model.compute_loss
    if "training" in _parameters(getattr(compute_loss, "__func__", compute_loss)):
        given["training"] = training
    return compute_loss(**given)


@functools.lru_cache(maxsize=256)
def _parameters(fn) -> frozenset:
    return frozenset(inspect.signature(fn).parameters)


def _owned_by(model, name: str, base) -> bool:
    return getattr(type(model), name) is not getattr(base, name) or name in model.__dict__


def make_step(model, kind: str):
    """`(step, result)` of a model; kind is "train" or "test"."""
    from kerata.training.trainer import Trainer

    name = f"{kind}_step"
    method = getattr(model, name)
    if _is_stateless(method):
        return Step(model, _stateless(model, method, kind), silent=False, built_in=False), lambda logs: logs
    own = _owned_by(model, name, Trainer)
    metrics = _owned_by(model, "compute_metrics", Trainer) or _owned_by(model, "get_metrics_result", Trainer)
    if own or metrics:
        return Step(model, _checked(model, method, name), silent=False, built_in=False), lambda logs: logs

    def silent(batch, apply=None):
        parts = model._train_core(batch, apply) if kind == "train" else model._test_core(batch)
        model._update_compiled_metrics(*parts)

    return Step(model, silent, silent=True, built_in=True, trains=kind == "train"), lambda _: model.get_metrics_result()


def _checked(model, method, name):
    def step(batch):
        logs = method(_as_given(batch))
        if logs is None:
            return model.get_metrics_result()
        if not isinstance(logs, dict):
            raise TypeError(f"{type(model).__name__}.{name}() must return a dictionary of logs; it gave {logs!r}.")
        return tree.map_structure(model._backend.convert, logs)

    return step


def _stateless(model, method, kind: str):
    """Keras's pure form for JAX around the variables that are in force."""

    def groups():
        found = [model.trainable_variables, model.non_trainable_variables]
        if kind == "train":
            found.append(model.optimizer.variables)
        return [*found, model.metrics_variables]

    def step(batch):
        variables = groups()
        logs, state = method(tuple([v.value for v in group] for group in variables), _as_given(batch))
        for group, values in zip(variables, state):
            for v, value in zip(group, values):
                v.assign(value)
        return logs

    return step


def make_predict_step(model):
    from kerata.training.trainer import Trainer

    method = model.predict_step
    if _is_stateless(method):

        def stateless(batch):
            variables = (model.trainable_variables, model.non_trainable_variables)
            out, new = method(tuple([v.value for v in group] for group in variables), _as_given(batch))
            for v, value in zip(variables[1], new):
                v.assign(value)
            return out

        return Step(model, stateless, silent=False, built_in=False)

    def predict(batch):
        with training_scope(False):
            return method(_as_given(batch))

    return Step(model, predict, silent=False, built_in=not _owned_by(model, "predict_step", Trainer))
