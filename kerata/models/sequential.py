"""Sequential: a stack of layers, each with one input and one output."""

from __future__ import annotations

from kerata.core import tree
from kerata.core.keras_tensor import KerasTensor
from kerata.core.names import auto_name
from kerata.layers.input_layer import InputLayer
from kerata.layers.layer import Layer
from kerata.models.functional import Functional
from kerata.models.model import Model


class Sequential(Model):
    """A stack of layers, each of one input and one output.

    With an `Input` (or a first layer with `input_shape=`) it is built at once, else on the first data.

    Args:
        layers: the layers, first to last; more come with `add`. None by default.
        trainable: whether the weights are trained; True by default.
        name: the model's name; made up by default.

    Raises:
        ValueError: for a layer that stands in it twice, or does not take what the one below gives.

    >>> m = kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(8, activation="relu"), kerata.layers.Dense(2)])
    >>> m.output_shape, m.count_params()
    ((None, 2), 58)
    """

    _untracked = frozenset(("_functional",))
    _allow_non_tensor_positional_args = True

    def __new__(cls, *args, **kwargs):
        return Layer.__new__(cls, *args, **kwargs)

    def __init__(self, layers=None, trainable=True, name=None):
        Model._init_base(self, name=name)
        self._trainable = bool(trainable)
        self._functional: Functional | None = None
        self._stack: list[Layer] = []
        self._found_shape = False  # of the first data, not of an Input that says which sizes are wanted
        self.supports_masking = True
        if layers is not None:
            if isinstance(layers, Layer) or not isinstance(layers, list | tuple):
                layers = [layers]
            for layer in layers:
                self.add(layer, rebuild=False)
            self._maybe_build()

    def add(self, layer, rebuild: bool = True) -> None:
        """Put a layer on top of the stack.

        Args:
            layer: a layer, or an `Input` (KerasTensor) for the bottom.
            rebuild: whether the model is built anew, if its input shape is known; True by default.

        Raises:
            ValueError: for a layer that stands in it already, or a second input.
        """
        for new in self._as_layers(layer):
            if any(new.name == x.name for x in self._stack):
                raise ValueError(
                    f"Sequential {self.name!r} already has a layer named {new.name!r}: a layer stands in it once; give "
                    "another layer another `name`."
                )
            if isinstance(new, InputLayer) and self._stack:
                if isinstance(self._stack[0], InputLayer):
                    raise ValueError(
                        f"Sequential {self.name!r} already starts with an Input of shape {self._stack[0].batch_shape}."
                    )
                self._stack.insert(0, new)
            else:
                self._stack.append(new)
        if rebuild:
            self._maybe_build()
        else:
            self._unbuild()

    def _as_layers(self, layer) -> list[Layer]:
        if isinstance(layer, KerasTensor) and hasattr(layer, "_keras_history"):
            origin = layer._keras_history.operation
            if isinstance(origin, InputLayer):
                return [origin]
        if not isinstance(layer, Layer):
            hint = ""
            if isinstance(layer, type) and issubclass(layer, Layer):
                hint = f" Make one first: {layer.__name__}(...)."
            elif isinstance(layer, list | tuple):
                hint = " Give the list to Sequential([...]), or add its layers one by one."
            elif callable(layer):
                hint = " Wrap a function in layers.Lambda(...)."
            raise ValueError(f"Sequential.add() takes a layer; got {layer!r} ({type(layer).__name__}).{hint}")
        if not self._stack and not isinstance(layer, InputLayer) and layer._input_shape_arg is not None:
            dtype = "int32" if type(layer).__name__ == "Embedding" else None
            return [InputLayer(batch_shape=layer._input_shape_arg, dtype=dtype), layer]
        return [layer]

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the top layer off.

        Args:
            rebuild: whether the model is built anew; True by default.

        Returns:
            The layer.
        """
        if not self._stack:
            raise IndexError(f"Sequential {self.name!r} has no layers to pop.")
        layer = self._stack.pop()
        layer._inbound_nodes.clear()
        if rebuild:
            self._maybe_build()
        else:
            self._unbuild()
        return layer

    def _moved(self) -> None:
        super()._moved()
        inner = self.__dict__.get("_functional")
        if inner is not None:  # it has no weights of its own, so nobody else looks at it
            inner._backend, inner._tensor, inner._fast = self._backend, self._tensor, False

    def _unbuild(self) -> None:
        self._functional = None
        self.built = self._fast = False
        self._moved()

    def _maybe_build(self) -> None:
        self._unbuild()
        stack = self._stack
        if not stack:
            return
        if isinstance(stack[0], InputLayer):
            if len(stack) > 1:
                self.build(stack[0].batch_shape)
        elif isinstance(stack[0], Functional) or (isinstance(stack[0], Sequential) and stack[0]._functional):
            inner = stack[0]
            self.build(inner.input_shape)

    def build(self, input_shape=None):
        if not self._stack:
            raise ValueError(f"Sequential {self.name!r} has no layers. Add some before it is built.")
        first = self._stack[0]
        if not isinstance(first, InputLayer):
            if input_shape is None:
                raise ValueError(
                    f"Sequential {self.name!r} does not know its input shape: start it with Input(shape=...), or call it on "
                    "data."
                )
            if not tree.is_shape(input_shape):
                return  # nested inputs go to the first layer as they are
            dtype = first.compute_dtype if type(first).__name__ != "Embedding" else "int32"
            first = InputLayer(batch_shape=input_shape, dtype=dtype)
            self._stack.insert(0, first)
            self._found_shape = True
        x = first.output
        for layer in self._stack[1:]:
            x = layer(x)
        if not isinstance(x, KerasTensor):
            return
        auto_name("functional")  # Keras numbers this inner model among the others
        self._functional = Functional(first.output, x, name=self.name)
        if self._found_shape:
            self._functional._take_any_sizes()

    def call(self, inputs, training=None, mask=None):
        if self._functional is not None:
            return self._functional.call(inputs, mask=mask)
        x = inputs
        for layer in self._stack:
            if not isinstance(layer, InputLayer):
                x = layer(x)
        return x

    def _needs_no_context(self) -> bool:
        plain = (type(self).call, type(self).compute_mask) == (Sequential.call, Sequential.compute_mask)
        return plain and self._functional is not None and self._functional._needs_no_context()

    def _convert_arguments(self, bound: dict, plan) -> dict:
        if self._functional is not None:
            return self._functional._convert_arguments(bound, plan)
        return super()._convert_arguments(bound, plan)

    def compute_output_spec(self, inputs, training=None, mask=None):
        if self._functional is not None:
            return self._functional.compute_output_spec(inputs, training=training, mask=mask)
        return super().compute_output_spec(inputs, training=training, mask=mask)

    def compute_output_shape(self, input_shape):
        if self._functional is not None:
            return self._functional.compute_output_shape(input_shape)
        shape = input_shape
        for layer in self._stack:
            shape = layer.compute_output_shape(shape)
        return shape

    def compute_mask(self, inputs, previous_mask):
        return None

    # -- what it is made of -----------------------------------------------------------------------------------
    @property
    def layers(self) -> list[Layer]:
        """The layers from bottom to top, without the input."""
        return [x for x in self._stack if not isinstance(x, InputLayer)]

    @layers.setter
    def layers(self, _):
        raise AttributeError("`Sequential.layers` cannot be set: use add() and pop().")

    def _known(self, what: str) -> Functional:
        if self._functional is None:
            raise AttributeError(
                f"Sequential {self.name!r} has no `{what}` before its input shape is known: start it with Input(shape=...), "
                "or call it on data."
            )
        return self._functional

    @property
    def inputs(self):
        """The symbolic inputs, a list of one."""
        return self._known("inputs").inputs

    @property
    def outputs(self):
        """The symbolic outputs, a list of one."""
        return self._known("outputs").outputs

    @property
    def input(self):
        """The symbolic input."""
        return self._known("input").inputs[0]

    @property
    def output(self):
        """The symbolic output."""
        return self._known("output").outputs[0]

    @property
    def input_shape(self):
        """The shape of the input, with the batch axis."""
        return self._known("input_shape").input_shape

    @property
    def output_shape(self):
        """The shape of the output, with the batch axis."""
        return self._known("output_shape").output_shape

    @property
    def input_names(self):
        return self._functional.input_names if self._functional is not None else None

    @property
    def output_names(self):
        return self._functional.output_names if self._functional is not None else None

    @property
    def input_dtype(self):
        """The dtype to which inputs are cast."""
        return self._stack[0].dtype if self._stack and isinstance(self._stack[0], InputLayer) else super().input_dtype

    def get_config(self) -> dict:
        from kerata.saving import serialize_keras_object
        from kerata.saving.serialization import serialize_value

        config = {
            "name": self.name, "trainable": self.trainable, "dtype": serialize_value(self._dtype_policy),
            "layers": [serialize_keras_object(x) for x in self._stack],
        }  # fmt: skip
        if self._functional is not None:
            config["build_input_shape"] = self._stack[0].batch_shape
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from kerata.saving import deserialize_keras_object

        if isinstance(config, list):
            config = {"layers": config}
        model = cls(name=config.get("name"))
        for layer in config["layers"]:
            model.add(deserialize_keras_object(layer, custom_objects=custom_objects), rebuild=False)
        if model._stack and isinstance(model._stack[0], InputLayer):
            for _ in model._stack[2:]:  # Keras makes, and numbers, an inner model for each layer that it adds here
                auto_name("functional")
        shape = config.get("build_input_shape")
        if isinstance(config.get("trainable"), bool):
            model._trainable = config["trainable"]
        if not model._functional and shape and tree.is_shape(shape):
            model.build(tuple(shape))
        else:
            model._maybe_build()
        return model


