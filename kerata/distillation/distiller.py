"""Distiller: trains a student with a teacher beside it."""

from __future__ import annotations

from kerata import ops
from kerata.core import tree
from kerata.distillation.losses import DistillationLoss
from kerata.metrics import Mean
from kerata.models.functional import Functional
from kerata.models.model import Model


class Distiller(Model):
    """A model that trains `student` on targets and on what `teacher` gives.

    The loss is `student_loss_weight * student_loss + (1 - student_loss_weight) * distillation_loss`; the teacher is frozen.
    Calls, predictions and trainable weights are the student's.

    Args:
        teacher, student: models of the same inputs and, as to their shapes, outputs.
        distillation_losses: a `DistillationLoss` or a list of them.
        distillation_loss_weights: factors of them in a list; 1 by default.
        student_loss_weight: share of the loss on targets, from 0 to 1; 0.5 by default.
        name: its name; "distiller" by default.

    Raises:
        ValueError: for models that do not match, losses that are none, or a weight out of range.

    Source: Hinton et al. (2015), https://arxiv.org/abs/1503.02531

    >>> teacher, student = (kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(3)]) for _ in range(2))
    >>> distiller = kerata.distillation.Distiller(teacher, student, kerata.distillation.LogitsDistillation())
    >>> distiller.compile("sgd", "mse")
    >>> [len(distiller.trainable_variables), teacher.trainable]
    [2, False]
    """

    _config_skip = Model._config_skip

    def __init__(self, teacher, student, distillation_losses, distillation_loss_weights=None, student_loss_weight=0.5,
                 name="distiller", **kwargs):  # fmt: skip
        super().__init__(name=name, **kwargs)
        _check_models(teacher, student)
        if isinstance(student_loss_weight, bool) or not isinstance(student_loss_weight, int | float):
            raise ValueError(f"`student_loss_weight` is a number between 0 and 1; got {student_loss_weight!r}.")
        if not 0 <= student_loss_weight <= 1:
            raise ValueError(f"`student_loss_weight` lies between 0 and 1; got {student_loss_weight}.")
        several = isinstance(distillation_losses, list | tuple)
        chosen = list(distillation_losses) if several else [distillation_losses]
        for loss in chosen:
            if not isinstance(loss, DistillationLoss):
                raise ValueError(f"`distillation_losses` is a DistillationLoss or a list of them; got {loss!r}.")
            loss.validate_model_compatibility(teacher, student)
        weights = distillation_loss_weights if several else None
        weights = [1.0] * len(chosen) if weights is None else list(weights)
        if len(weights) != len(chosen):
            raise ValueError(f"There are {len(chosen)} distillation_losses, and {len(weights)} distillation_loss_weights.")
        teacher.trainable = False
        self.teacher, self.student = teacher, student
        self.student_loss_weight = float(student_loss_weight)
        self.distillation_losses, self.distillation_loss_weights = chosen, weights
        self.student_loss_tracker = Mean(name="student_loss")
        self.distillation_loss_tracker = Mean(name="distillation_loss")
        self.total_loss_tracker = Mean(name="total_loss")
        self._views = [_with_features(m, [getattr(x, f"{w}_layer_name") for x in chosen]) for m, w in
                       ((teacher, "teacher"), (student, "student"))]  # fmt: skip
        self.built = student.built

    _untracked = frozenset(("_views",))  # other ways into the same layers

    def compile(self, optimizer="adam", loss=None, metrics=None, **kwargs):
        """Say how to train; see `Model.compile`. `loss` is of the student on the targets."""
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def call(self, inputs, training=None, **kwargs):
        return self.student(inputs, training=training, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The weighted sum of the student's loss and the distillation losses."""
        share = self.student_loss_weight
        student = ops.zeros(()) if share == 0 else super().compute_loss(x, y, y_pred, sample_weight, training)
        distilled = ops.zeros(()) if share == 1 else self._distillation_loss(x, y_pred, training)
        total = ops.add(ops.multiply(student, share), ops.multiply(distilled, 1 - share))
        size = ops.shape(tree.flatten(x)[0])[0] if x is not None else None
        for tracker, value in (
            (self.student_loss_tracker, student), (self.distillation_loss_tracker, distilled), (self.total_loss_tracker, total),
        ):  # fmt: skip
            tracker.update_state(value, sample_weight=size)
        return total

    def _distillation_loss(self, x, y_pred, training):
        teacher = _features(self._views[0], self.teacher, x, None, False)
        student = _features(self._views[1], self.student, x, y_pred, training)
        total = ops.zeros(())
        for loss, weight in zip(self.distillation_losses, self.distillation_loss_weights):
            given = [found[getattr(loss, f"{who}_layer_name")] for found, who in ((teacher, "teacher"), (student, "student"))]
            given[0] = tree.map_structure(ops.stop_gradient, given[0])
            loss.validate_outputs(*given)
            total = ops.add(total, ops.multiply(loss.compute_loss(*given), weight))
        return total

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        from kerata.saving import deserialize_keras_object

        config = dict(config)
        for key in ("teacher", "student"):
            if isinstance(config[key], dict):
                config[key] = deserialize_keras_object(config[key], custom_objects=custom_objects)
        config["distillation_losses"] = [
            deserialize_keras_object(x, custom_objects=custom_objects) if isinstance(x, dict) else x
            for x in config["distillation_losses"]
        ]
        return super().from_config(config)


def _check_models(teacher, student) -> None:
    for what, model in (("teacher", teacher), ("student", student)):
        if not isinstance(model, Model):
            raise ValueError(f"`{what}` of Distiller is a kerata.Model; got {model!r}.")
    for what in ("inputs", "outputs"):
        ours = [getattr(m, what, None) if m.built else None for m in (teacher, student)]
        if any(x is None for x in ours):
            continue
        shapes = [[tuple(x.shape) for x in tree.flatten(v)] for v in ours]
        if len(shapes[0]) != len(shapes[1]) or not all(map(_compatible, *shapes)):
            raise ValueError(f"Distiller: the {what} of the teacher have the shapes {shapes[0]}, of the student {shapes[1]}; they must match.")
        kinds = [[x.dtype for x in tree.flatten(v)] for v in ours]
        if kinds[0] != kinds[1]:
            raise ValueError(f"Distiller: the {what} of the teacher have the dtypes {kinds[0]}, of the student {kinds[1]}; they must match.")


def _compatible(a: tuple, b: tuple) -> bool:
    return len(a) == len(b) and all(m is None or n is None or m == n for m, n in zip(a, b))


def _with_features(model, names):
    """A model of the same layers that gives, by name, what layers and (None) the model itself give; None if no layer is asked for."""
    wanted = sorted({n for n in names if n is not None})
    if not wanted:
        return None
    if getattr(model, "inputs", None) is None:
        raise ValueError(f"Features of layers {wanted} are taken from Functional and Sequential models; {model.name!r} is none.")
    return wanted, Functional(model.inputs, [*(model.get_layer(n).output for n in wanted), model.outputs])


def _features(view, model, x, outputs, training) -> dict:
    """What the loss asks for, by names of layers; None is the model's outputs."""
    if view is None:
        return {None: model(x, training=training) if outputs is None else outputs}
    wanted, functional = view
    *found, last = functional(x, training=training)
    last = last[0] if isinstance(last, list | tuple) and len(last) == 1 else last
    return {**dict(zip(wanted, found)), None: last if outputs is None else outputs}
