"""Variable: one array of one backend, with a name; what layers, optimizers and metrics keep as their state."""

from __future__ import annotations

import itertools
import math

import numpy as np

from kerata import backend
from kerata.core import dtypes, placement
from kerata.core.keras_tensor import standardize_shape
from kerata.core.names import auto_name
from kerata.core.native import NativeVariable, without_native
from kerata.core.operators import TensorOperators
from kerata.core.scopes import context, current_path

ticks = itertools.count(1)  # the order in which variables and layers are made, and attributes set


class Variable(TensorOperators, NativeVariable):
    """A value that can be assigned to, on the backend that was in force when it was made.

    Args:
        initializer: an initializer (or its name) or any function of (shape, dtype); or the first value itself.
        shape: tuple of integers; needed with an initializer.
        dtype: name of the dtype; the value's own by default, and floatx with an initializer.
        trainable: whether gradients are wanted; True by default.
        autocast: whether layers with a narrower compute dtype read it cast; True by default.
        aggregation: how replicas combine it on several devices: "none" (the default), "mean", "sum" or
            "only_first_replica".
        synchronization: "auto" (the default), "none", "on_write" or "on_read"; for the sake of old programs.
        name: string without "/"; made up by default. Its `path` has the names of open scopes before it.
        layout: how it lies on the devices, a `kerata.distribution.TensorLayout`; as the distribution in force says by
            default.

    Raises:
        ValueError: for a name with "/", an initializer without a shape, or a shape with an unknown size.

    >>> v = kerata.Variable([1.0, 2.0], name="v")
    >>> v.assign_add([1.0, 1.0]).shape, v.numpy().tolist()
    ((2,), [2.0, 3.0])
    """

    trainable_changes = 0  # how often any variable or layer was frozen or thawed, in the whole process

    def __init__(self, initializer, shape=None, dtype=None, trainable=True, autocast=True, aggregation="none",
                 synchronization="auto", name=None, layout=None, **kwargs):  # fmt: skip
        name = name or auto_name("variable")
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"A variable's name is a string without '/'; got {name!r}.")
        self.name = name
        self._made_at = next(ticks)
        scope = current_path()
        self.path = f"{scope}/{name}" if scope else name
        self._backend = backend.current()
        self._trainable = self._made_trainable = bool(trainable)
        self._autocast = bool(autocast)
        self.aggregation = aggregation or "none"
        self.synchronization = synchronization or "auto"
        self._regularizer = self._constraint = None
        self.overwrite_with_gradient = False
        self._initializer = None
        self._layout = layout
        array = self._first_value(initializer, shape, dtype)
        self._value = self._blank(shape) if array is None else self._backend.new_value(array, self._dtype, self._trainable)
        self._shape = tuple(int(n) for n in self._value.shape)
        self._layout = placement.layout_for(self)
        if self._layout is not None:
            self._value = placement.placed(self, self._value)
        self._is_float = self._dtype in dtypes.FLOATS
        self._native_dtype = self._value.dtype

    def _first_value(self, initializer, shape, dtype):
        if isinstance(initializer, str | dict):
            from kerata import initializers

            initializer = initializers.get(initializer)
        if callable(initializer) and not hasattr(initializer, "__array__"):
            if shape is None:
                raise ValueError(
                    f"Variable {self.name!r} has an initializer ({initializer!r}) and needs `shape` as well, a tuple "
                    "of integers."
                )
            self._initializer = initializer
            self._dtype = dtypes.standardize_dtype(dtype)
            shape = _concrete_shape(shape, self.path)
            if context.budget is not None:
                context.budget.take(4 * math.prod(shape), f"the weight {self.path!r} of shape {shape}")
                if _is_random(initializer):  # its value comes from the file: drawing one would take longer than reading
                    return None
            sample = getattr(initializer, "_sample", None)
            if sample is not None:
                return sample(shape, self._dtype)
            before, context.scope = context.scope, None  # a value of its own, also while shapes are inferred or code is traced
            try:
                with self._backend.computing():
                    return initializer(shape, dtype=self._dtype)
            finally:
                context.scope = before
        value = initializer
        if dtype is None:
            if isinstance(value, float):
                dtype = dtypes.standardize_dtype(None)
            elif hasattr(value, "dtype"):
                dtype = dtypes.standardize_dtype(value.dtype)
            else:
                dtype = self._backend.dtype(self._backend.convert(value))
        self._dtype = dtypes.standardize_dtype(dtype)
        if self._dtype in ("float64", "int64", "uint64") and self._backend.name == "jax":
            self._dtype = self._backend.native_dtype(self._dtype).name
        if isinstance(value, Variable):
            value = value.value
        if self._backend.is_tensor(value):
            return value
        return np.asarray(self._backend.to_numpy(value)) if not isinstance(value, list | tuple) else (
            self._backend.convert(value)
        )

    def _blank(self, shape):
        """Zeros that take up no memory before they are written to, where the backend can."""
        shape = standardize_shape(shape)
        blank = getattr(self._backend, "blank_value", None)
        if blank is None or self._layout is not None:
            return self._backend.new_value(np.zeros(shape, "float32"), self._dtype, self._trainable)
        return blank(shape, self._dtype, self._trainable)

    # -- reading and writing ----------------------------------------------------------------------------------
    @property
    def value(self):
        """The tensor: the open `StatelessScope`'s or the variable's own; cast inside layers that compute in another dtype."""
        scope = context.scope
        value = self._value if scope is None else scope.get(self)
        if context.autocast is not None and self._autocast and self._is_float:
            return self._backend.cast(value, context.autocast)
        return value

    def assign(self, value):
        """Replace the value.

        Args:
            value: an array, tensor or number of the variable's shape; it is cast to its dtype.

        Returns:
            The new value, a tensor.

        Raises:
            ValueError: for another shape.
        """
        b = self._backend
        if not (type(value) is b.Tensor and value.dtype == self._native_dtype):
            value = b.convert(value)
            if value.dtype != self._native_dtype:
                value = b.cast(value, self._dtype)
        if tuple(value.shape) != self._shape:
            raise ValueError(
                f"Variable {self.path!r} has shape {self._shape}; a value of shape {tuple(value.shape)} cannot be "
                "assigned to it."
            )
        if context.scope is not None:
            context.scope.set(self, value)
        else:
            self._value = b.assign_value(self._value, value)
            if self._layout is not None:
                self._value = placement.placed(self, self._value)
        return value

    def read_from(self, store, key: str) -> None:
        """Take the value that a store of weights holds under `key`; straight into its memory, where that can be."""
        reader = getattr(store, "reader", None)
        read = reader(key, self._shape, self._dtype) if reader is not None and self._fillable else None
        if read is None:
            self.assign(store[key])
        else:
            self._value = self._backend.filled_value(self._value, read)

    def fill(self, array) -> None:
        """`assign` of an array of the variable's shape; NumPy's goes straight into its memory.

        `assign` makes a tensor of it first, which it gives back, and for which JAX compiles programs for each shape.

        Args:
            array: NumPy array or tensor.
        """
        if type(array) is np.ndarray and not array.dtype.hasobject and self._fillable:
            self._value = self._backend.filled_value(self._value, lambda memory: np.copyto(memory, array, casting="unsafe"))
        else:
            self.assign(array)

    @property
    def _fillable(self) -> bool:
        """Whether its memory can be written to by NumPy."""
        return context.scope is None and self._layout is None and hasattr(self._backend, "filled_value")

    def assign_add(self, value):
        """Add to the value.

        Args:
            value: what to add; broadcast to the variable's shape.

        Returns:
            The new value, a tensor.
        """
        return self.assign(self + value)

    def assign_sub(self, value):
        """Subtract from the value.

        Args:
            value: what to subtract; broadcast to the variable's shape.

        Returns:
            The new value, a tensor.
        """
        return self.assign(self - value)

    def numpy(self) -> np.ndarray:
        """The value as a NumPy array of its own, which stays when the variable changes."""
        return np.array(self._backend.to_numpy(self.value))

    def to_backend(self, name) -> None:
        """Move the value to another backend."""
        target = backend.get(name)
        if target is self._backend:
            return
        array = self._backend.to_numpy(self._value)
        self._backend = target
        self._value = target.new_value(array, self._dtype, self._trainable)
        self._native_dtype = self._value.dtype

    # -- what it is -------------------------------------------------------------------------------------------
    @property
    def shape(self) -> tuple:
        """Tuple of integers."""
        return self._shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._shape)

    @property
    def dtype(self) -> str:
        """Name of the dtype in which it is read here: the compute dtype inside a layer that casts, else its own."""
        if context.autocast is not None and self._autocast and self._is_float:
            return context.autocast
        return self._dtype

    @property
    def initializer(self):
        """What gave it its first value; None if that was given itself."""
        return self._initializer

    @property
    def trainable(self) -> bool:
        """Whether gradients are wanted; it may be set."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        Variable.trainable_changes += 1
        set_trainable = getattr(self._backend, "set_trainable", None)
        if set_trainable is not None:
            self._value = set_trainable(self._value, self._trainable)

    @property
    def autocast(self) -> bool:
        """Whether layers with a narrower compute dtype read it cast."""
        return self._autocast

    @property
    def regularizer(self):
        """A function whose value for the variable joins the loss, or None; it may be set."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value):
        _check_callable(value, "regularizer", self.path)
        self._regularizer = value

    @property
    def constraint(self):
        """A function that is applied to the value after each update, or None; it may be set."""
        return self._constraint

    @constraint.setter
    def constraint(self, value):
        _check_callable(value, "constraint", self.path)
        self._constraint = value

    # -- as an array of each library --------------------------------------------------------------------------
    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __jax_array__(self):
        return self.value

    # What `tf.GradientTape.gradient` asks of a variable; absent on other backends.
    @property
    def handle(self):
        return self._value.handle

    @property
    def _should_act_as_resource_variable(self):
        if self._backend.name != "tensorflow":
            raise AttributeError("_should_act_as_resource_variable")
        return True

    def __tf_tensor__(self, dtype=None, name=None):
        b = self._backend
        return b.convert(self.value, None if dtype is None else dtypes.standardize_dtype(dtype.name))

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        from kerata.core import tree

        def plain(x):
            return x.value if isinstance(x, Variable) else x

        args, kwargs = tree.map_structure(plain, (tuple(args), dict(kwargs or {})))
        return func(*args, **kwargs)

    def __getitem__(self, key):
        return self.value[key]

    def __pos__(self):
        return self.value

    def __int__(self):
        return int(self.numpy())

    def __float__(self):
        return float(self.numpy())

    def __bool__(self):
        return bool(self.numpy())

    def __len__(self):
        if not self._shape:
            raise TypeError(f"Variable {self.path!r} is a scalar and has no length.")
        return self._shape[0]

    # Element by element, as NumPy and Keras do it; a variable can be a key all the same: of itself alone.
    def __eq__(self, other):
        from kerata import ops

        return NotImplemented if other is None or isinstance(other, str) else ops.equal(self, other)

    def __ne__(self, other):
        from kerata import ops

        return NotImplemented if other is None or isinstance(other, str) else ops.not_equal(self, other)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        value = ""
        if context.scope is None:
            with np.printoptions(threshold=20):
                value = f", value={np.asarray(self._backend.to_numpy(self._value))}"
        return f"<Variable path={self.path}, shape={self._shape}, dtype={self._dtype}{value}>"

    def __deepcopy__(self, memo):
        new = object.__new__(type(self))
        memo[id(self)] = new
        new.__dict__.update(without_native(self.__dict__))
        new._value = self._backend.new_value(self._value, self._dtype, self._trainable)
        return new

    def __getstate__(self):
        state = without_native(self.__dict__)
        state["_backend"] = self._backend.name
        state["_value"] = np.asarray(self._backend.to_numpy(self._value))
        state.pop("_native_dtype")
        return state

    def __setstate__(self, state):
        state = dict(state)
        b = backend.get(state["_backend"])
        state["_backend"] = b
        state["_value"] = b.new_value(state["_value"], state["_dtype"], state["_trainable"])
        self.__dict__.update(state)
        self._native_dtype = self._value.dtype


def _is_random(initializer) -> bool:
    from kerata.initializers.initializer import RandomInitializer

    return isinstance(initializer, RandomInitializer)


def _concrete_shape(shape, path: str) -> tuple:
    shape = standardize_shape(shape)
    if None in shape:
        raise ValueError(
            f"Variable {path!r} cannot be made with the shape {shape}: every size must be known. The layer's input "
            "has an unknown size where its weights need a known one: give it in `Input(shape=...)`."
        )
    return shape


def _check_callable(value, what: str, path: str) -> None:
    if value is not None and not callable(value):
        raise ValueError(f"The {what} of variable {path!r} must be callable or None; got {value!r}.")
