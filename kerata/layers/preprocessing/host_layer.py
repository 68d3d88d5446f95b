"""HostLayer: the base of layers that compute with NumPy, because no backend but one has strings."""

from __future__ import annotations

import sys

import numpy as np

from kerata import backend
from kerata.core import tree
from kerata.core.keras_tensor import KerasTensor, any_symbolic
from kerata.layers.layer import Layer
from kerata.layers.preprocessing.data_layer import DataLayer
from kerata.layers.preprocessing.encoding import as_sparse
from kerata.layers.preprocessing.strings import as_text
from kerata.ops._composite import densify, is_ragged, kind_of


class HostLayer(DataLayer):
    """A layer whose call is `compute(*arrays)`, a function of NumPy arrays.

    Called on arrays, lists or tensors it computes at once and gives a tensor of its backend (strings: a NumPy array).
    In a program that is being traced - a `tf.data` pipeline, a compiled step - it becomes a call back to Python.
    A subclass also says what comes out: `output_spec(*shapes)` is a pair of a shape, with None for unknown sizes, and
    a dtype.
    """

    sparse = False
    _takes_strings = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_jit = False

    def compute(self, *arrays: np.ndarray) -> np.ndarray:
        """The outputs for inputs that are NumPy arrays."""
        raise NotImplementedError

    def output_spec(self, *shapes) -> tuple[tuple, str]:
        """Shape and dtype of the outputs for inputs of these shapes."""
        raise NotImplementedError

    def arguments(self, inputs) -> list:
        """The arguments of `compute`: one array by default, also for (nested) lists of numbers or strings."""
        return [inputs]

    def __call__(self, inputs, *args, **kwargs):
        if any_symbolic(tree.flatten(inputs)):
            return Layer.__call__(self, inputs, *args, **kwargs)
        self._check_init()
        self.built = True
        kwargs = {k: v for k, v in kwargs.items() if k not in ("training", "mask")}
        with backend.backend_scope(self._backend):
            return self.call(inputs, *args, **kwargs)

    def call(self, inputs):
        arguments = self.arguments(inputs)
        if any(map(is_ragged, arguments)):
            return self.of_ragged(*arguments)
        tf, jax = sys.modules.get("tensorflow"), sys.modules.get("jax")
        if tf is not None and any(isinstance(x, tf.Tensor) and tf.is_symbolic_tensor(x) for x in arguments):
            return self._in_tensorflow(tf, arguments)
        if jax is not None and any(isinstance(x, jax.core.Tracer) for x in arguments):
            return self._in_jax(jax, arguments)
        if any(getattr(getattr(x, "device", None), "type", None) == "meta" for x in arguments):
            shape, dtype = self.output_spec(*(tuple(x.shape) for x in arguments))
            return backend.current().xp.zeros(shape, dtype=backend.current().native_dtype(dtype))
        arrays = [to_host(x) for x in arguments]
        shape, dtype = self.output_spec(*(a.shape for a in arrays))
        out = _from_host(self.compute(*arrays), dtype)
        return as_sparse(out, f"Layer {self.name!r}") if self.sparse else out

    def _in_tensorflow(self, tf, arguments):
        arguments = [tf.convert_to_tensor(x) for x in arguments]
        shapes = [None if x.shape.rank is None else tuple(x.shape.as_list()) for x in arguments]
        if None in shapes:
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) must know the rank of its inputs in a tf.data pipeline: "
                "set it with `x.set_shape(...)`."
            )
        shape, dtype = self.output_spec(*shapes)

        def run(*arrays):
            return np.asarray(self.compute(*map(np.asarray, arrays)), object if dtype == "string" else _plain(dtype))

        out = tf.numpy_function(run, arguments, tf.as_dtype(_plain(dtype)), stateful=False)
        out.set_shape(shape)
        out = tf.cast(out, dtype) if dtype != _plain(dtype) else out
        return tf.sparse.from_dense(out) if self.sparse else out

    def of_ragged(self, *tensors):
        """The outputs for ragged tensors of TensorFlow: element by element, or rows made vectors."""
        if len(tensors) == 1 and getattr(self, "output_mode", "int") == "int":
            return tensors[0].with_flat_values(self.call(tensors[0].flat_values))
        if len(tensors) > 1 or self.output_mode == "one_hot" or not hasattr(self, "indices"):
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) takes no ragged tensors here: pad them first, with x.to_tensor()."
            )
        (x,) = tensors
        return Encoded(self).call([x.flat_values, x.nested_row_splits[-1]])

    def _in_jax(self, jax, arguments):
        shape, dtype = self.output_spec(*(tuple(x.shape) for x in arguments))
        if dtype == "string" or None in shape:
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) gives strings, or a shape that depends on the data: it cannot "
                "stand in a compiled function. Apply it to the data before."
            )
        plain = jax.dtypes.canonicalize_dtype(_plain(dtype))
        spec = jax.ShapeDtypeStruct(shape, plain)
        run = lambda *arrays: np.asarray(self.compute(*map(np.asarray, arrays)), plain)
        out = jax.pure_callback(run, spec, *arguments, vmap_method="sequential")
        return out if plain.name == dtype or dtype == "int64" else out.astype(dtype)

    def compute_output_spec(self, inputs, **kwargs):
        arguments = [inputs] if isinstance(inputs, KerasTensor) else list(inputs)
        shape, dtype = self.output_spec(*(tuple(x.shape) for x in arguments))
        return KerasTensor(shape, dtype, sparse=self.sparse)

    def _cast_input(self, x):
        return x


class Encoded(HostLayer):
    """The rows of a ragged tensor as vectors, by a layer that has `indices(array)` and `encode(indices)`.

    Its arguments are the values of all rows, and where rows begin and end.
    """

    def __init__(self, layer):
        super().__init__(name=f"{layer.name}_rows")
        self.layer, self.sparse = layer, layer.sparse

    def arguments(self, inputs):
        return list(inputs)

    def output_spec(self, values, splits):
        shape, dtype = self.layer.output_spec((1, 1))
        return (None if splits[0] is None else splits[0] - 1, *shape[1:]), dtype

    def compute(self, values, splits):
        lengths = np.diff(splits)
        matrix = np.full((len(lengths), max(lengths, default=0)), -1, "int64")
        matrix[np.arange(matrix.shape[1]) < lengths[:, None]] = self.layer.indices(values)
        return self.layer.encode(matrix)


def to_host(x) -> np.ndarray:
    """A NumPy array of numbers or strings, from an array, a tensor of any framework, or (nested) lists."""
    if isinstance(x, np.ndarray):
        return x
    if kind_of(type(x)) == "sparse":
        x = densify(x)
    owner = backend.owner(type(x))
    if owner is not None:
        return np.asarray(x.numpy() if owner.name == "tensorflow" else owner.to_numpy(x))
    if hasattr(x, "detach"):
        x = x.detach().cpu()
    elif isinstance(x, list | tuple) and any(hasattr(v, "numpy") for v in tree.flatten(x)):
        x = tree.map_structure(to_host, x)
    return np.asarray(x)


def _plain(dtype: str) -> str:
    """The dtype in which NumPy computes, for one that it may lack."""
    return "float32" if dtype in ("bfloat16", "float16") else dtype


def _from_host(out: np.ndarray, dtype: str):
    """A tensor of the backend in force; strings stay in NumPy, unless it is TensorFlow."""
    b = backend.current()
    if dtype != "string":
        out = b.convert(out)
        return out if b.dtype(out) in (dtype, "int32") and dtype != "float32" else b.cast(out, dtype)
    if b.name == "tensorflow":
        return sys.modules["tensorflow"].constant(out)
    return np.array(as_text(out), str).reshape(out.shape)
