"""Intersection over union of classes, for segmentation."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.core import config
from kerata.metrics.metric import Metric, zeros


class _ConfusionMatrix(Metric):
    """Counts pairs of true and predicted class in a matrix."""

    _direction = "up"

    def __init__(
        self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_true=True, sparse_y_pred=True, axis=-1
    ):
        super().__init__(name=name, dtype=dtype or "int32")
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        shape = (num_classes, num_classes)
        self.total_cm = self.add_variable(shape, zeros, dtype=self._dtype, name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if not self.sparse_y_true:
            y_true = ops.argmax(y_true, axis=self.axis)
        if not self.sparse_y_pred:
            y_pred = ops.argmax(y_pred, axis=self.axis)
        y_true = ops.reshape(ops.cast(y_true, "int32"), (-1,))
        y_pred = ops.reshape(ops.cast(y_pred, "int32"), (-1,))
        weights = ops.ones_like(y_true, dtype=self._dtype)
        if sample_weight is not None:
            weights = weights * ops.reshape(ops.convert_to_tensor(sample_weight, dtype=weights.dtype), (-1,))
        if self.ignore_class is not None:
            weights = weights * ops.cast(ops.not_equal(y_true, self.ignore_class), weights.dtype)
        n = self.num_classes
        valid = ops.logical_and(ops.logical_and(y_true >= 0, y_true < n), ops.logical_and(y_pred >= 0, y_pred < n))
        cell = ops.where(valid, y_true * n + y_pred, ops.zeros_like(y_true))
        weights = weights * ops.cast(valid, weights.dtype)
        counts = ops.reshape(ops.segment_sum(weights, cell, num_segments=n * n), (n, n))
        self.total_cm.assign(self.total_cm.value + ops.cast(counts, self._dtype))


class IoU(_ConfusionMatrix):
    """Intersection over union, `TP / (TP + FP + FN)`, averaged over the wanted classes.

    Args:
        num_classes: integer: how many classes there are.
        target_class_ids: list of integers: the classes to average over.
        ignore_class: integer: a label whose positions do not count; None for none.
        sparse_y_true: whether targets are class numbers, rather than scores whose largest is the class; True
            by default.
        sparse_y_pred: whether predictions are, likewise; True by default.
        axis: integer: the axis of the scores; -1 by default.

    Classes that never occur do not count. The dtype is "int32" if None: that of the counts.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    Raises:
        ValueError: if a wanted class is out of range.

    Source: Jaccard (1912), "The Distribution of the Flora in the Alpine Zone".

    >>> m = IoU(3, [1, 2])
    >>> m.update_state([2, 1, 0, 1, 2], [2, 1, 1, 1, 0])
    >>> m.result()  # 0.58333
    """

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        wrong = [i for i in target_class_ids if not 0 <= i < num_classes]
        if wrong:
            raise ValueError(
                f"`target_class_ids` names class {wrong[0]}, out of range for num_classes={num_classes}: ids go from 0 to {num_classes - 1}."
            )
        super().__init__(num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)
        self.target_class_ids = list(target_class_ids)

    def result(self) -> Any:
        counts = ops.cast(self.total_cm.value, config.floatx())
        right = ops.diagonal(counts)
        union = ops.sum(counts, axis=0) + ops.sum(counts, axis=1) - right
        wanted = ops.convert_to_tensor(self.target_class_ids, dtype="int32")
        right, union = ops.take(right, wanted), ops.take(union, wanted)
        seen = ops.sum(ops.cast(union > 0, right.dtype))  # a class that never occurs does not count
        return ops.divide_no_nan(ops.sum(ops.divide_no_nan(right, union)), seen)


class BinaryIoU(IoU):
    """Intersection over union of two classes that a threshold tells apart.

    Args:
        target_class_ids: `[0]`, `[1]` or both (the default): the classes to average over.
        threshold: number: predictions from it on are class 1; 0.5 by default, None if predictions are class
            numbers.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    Raises:
        ValueError: if a wanted class is neither 0 nor 1.

    >>> m = BinaryIoU(threshold=0.6)
    >>> m.update_state([1, 1, 0, 0, 1], [0.9, 0.5, 0.7, 0.1, 0.8])
    >>> m.result()  # 0.41667
    """

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = ops.convert_to_tensor(y_pred)
        if self.threshold is not None:
            y_pred = y_pred >= self.threshold
        super().update_state(y_true, y_pred, sample_weight)


class MeanIoU(IoU):
    """Intersection over union, `TP / (TP + FP + FN)`, averaged over all classes.

    Args:
        num_classes: integer: how many classes there are.
        ignore_class: integer: a label whose positions do not count; None for none.
        sparse_y_true: whether targets are class numbers, rather than scores whose largest is the class; True
            by default.
        sparse_y_pred: whether predictions are, likewise; True by default.
        axis: integer: the axis of the scores; -1 by default.

    Classes that never occur do not count. The dtype is "int32" if None: that of the counts.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = MeanIoU(num_classes=3)
    >>> m.update_state([2, 1, 0, 1, 2], [2, 1, 1, 1, 0])
    >>> m.result()  # 0.38889
    """

    def __init__(
        self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_true=True, sparse_y_pred=True, axis=-1
    ):
        super().__init__(
            num_classes, list(range(num_classes)), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )


class OneHotIoU(IoU):
    """Intersection over union, averaged over the wanted classes, of one-hot targets.

    Args:
        num_classes: integer: how many classes there are.
        target_class_ids: list of integers: the classes to average over.
        ignore_class: integer: a label whose positions do not count; None for none.
        sparse_y_pred: whether predictions are class numbers, rather than scores whose largest is the class;
            False by default.
        axis: integer: the axis of the classes; -1 by default.

    Classes that never occur do not count. The dtype is "int32" if None: that of the counts.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    Raises:
        ValueError: if a wanted class is out of range.

    >>> m = OneHotIoU(2, [0])
    >>> m.update_state([[0, 1], [1, 0], [0, 1]], [[0.2, 0.8], [0.7, 0.3], [0.6, 0.4]])
    >>> m.result()  # 0.5
    """

    def __init__(
        self, num_classes, target_class_ids, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1
    ):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """Intersection over union, averaged over all classes, of one-hot targets.

    Args:
        num_classes: integer: how many classes there are.
        ignore_class: integer: a label whose positions do not count; None for none.
        sparse_y_pred: whether predictions are class numbers, rather than scores whose largest is the class;
            False by default.
        axis: integer: the axis of the classes; -1 by default.

    Classes that never occur do not count. The dtype is "int32" if None: that of the counts.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = OneHotMeanIoU(num_classes=2)
    >>> m.update_state([[0, 1], [1, 0], [0, 1]], [[0.2, 0.8], [0.7, 0.3], [0.6, 0.4]])
    >>> m.result()  # 0.5
    """

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
