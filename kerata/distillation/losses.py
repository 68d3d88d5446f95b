"""What the student's outputs or features are compared with."""

from __future__ import annotations

from kerata import losses, ops
from kerata.core import tree
from kerata.core.configurable import Configurable


class DistillationLoss(Configurable):
    """Base of losses between what a teacher and a student give; a subclass defines `compute_loss`.

    `teacher_layer_name` and `student_layer_name`, where a subclass has them, say at which layers the two are compared;
    None stands for the outputs of the models.

    >>> class Difference(kerata.distillation.DistillationLoss):
    ...     def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
    ...         return kerata.ops.mean(kerata.ops.abs(teacher_outputs - student_outputs))
    >>> Difference().compute_loss(np.array([1.0, 2.0]), np.array([1.0, 0.0]))  # 1.0
    """

    teacher_layer_name: str | None = None
    student_layer_name: str | None = None

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """The scalar to minimise; a subclass defines it.

        Args:
            teacher_outputs: tensor, or a structure of tensors, without gradient.
            student_outputs: the same of the student.
            kwargs: nothing at present.

        Returns:
            A scalar tensor.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `compute_loss(self, teacher_outputs, student_outputs)`.")

    def validate_outputs(self, teacher_outputs, student_outputs) -> None:
        """Check that teacher and student give structures of the same form; called before each `compute_loss`.

        Args:
            teacher_outputs, student_outputs: as of `compute_loss`.

        Raises:
            ValueError: if they do not.
        """
        given = len(tree.flatten(teacher_outputs)), len(tree.flatten(student_outputs))
        if given[0] != given[1]:
            raise ValueError(f"The teacher has {given[0]} outputs to learn from, the student {given[1]}: they must match.")
        tree.assert_same_structure(teacher_outputs, student_outputs)

    def validate_model_compatibility(self, teacher, student) -> None:
        """Check that the loss can compare these models; called when a `Distiller` is made.

        Args:
            teacher, student: the models.

        Raises:
            ValueError: from subclasses whose demands are not met; the base has none.
        """


def _checked_loss(loss, who: str):
    """The loss (or nested losses) as functions or objects."""
    loss = tree.map_structure(losses.get, loss) if isinstance(loss, list | tuple | dict) else losses.get(loss)
    if all(x is None for x in tree.flatten(loss)):
        raise ValueError(f"`loss` of {who} names at least one loss; got {loss!r}.")
    return loss


def _loss_of(config, custom_objects=None):
    """Losses from their form in files."""
    if isinstance(config, list | tuple):
        return [_loss_of(c, custom_objects) for c in config]
    if isinstance(config, dict) and "class_name" not in config:
        return {k: _loss_of(c, custom_objects) for k, c in config.items()}
    if isinstance(config, dict) and config.get("class_name") == "function":
        config = config["config"]
    return losses.deserialize(config, custom_objects) if isinstance(config, dict) else losses.get(config)


class _WithLoss(DistillationLoss):
    """A distillation loss made of losses, one for each output."""

    def _pairs(self, teacher_outputs, student_outputs):
        """`(loss, teacher's, student's)` for each output that is compared."""
        self.validate_outputs(teacher_outputs, student_outputs)
        teachers, students = tree.flatten(teacher_outputs), tree.flatten(student_outputs)
        nested = isinstance(self.loss, list | tuple | dict)
        if not nested:
            return [(self.loss, t, s) for t, s in zip(teachers, students)]
        if isinstance(self.loss, dict):
            chosen = [self.loss[k] for k in sorted(self.loss)]
        else:
            chosen = list(self.loss)
        if len(chosen) != len(teachers):
            raise ValueError(f"`loss` of {type(self).__name__} names {len(chosen)} losses; there are {len(teachers)} outputs.")
        return [(loss, t, s) for loss, t, s in zip(chosen, teachers, students) if loss is not None]

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        return cls(**{**config, "loss": _loss_of(config.get("loss"), custom_objects)})


class LogitsDistillation(_WithLoss):
    """Compares the logits of teacher and student, softened by a temperature.

    With a loss between distributions (KL divergence, categorical crossentropy) both are made probabilities,
    `softmax(logits / temperature)`, and the loss is multiplied by `temperature**2`, so that its gradient keeps its size.
    With other losses the logits divided by the temperature are compared.

    Args:
        temperature: positive number, above 1 for softer probabilities; 3.0 by default.
        loss: a loss, its name, or several for several outputs; "kl_divergence" by default.

    Raises:
        ValueError: for another temperature, or no loss.

    Source: Hinton et al. (2015), https://arxiv.org/abs/1503.02531

    >>> loss = kerata.distillation.LogitsDistillation(temperature=2.0)
    >>> loss.compute_loss(kerata.ops.ones((2, 3)), kerata.ops.ones((2, 3)))  # 0.0
    """

    def __init__(self, temperature=3.0, loss="kl_divergence"):
        if isinstance(temperature, bool) or not isinstance(temperature, int | float) or temperature <= 0:
            raise ValueError(f"`temperature` of LogitsDistillation is a positive number; got {temperature!r}.")
        self.temperature = temperature
        self.loss = _checked_loss(loss, "LogitsDistillation")

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """The mean loss between the softened outputs."""
        total = 0.0
        for loss, teacher, student in self._pairs(teacher_outputs, student_outputs):
            teacher, student = (ops.divide(x, self.temperature) for x in (teacher, student))
            factor = 1.0
            if _between_distributions(loss):
                factor = self.temperature**2
                teacher = ops.softmax(teacher)
                student = student if getattr(loss, "_fn_kwargs", {}).get("from_logits") else ops.softmax(student)
            total = ops.add(total, ops.multiply(ops.mean(loss(teacher, student)), factor))
        return total


def _between_distributions(loss) -> bool:
    functions = (losses.kl_divergence, losses.categorical_crossentropy)
    return loss in functions or isinstance(loss, losses.KLDivergence | losses.CategoricalCrossentropy)


class FeatureDistillation(_WithLoss):
    """Compares what a layer of the teacher and one of the student give.

    Args:
        loss: a loss, its name, or several for several outputs (None for outputs to leave out); "mse" by default.
        teacher_layer_name, student_layer_name: names of the layers; None, the default, for the models' outputs.

    Raises:
        ValueError: without a loss, and from `Distiller` if a layer is missing.

    >>> loss = kerata.distillation.FeatureDistillation("mae")
    >>> loss.compute_loss(kerata.ops.ones((2, 3)), kerata.ops.zeros((2, 3)))  # 1.0
    """

    def __init__(self, loss="mse", teacher_layer_name=None, student_layer_name=None):
        self.loss = _checked_loss(loss, "FeatureDistillation")
        self.teacher_layer_name, self.student_layer_name = teacher_layer_name, student_layer_name

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """The mean loss between the features."""
        total = 0.0
        for loss, teacher, student in self._pairs(teacher_outputs, student_outputs):
            total = ops.add(total, ops.mean(loss(teacher, student)))
        return total

    def validate_model_compatibility(self, teacher, student) -> None:
        """ValueError if a layer is missing."""
        for what, model, name in (("teacher", teacher, self.teacher_layer_name), ("student", student, self.student_layer_name)):
            if name is None:
                continue
            try:
                model.get_layer(name)
            except ValueError as e:
                raise ValueError(f"FeatureDistillation: in the {what}: {e}") from None
