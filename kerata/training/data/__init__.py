"""Sources of data: everything that `fit`, `evaluate` and `predict` can read, behind one contract."""

from kerata.training.data.arrays import ArraySource, train_validation_split
from kerata.training.data.class_weight import class_weight_to_sample_weights
from kerata.training.data.make import is_array_like, make_source
from kerata.training.data.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from kerata.training.data.pydataset import PyDataset, Sequence
from kerata.training.data.source import Source, StreamSource

__all__ = [
    "ArraySource",
    "PyDataset",
    "Sequence",
    "Source",
    "StreamSource",
    "class_weight_to_sample_weights",
    "is_array_like",
    "make_source",
    "pack_x_y_sample_weight",
    "train_validation_split",
    "unpack_x_y_sample_weight",
]
