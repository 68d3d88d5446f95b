"""Callbacks that watch one value of the logs."""

from __future__ import annotations

import warnings

from kerata.callbacks.callback import Callback
from kerata.core.errors import did_you_mean

_RISING = ("acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "r2", "mean_io_u", "cosine_similarity")


class MonitorCallback(Callback):
    """Base: which value is watched, and what counts as better.

    Args:
        monitor: name of a log, such as "val_loss".
        mode: "min", "max" or "auto": by the metric's own direction, or its name.
        baseline: a value to beat.
        min_delta: how much better is better.
    """

    def __init__(self, monitor="val_loss", mode="auto", baseline=None, min_delta=0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(f"`mode` of {type(self).__name__} is 'auto', 'min' or 'max'; {mode!r} counts as 'auto'.", stacklevel=3)
            mode = "auto"
        self.monitor, self.mode = monitor, mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self._rising: bool | None = None
        self._warned = False

    @property
    def rising(self) -> bool:
        """Whether greater is better."""
        if self._rising is None:
            self._rising = self.mode == "max" if self.mode != "auto" else self._guess()
        return self._rising

    def _guess(self) -> bool:
        name = self.monitor.removeprefix("val_")
        for metric in _metrics_of(self.model):
            if metric.name == name and getattr(metric, "_direction", None) is not None:
                return metric._direction == "up"
        return any(part in name for part in _RISING) and "loss" not in name

    def improves(self, value, than) -> bool:
        """Whether `value` is better than `than` (None: anything is) by more than `min_delta`."""
        if than is None:
            return True
        return value - self.min_delta > than if self.rising else value + self.min_delta < than

    def value(self, logs) -> float | None:
        """The watched value; a warning, once, if the logs do not have it."""
        logs = logs or {}
        name = self.monitor
        if name not in logs:
            prefix, plain = ("val_", name[4:]) if name.startswith("val_") else ("", name)
            name = prefix + {"acc": "accuracy", "accuracy": "acc"}.get(plain, plain)
        if name in logs:
            return logs[name]
        if not self._warned:
            self._warned = True
            hint = " Pass validation data to fit()." if self.monitor.startswith("val_") else ""
            warnings.warn(
                f"{type(self).__name__} watches {self.monitor!r}, which is not among the logs: {', '.join(logs)}."
                f"{did_you_mean(self.monitor, logs)}{hint}",
                stacklevel=4,
            )
        return None


def _metrics_of(model):
    found = []
    for metric in getattr(model, "metrics", ()):
        inner = getattr(metric, "metrics", None)
        found.extend(inner if inner else [metric])
    return found
