"""The base class of all losses."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.core import config, dtype_policy, tree
from kerata.core.configurable import Configurable
from kerata.core.errors import did_you_mean
from kerata.core.masks import get_mask
from kerata.core.names import auto_name
from kerata.losses._reduction import REDUCTIONS, weigh_and_reduce


class Loss(Configurable):
    """The base class of losses: a subclass defines `call(y_true, y_pred)`, which gives one value for each sample.

    A call of the loss converts both sides to its dtype, takes what `call` gives, multiplies by
    `sample_weight` and by the mask that travels with `y_pred`, and reduces.

    Args:
        reduction: "sum_over_batch_size" or "mean" (the weighted sum over the number of values; the default),
            "sum", "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None.

    Raises:
        ValueError: if `reduction` has another value.
        NotImplementedError: if a subclass defines no `call`.

    >>> class Distance(Loss):
    ...     def call(self, y_true, y_pred):
    ...         gap = y_true - y_pred
    ...         return ops.sqrt(ops.sum(gap * gap, axis=-1))
    >>> Distance()([[0.0, 0.0]], [[3.0, 4.0]])  # 5
    """

    # Arguments that Keras leaves out of its configs; written only where they differ from the default.
    _unlisted_config: dict[str, Any] = {}
    # True where targets are class numbers, which stay integers; others are cast to the loss's dtype.
    _keeps_labels = False

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None):
        self.name = name or auto_name(type(self).__name__)
        self.reduction = check_reduction(reduction)
        self._dtype_policy = dtype_policy.get(dtype or config.floatx())
        self._dtype = self._dtype_policy.compute_dtype

    @property
    def dtype(self) -> str:
        """Name of the dtype in which the loss is computed."""
        return self._dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        in_mask = get_mask(y_pred)
        dtype = self._dtype
        y_pred, y_true = as_tensors(y_pred, dtype), as_tensors(y_true, None if self._keeps_labels else dtype)
        losses = self.call(y_true, y_pred)
        out_mask = get_mask(losses)
        if in_mask is not None and out_mask is not None:
            mask = ops.logical_and(in_mask, out_mask)
        else:
            mask = out_mask if in_mask is None else in_mask
        return weigh_and_reduce(losses, sample_weight, mask, self.reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample; subclasses define it.

        Args:
            y_true: targets, of shape (batch, ...).
            y_pred: predictions.

        Returns:
            A tensor without the last axis; the reduction is done by `__call__`.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not say how it is computed: define "
            "`call(self, y_true, y_pred)` so that it returns one value per sample."
        )

    def get_config(self) -> dict[str, Any]:
        listed = {"name": self.name, "reduction": self.reduction}
        if self._dtype_policy.name != config.floatx():
            listed["dtype"] = self._dtype_policy.name
        derived = super().get_config() if type(self).__init__ is not Loss.__init__ else {}
        for key, value in derived.items():
            if key not in ("name", "reduction", "dtype") and self._unlisted_config.get(key, _MISSING) != value:
                listed[key] = value
        return listed


_MISSING = object()


def as_tensors(x: Any, dtype: str | None) -> Any:
    """A tensor of `dtype` from an array or nested lists of numbers; for a structure of arrays, the structure."""
    if not isinstance(x, list | tuple | dict):
        return ops.convert_to_tensor(x, dtype=dtype)
    leaves = tree.flatten(x)
    if not isinstance(x, dict) and all(isinstance(leaf, int | float) for leaf in leaves):
        return ops.convert_to_tensor(x, dtype=dtype)
    return tree.map_structure(lambda leaf: ops.convert_to_tensor(leaf, dtype=dtype), x)


def check_reduction(reduction: str | None) -> str | None:
    """`reduction` itself, or a ValueError that lists the choices."""
    if reduction in REDUCTIONS:
        return reduction
    names = [r for r in REDUCTIONS if r]
    raise ValueError(
        f"`reduction` is one of {names}, or None; got {reduction!r}." + did_you_mean(str(reduction), names)
    )
