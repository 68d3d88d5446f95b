"""Model: a layer that can be trained, saved and summarised."""

from __future__ import annotations

from kerata.core import tree
from kerata.core.errors import did_you_mean
from kerata.core.keras_tensor import KerasTensor
from kerata.layers import call_plan
from kerata.layers.layer import Layer
from kerata.training.trainer import Trainer

_TRAINING_STATE = frozenset(
    ("_loss_tracker", "_compile_loss", "_compile_metrics", "_compiled_steps", "_compile_arguments", "history", "loss",
     "train_function", "test_function", "predict_function")
)  # fmt: skip


def _functional_arguments(args, kwargs) -> bool:
    return len(args) >= 2 or (len(args) == 1 and "outputs" in kwargs) or ("inputs" in kwargs and "outputs" in kwargs)


class Model(Trainer, Layer):
    """A group of layers with training and inference.

    Three ways to make one: `Model(inputs, outputs)` from symbolic tensors (a `Functional` model), `Sequential([...])`,
    or a subclass that makes layers in `__init__` and uses them in `call`.

    Args:
        inputs, outputs: KerasTensors, or lists or dictionaries of them, for the first way.
        trainable, dtype, name: see `Layer`.

    >>> class Net(kerata.Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = kerata.layers.Dense(8, activation="relu")
    ...         self.out = kerata.layers.Dense(2)
    ...     def call(self, x):
    ...         return self.out(self.hidden(x))
    >>> Net()(kerata.ops.ones((3, 4))).shape
    (3, 2)
    """

    _skipped = Layer._skipped | _TRAINING_STATE

    def __new__(cls, *args, **kwargs):
        if cls is Model and _functional_arguments(args, kwargs):
            from kerata.models.functional import Functional

            return Layer.__new__(Functional, *args, **kwargs)
        return Layer.__new__(cls, *args, **kwargs)

    def __init__(self, *args, **kwargs):
        from kerata.models.functional import Functional

        if _functional_arguments(args, kwargs):
            if not isinstance(self, Functional):
                _make_functional(type(self), Functional)
            Functional.__init__(self, *args, **kwargs)
        else:
            self._init_base(*args, **kwargs)

    def _init_base(self, *args, **kwargs) -> None:
        Layer.__init__(self, *args, **kwargs)
        self._init_training()

    def __getstate__(self) -> dict:
        compiled = {"_compiled_steps": {}, "train_function": None, "test_function": None, "predict_function": None}
        return {**super().__getstate__(), **compiled}

    def build(self, input_shape):
        """Make all weights.

        Args:
            input_shape: tuple with the batch axis, nested for several inputs.
        """
        if input_shape is None or self.built or type(self).call is Layer.call:
            return
        inputs = tree.map_shape_structure(lambda s: KerasTensor(s, self.compute_dtype), input_shape)
        self.built = True  # what follows is a call
        try:
            self.compute_output_spec(inputs)
        except Exception:
            self.built = False
            raise

    def _build_for(self, bound: dict, plan) -> None:
        if type(self).build is Model.build:  # the call that follows builds the sublayers
            shapes = {n: call_plan.shapes_of(v, self._backend) for n, v in bound.items()}
            self._build_shapes_dict = {"input_shape": next((s for s in shapes.values() if s is not None), None)}
            self.built = True
        else:
            super()._build_for(bound, plan)

    # -- layers -----------------------------------------------------------------------------------------------
    @property
    def layers(self) -> list[Layer]:
        """The direct sublayers."""
        return list(self._layers)

    @layers.setter
    def layers(self, _):
        raise AttributeError("`Model.layers` is reserved for the list of sublayers; use another attribute name.")

    def get_layer(self, name=None, index=None) -> Layer:
        """A direct sublayer, by its name or its place.

        Args:
            name: its name; or
            index: integer, its place in `layers`.

        Raises:
            ValueError: if there is none (with the nearest name), or for both or neither of the two.
        """
        if (name is None) == (index is None):
            raise ValueError("get_layer() takes `name` or `index`, one of them.")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"Model {self.name!r} has {len(layers)} layers; there is no layer {index}.")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [x.name for x in layers]
        raise ValueError(f"Model {self.name!r} has no layer named {name!r}.{did_you_mean(name, names)} Its layers: {names}.")

    def summary(self, line_length=None, positions=None, print_fn=None, expand_nested=False, show_trainable=False,
                layer_range=None):  # fmt: skip
        """Print a table of the layers with their output shapes and parameter counts.

        Args:
            line_length: width in characters; that of the terminal by default.
            positions: where columns end, as fractions of the width; made up by default.
            print_fn: a function to print with, called with the whole text; `print` by default.
            expand_nested: whether to list the layers of nested models; False by default.
            show_trainable: whether to show which layers are trained; False by default.
            layer_range: two names (patterns): the first and last layer to list; all by default.

        Raises:
            ValueError: if the model is not built.
        """
        from kerata.utils.summary import print_summary

        print_summary(
            self, line_length=line_length, positions=positions, print_fn=print_fn, expand_nested=expand_nested,
            show_trainable=show_trainable, layer_range=layer_range,
        )  # fmt: skip

    def quantize(self, mode=None, config=None, filters=None, **kwargs):
        """Put the weights of all layers that can be quantized into fewer bits; a warning names those that cannot.

        Args:
            mode: "int8", "int4", "float8", "gptq" or "awq".
            config: how, a `kerata.quantizers.QuantizationConfig`; instead of `mode`, or with it.
            filters: which layers: a regular expression for their names, a list of them, or a function of a layer; all by
                default.
            kwargs: `type_check=False` also quantizes layers whose class is a user's own.

        Raises:
            ValueError: for an unknown mode, a config of another one, or another keyword.

        >>> model = kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(2)])
        >>> model.quantize("int8")
        >>> model.layers[0].dtype_policy.name
        'int8_from_float32'
        """
        from kerata.models.quantizing import quantize

        type_check = kwargs.pop("type_check", True)
        if kwargs:
            raise ValueError(f"quantize() takes mode, config, filters and type_check; got {', '.join(kwargs)}.")
        quantize(self, mode, config, filters, type_check=type_check)

    def get_quantization_layer_structure(self, mode: str | None = None):
        """Where the layers lie that "gptq" or "awq" quantizes on data; models may override it.

        Args:
            mode: "gptq" or "awq".

        Returns:
            None here; else a dictionary, see `kerata.quantizers.GPTQConfig`.
        """

    # -- files ------------------------------------------------------------------------------------------------
    def save(self, filepath, overwrite=True, zipped=None, **kwargs):
        """Write the model, its weights, and how it is trained, to a file; see `kerata.saving.save_model`.

        Args:
            filepath: a name that ends in `.keras` (or `.h5`, the format of Keras 2).
            overwrite: whether a file that exists is replaced; True by default.
            zipped: False for a folder instead of a file; None by default.
            kwargs: `include_optimizer`, for `.h5` files.

        Raises:
            ValueError: for a name with another ending.
        """
        from kerata.saving import save_model

        return save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath, overwrite=True, max_shard_size=None):
        """Write the weights to a file; see `kerata.saving.save_weights`.

        Args:
            filepath: a name that ends in `.weights.h5` or `.safetensors`.
            overwrite: whether a file that exists is replaced; True by default.
            max_shard_size: size in GB beyond which weights go into several files; the name ends in `.weights.json` then.
        """
        from kerata.saving import save_weights

        return save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath, skip_mismatch=False, **kwargs):
        """Read weights from a file into this model; see `kerata.saving.load_weights`.

        Args:
            filepath: a `.weights.h5`, `.weights.json`, `.safetensors`, `.keras` or legacy `.h5` file.
            skip_mismatch: whether layers that it does not fit are left as they are; False by default.
            kwargs: `by_name` (legacy files) and `objects_to_skip`.

        Raises:
            ValueError: if the file is missing, damaged or does not fit; nothing has been changed then.
        """
        from kerata.saving import load_weights

        return load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def to_json(self, **kwargs) -> str:
        """The architecture as JSON, for `kerata.models.model_from_json`.

        Args:
            kwargs: for `json.dumps`, such as `indent=2`.
        """
        import json

        from kerata.saving import serialize_keras_object

        return json.dumps(serialize_keras_object(self), **kwargs)

    def export(self, filepath, format="tf_saved_model", verbose=None, input_signature=None, **kwargs):
        """Write the model for use without Kerata.

        Args:
            filepath: where to; a folder for "tf_saved_model", else a file.
            format: "tf_saved_model" (the default), "torch", "onnx", "openvino" or "litert".
            verbose: whether to say what was written; None, the default, means yes.
            input_signature: a structure of `InputSpec`s or KerasTensors; what the model was built for by default.
            kwargs: for the format's own exporter.

        Raises:
            ImportError: if the format's package is not installed.
            ValueError: for an unknown format, or a model whose inputs are not known.
        """
        from kerata.export import export_model

        return export_model(self, filepath, format=format, verbose=verbose, input_signature=input_signature, **kwargs)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """A model made from what `get_config` gave, with fresh weights.

        Args:
            config: that dictionary.
            custom_objects: dictionary of names and classes or functions of yours; None by default.
        """
        from kerata.models.functional import Functional

        functional = {"layers", "input_layers", "output_layers"} <= set(config)
        if functional and (cls is Model or issubclass(cls, Functional)):
            from kerata.saving.functional_config import functional_from_config

            return functional_from_config(cls, config, custom_objects)
        config = dict(config)
        return super().from_config(config)


def _make_functional(cls: type, functional: type) -> None:
    """Let a user's subclass of Model whose __init__ gives inputs and outputs be a subclass of Functional."""
    for c in cls.__mro__:
        if Model in c.__bases__ and c is not functional and c.__module__.partition(".")[0] != "kerata":
            c.__bases__ = tuple(functional if b is Model else b for b in c.__bases__)
            return


def model_from_json(json_string: str, custom_objects=None):
    """A model from the text that `model.to_json` gave, with fresh weights and not compiled.

    Args:
        json_string: the text.
        custom_objects: dictionary of names and classes or functions of yours that stand in it; registered ones are known.

    Returns:
        A model.

    Raises:
        ValueError: for a text that is no JSON, or names a class that is unknown.

    >>> model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2)])
    >>> kerata.models.model_from_json(model.to_json()).count_params()
    8
    """
    from kerata.saving.model_files import model_from_text

    return model_from_text(json_string, custom_objects)
