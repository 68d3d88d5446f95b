"""The metrics of `compile(metrics=..., weighted_metrics=...)`: for each output, and their results by name."""

from __future__ import annotations

from typing import Any

from kerata import metrics as metrics_module
from kerata.metrics import MeanMetricWrapper, Metric
from kerata.training.compile_losses import object_name
from kerata.training.names import Slots, bind, follow, is_nest
from kerata.training.structure import Places

# Names that stand for a metric that depends on the output: binary, sparse (integer labels), one-hot.
_BY_SHAPE = {
    "accuracy": ("BinaryAccuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy"),
    "crossentropy": ("BinaryCrossentropy", "SparseCategoricalCrossentropy", "CategoricalCrossentropy"),
}
_BY_SHAPE["acc"], _BY_SHAPE["ce"] = _BY_SHAPE["accuracy"], _BY_SHAPE["crossentropy"]


def is_metric(x: Any) -> bool:
    """Whether it is one metric: an object, a class, a function, a name or a config."""
    return isinstance(x, str) or callable(x) or (isinstance(x, dict) and "class_name" in x)


def is_metric_list(x: Any) -> bool:
    """Whether it is what one output takes: a metric, or a list of metrics."""
    return is_metric(x) or (isinstance(x, list | tuple) and all(is_metric(m) or m is None for m in x))


def label_form(y_true: Any, y_pred: Any) -> int:
    """0: one output unit (binary); 1: integer labels for several units (sparse); 2: as many labels as units."""
    true_shape, pred_shape = tuple(y_true.shape), tuple(y_pred.shape)
    if pred_shape and pred_shape[-1] == 1:
        return 0
    if len(true_shape) < len(pred_shape) or (true_shape and true_shape[-1] == 1 and pred_shape[-1] != 1):
        return 1
    return 2


def as_metric(identifier: Any, y_true: Any, y_pred: Any) -> Metric | None:
    """A `Metric` from an object, a class, a name, a config or a function."""
    if identifier is None:
        return None
    choices = _BY_SHAPE.get(identifier.lower()) if isinstance(identifier, str) else None
    if choices is not None:
        return getattr(metrics_module, choices[label_form(y_true, y_pred)])(name=identifier)
    metric = metrics_module.get(identifier)
    name = identifier if isinstance(identifier, str) else object_name(metric)
    if not isinstance(metric, Metric):
        metric = MeanMetricWrapper(metric, name=name)
    metric.name = name
    return metric


class _OutputMetric:
    """One metric of one output."""

    __slots__ = ("index", "key", "metric", "weighted")

    def __init__(self, index: int, metric: Metric, weighted: bool):
        self.index, self.metric, self.weighted, self.key = index, metric, weighted, metric.name


class CompileMetrics(Metric):
    """All the metrics of a compiled model, as one: its result is a dict.

    Args:
        metrics: a list of metrics (objects, names or functions); for several outputs a list of lists, a dict, or
            a nest in the shape of the outputs.
        weighted_metrics: likewise; these take sample weights into account.
        name: name of the whole.
        output_names: names of the outputs, in flattened order.

    Results are named after the metric; with several outputs, `<output>_<metric>`. Repeated names get a number,
    and a weighted metric whose name is taken is called `weighted_<metric>`.
    """

    def __init__(
        self, metrics: Any, weighted_metrics: Any, name: str = "compile_metrics", output_names: list[str] | None = None
    ):
        super().__init__(name=name)
        for what, given in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if given is not None and not is_nest(given):
                raise ValueError(
                    f"`{what}` is a list, tuple or dictionary of metrics; got {given!r}, of type {type(given).__name__}. "
                    f"For one metric, write {what}=[...]."
                )
        self._user_metrics, self._user_weighted = metrics, weighted_metrics
        self.output_names = output_names
        self.built = False
        self._entries: list[_OutputMetric] = []

    @property
    def metrics(self) -> list[Metric]:
        """The metrics of all outputs; empty before the model has seen data."""
        return [entry.metric for entry in self._entries]

    @property
    def variables(self) -> list:
        return [v for entry in self._entries for v in entry.metric.variables]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Settle which metrics belong to which output, and make them; arrays or KerasTensors will do."""
        slots = Slots(y_pred, self.output_names)
        plain = self._for_outputs(self._user_metrics, slots, "metrics")
        weighted = self._for_outputs(self._user_weighted, slots, "weighted_metrics")
        self._places = Places(slots, measured=[bool(p or w) for p, w in zip(plain, weighted)])
        targets = self._places.targets(y_true)
        predictions = slots.flatten(y_pred)
        for i in range(len(slots)):
            for group, is_weighted in ((plain[i], False), (weighted[i], True)):
                for identifier in group:
                    if targets[i] is None:
                        continue
                    metric = as_metric(identifier, targets[i], predictions[i])
                    if metric is not None:
                        self._entries.append(_OutputMetric(i, metric, is_weighted))
        self._name_results(slots)
        self._single = not is_nest(y_pred)
        self._make_state(targets, predictions)
        self.built = True

    def _for_outputs(self, given: Any, slots: Slots, what: str) -> list[list]:
        """The list of metrics of each output."""
        if isinstance(given, list | tuple) and len(slots) > 1 and isinstance(slots.structure, list | tuple):
            if len(given) == 1 and is_metric(given[0]):  # as in Keras 2: one metric for all outputs
                given = [list(given) for _ in slots.structure]
            elif len(given) != len(slots.structure) and len(given) > 0 and is_metric_list(given):
                names = ", ".join(map(repr, slots.names)) if slots.names else "..."
                raise ValueError(
                    f"`{what}` is a flat list of {len(given)} metrics, and {slots.describe()}. Say which output each is "
                    f"for: a list of {len(slots.structure)} lists, or a dict with the keys {names}."
                )
            elif len(given) == 0:
                given = None
        elif isinstance(given, list | tuple) and len(slots) > 1 and len(given) == 1 and is_metric(given[0]):
            return [list(given) for _ in slots.paths]
        leaf = is_metric_list if len(slots) == 1 or not isinstance(given, list | tuple) else _inner(given)
        found = bind(given, slots, what, leaf, partial=True)
        return [[] if x is None else list(x) if isinstance(x, list | tuple) else [x] for x in found]

    def _name_results(self, slots: Slots) -> None:
        taken: set[str] = set()
        for entry in self._entries:
            output = slots.flat_name(entry.index) if len(slots) > 1 else None
            prefix = f"{output}_" if output else ""
            key = prefix + entry.metric.name
            if entry.weighted and key in taken:
                key = f"{prefix}weighted_{entry.metric.name}"
            unique, n = key, 0
            while unique in taken:
                n += 1
                unique = f"{key}_{n}"
            taken.add(unique)
            entry.key = unique

    def _make_state(self, targets: list, predictions: list) -> None:
        """Let metrics whose variables depend on shapes make them now, before anything is compiled."""
        for entry in self._entries:
            if getattr(entry.metric, "_built", True) is False and hasattr(entry.metric, "_build"):
                entry.metric._build(tuple(targets[entry.index].shape), tuple(predictions[entry.index].shape))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if not self.built:
            self.build(y_true, y_pred)
        if self._single and not is_nest(y_true) and not is_nest(sample_weight):
            for entry in self._entries:
                if entry.weighted:
                    entry.metric.update_state(y_true, y_pred, sample_weight=sample_weight)
                else:
                    entry.metric.update_state(y_true, y_pred)
            return
        places = self._places
        targets, weights = places.targets(y_true), places.weights(sample_weight)
        for entry in self._entries:
            i = entry.index
            if targets[i] is None:
                continue
            prediction = follow(y_pred, places.paths[i])
            if entry.weighted:
                entry.metric.update_state(targets[i], prediction, sample_weight=weights[i])
            else:
                entry.metric.update_state(targets[i], prediction)

    def result(self) -> dict[str, Any]:
        """The results of all metrics by name; empty before the model has seen data."""
        results: dict[str, Any] = {}
        for entry in self._entries:
            value = entry.metric.result()
            if isinstance(value, dict):
                results.update(value)
            else:
                results[entry.key] = value
        return results

    def reset_state(self) -> None:
        for entry in self._entries:
            entry.metric.reset_state()

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError("Compiled metrics are saved as the arguments of compile(), not as an object.")


def _inner(given: Any):
    """Tells what one output takes from the outer list that holds one entry for each output."""
    return lambda x: x is not given and is_metric_list(x)
