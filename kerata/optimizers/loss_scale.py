"""LossScaleOptimizer: float16 training without underflow."""

from __future__ import annotations

from typing import Any

from kerata import backend
from kerata.core.scopes import context
from kerata.core.variable import Variable
from kerata.optimizers import _apply
from kerata.optimizers.optimizer import Optimizer


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a scale and divides the gradients by it, so that float16 gradients do not vanish.

    When a gradient is infinite or NaN, the step is left out and the scale halved; after
    `dynamic_growth_steps` good steps in a row it doubles. `model.compile` puts one around the optimizer of a
    "mixed_float16" model.

    Args:
        inner_optimizer: the optimizer that makes the steps.
        initial_scale: the scale to begin with; 32768.0 by default.
        dynamic_growth_steps: integer: good steps after which it doubles; 2000 by default.

    Raises:
        ValueError: if `inner_optimizer` is no optimizer, or an option is given that belongs to it.

    Source: Micikevicius et al. (2018), "Mixed Precision Training".

    >>> import kerata
    >>> optimizer = kerata.optimizers.LossScaleOptimizer(kerata.optimizers.SGD(0.1))
    >>> optimizer.scale_loss(1.0)
    32768.0
    """

    def __init__(self, inner_optimizer: Optimizer, initial_scale: float = 2.0**15,
                 dynamic_growth_steps: int = 2000, name: str | None = None, **kwargs: Any) -> None:  # fmt: skip
        for key in list(kwargs):
            value = kwargs.pop(key)
            if value is not None and value is not False and key not in ("learning_rate", "ema_momentum"):
                raise ValueError(
                    f"LossScaleOptimizer takes no `{key}` of its own: give it to the inner optimizer."
                )
        if not isinstance(inner_optimizer, Optimizer):
            raise ValueError(f"`inner_optimizer` must be an Optimizer; got {inner_optimizer!r}.")
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps

    def build(self, var_list: list[Variable]) -> None:
        if self.built:
            return
        super().build(var_list)
        self.step_counter = self._scalar(0, "int32", "step_counter")
        self.dynamic_scale = self._scalar(float(self.initial_scale), "float32", "dynamic_scale")
        if not self.inner_optimizer.built:
            self.inner_optimizer.build(var_list)

    @property
    def variables(self) -> list:
        """The scale and the counter, then the variables of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    def to_backend(self, name: str) -> None:
        super().to_backend(name)
        self.inner_optimizer.to_backend(name)

    @property
    def iterations(self):
        """How many steps were made, those of the inner optimizer."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self):
        """The inner optimizer's learning rate; it may be set."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate) -> None:
        self.inner_optimizer.learning_rate = rate

    def scale_loss(self, loss):
        """The loss times the present scale (and the inner optimizer's `loss_scale_factor`)."""
        if not self.built:
            scale = self.initial_scale
        elif self.dynamic_scale.on_host:
            scale = self.dynamic_scale.get_host()
        else:
            scale = self._backend.convert(self.dynamic_scale.value)
        b = backend.current()
        if b.is_tensor(loss):
            scale = b.cast(b.convert(scale), b.dtype(loss))
        return self.inner_optimizer.scale_loss(loss * scale)

    def _apply_here(self, grads, variables) -> None:
        variables = self._known_variables(grads, variables)
        b = self._backend
        grads = [None if g is None else b.convert(g) for g in grads]
        if grads and all(g is None for g in grads):  # an error, which the inner optimizer raises
            return self.inner_optimizer.apply(grads, variables)
        finite = self.check_finite(grads)
        if b.name in ("torch", "numpy") and context.scope is None:  # eager: look at the value
            (self._good if bool(finite) else self._bad)(grads, variables)
            return
        inner = self.inner_optimizer
        fixed = {id(self._iterations), id(self._learning_rate)}
        state = [*variables, *[v for v in self._variables if id(v) not in fixed], *inner.variables]
        _apply.when(finite, lambda: self._good(grads, variables), lambda: self._bad(grads, variables), state)

    def check_finite(self, grads):
        """Whether all gradients are finite, a boolean scalar.

        Args:
            grads: tensors; those that are None are passed over.
        """
        return _apply.many().all_finite([g for g in grads if g is not None])

    def _good(self, grads, variables) -> None:
        """Unscale and apply; count, and double the scale in time."""
        b, scale, count = self._backend, self.dynamic_scale, self.step_counter
        factor = 1.0 / (scale.get_host() if scale.on_host else b.convert(scale.value))
        unscaled = [
            g if g is None or v.overwrite_with_gradient else g * _factor(factor, g) for g, v in zip(grads, variables)
        ]
        self.inner_optimizer.apply(unscaled, variables)
        if count.on_host:
            full = count.get_host() + 1 >= self.dynamic_growth_steps
            count.set_host(0 if full else count.get_host() + 1)
            if full:
                scale.set_host(scale.get_host() * 2)
            return
        done = b.cast(b.convert(count.value), "int32") + 1
        full = done >= b.convert(self.dynamic_growth_steps, "int32")
        value = b.convert(scale.value)
        scale.assign(b.xp.where(full, value * 2, value))
        count.assign(b.xp.where(full, b.xp.zeros_like(done), done))

    def _bad(self, grads, variables) -> None:
        """No step; half the scale."""
        scale, count = self.dynamic_scale, self.step_counter
        if count.on_host:
            count.set_host(0)
            scale.set_host(scale.get_host() * 0.5)
        else:
            count.assign(count.value * 0)
            scale.assign(scale.value * 0.5)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        self.inner_optimizer.update_step(gradient, variable, learning_rate)

    def finalize_variable_values(self, var_list) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def exclude_from_weight_decay(self, var_list=None, var_names=None) -> None:
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self) -> dict:
        from kerata.saving import serialize_keras_object

        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        from kerata.saving import deserialize_keras_object

        inner = deserialize_keras_object(config["inner_optimizer"], custom_objects=custom_objects)
        return cls(**{**config, "inner_optimizer": inner})


def _factor(factor, gradient):
    b = backend.current()
    return factor if isinstance(factor, float) else b.cast(factor, b.dtype(gradient))
