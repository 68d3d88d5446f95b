"""Functional: a model that is a graph of layers between given inputs and outputs."""

from __future__ import annotations

import inspect
import warnings

import numpy as np

from kerata.core import tree
from kerata.core.errors import did_you_mean
from kerata.core.keras_tensor import KerasTensor
from kerata.core.masks import get_mask, set_mask
from kerata.core.scopes import context
from kerata.layers.input_layer import InputLayer
from kerata.layers.input_spec import InputSpec
from kerata.layers.layer import Layer
from kerata.models.graph import Graph, Program, restored_graph, saved_graph
from kerata.models.model import Model


class Functional(Model):
    """A model given by symbolic inputs and outputs; made by `Model(inputs, outputs)`.

    Args:
        inputs: a KerasTensor, or a list, tuple or dictionary of them.
        outputs: likewise, computed from the inputs.
        name: the model's name.
    """

    _untracked = frozenset((
        "_graph", "_program", "_input_specs", "_fitting", "_inputs_struct", "_outputs_struct", "_inputs", "_outputs", "_operations",
    ))  # fmt: skip
    _allow_non_tensor_positional_args = True
    _config_skip = Model._config_skip | {"inputs", "outputs"}

    def __new__(cls, *args, **kwargs):
        return Layer.__new__(cls, *args, **kwargs)

    def __init__(self, inputs, outputs, name=None, **kwargs):
        trainable = kwargs.pop("trainable", None)
        Model._init_base(self, name=name, **kwargs)
        self._check_ends(inputs, outputs)
        self._inputs_struct = tree.map_structure(lambda x: x, inputs)
        self._outputs_struct = tree.map_structure(lambda x: x, outputs)
        if not all(_is_input(x) for x in tree.flatten(inputs)):
            self._inputs_struct, self._outputs_struct = _with_new_inputs(inputs, outputs)
        self._make_program()
        self._graph.check_names()
        self.built = True
        self.supports_masking = True
        if self._parent_names is None:
            self._parent_names = context.names
        if trainable is not None:
            self.trainable = trainable

    def _make_program(self) -> None:
        self._inputs = tree.flatten(self._inputs_struct)
        self._outputs = tree.flatten(self._outputs_struct)
        self._graph = Graph(self._inputs, self._outputs)
        self._operations = self._graph.operations
        self._graph_layers = [x for x in self._operations if isinstance(x, Layer)]
        self._program = Program(self._graph, _unpacked(self._outputs_struct))
        self._input_specs = [_spec_of(x) for x in self._inputs]
        self._fitting: dict = {}  # by input: shape and dtype of the last tensor that was taken as it is

    def _take_any_sizes(self) -> None:
        """Leave it to the layers which sizes they take: only the ranks of the inputs are fixed."""
        self._input_specs = [
            InputSpec(shape=(None,) * len(x.shape), allow_last_axis_squeeze=True, name=x._keras_history.operation.name)
            for x in self._inputs
        ]

    def __getstate__(self) -> dict:
        state = {k: v for k, v in super().__getstate__().items() if k not in self._untracked and k != "_graph_layers"}
        return {**state, "_saved_graph": saved_graph(self._graph, self._inputs_struct, self._outputs_struct)}

    def __setstate__(self, state: dict) -> None:
        state = dict(state)
        self._inputs_struct, self._outputs_struct = restored_graph(state.pop("_saved_graph"))
        super().__setstate__(state)
        self._make_program()

    @staticmethod
    def _check_ends(inputs, outputs) -> None:
        for what, ends in (("inputs", inputs), ("outputs", outputs)):
            for x in tree.flatten(ends):
                if not isinstance(x, KerasTensor):
                    raise ValueError(
                        f"A model's `{what}` are KerasTensors (from Input(...), and layers called on them); got {x!r} "
                        f"({type(x).__name__})."
                    )
        ids = [id(x) for x in tree.flatten(inputs)]
        if len(set(ids)) != len(ids):
            raise ValueError("The same tensor stands twice in a model's `inputs`.")

    # -- what it is made of -----------------------------------------------------------------------------------
    @property
    def inputs(self) -> list[KerasTensor]:
        return self._inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        return self._outputs

    @property
    def input(self):
        return self._inputs_struct

    @property
    def output(self):
        return self._outputs_struct

    @property
    def operations(self) -> list:
        return list(self._operations)

    @property
    def input_shape(self):
        """The shape of the input; with several inputs a flat list of shapes, in the order of `inputs`."""
        return _unpacked([x.shape for x in self._inputs])

    @property
    def output_shape(self):
        """The shape of the output; with several outputs a flat list of shapes, in the order of `outputs`."""
        return _unpacked([x.shape for x in self._outputs])

    @property
    def input_names(self) -> list[str]:
        return [x._keras_history.operation.name for x in self._inputs]

    @property
    def output_names(self) -> list[str]:
        return [x._keras_history.operation.name for x in self._outputs]

    @property
    def layers(self) -> list[Layer]:
        """The layers of the graph (not those that a subclass holds besides)."""
        return list(self._graph_layers)

    @layers.setter
    def layers(self, _):
        raise AttributeError("`Model.layers` is reserved for the list of sublayers; use another attribute name.")

    @property
    def input_spec(self):
        if self._input_spec is not None:
            return self._input_spec
        specs = self._input_specs
        return specs[0] if len(specs) == 1 else specs

    @input_spec.setter
    def input_spec(self, value):
        self._input_spec = value

    # -- calling ----------------------------------------------------------------------------------------------
    def build(self, input_shape=None):
        self.built = True

    def call(self, inputs, training=None, mask=None):
        return self._program.run(self._standardize(inputs, mask))

    def _needs_no_context(self) -> bool:
        """The graph hands on masks itself, and a call without `training` leaves it as it is."""
        return (type(self).call, type(self).compute_mask) == (Functional.call, Functional.compute_mask)

    def compute_output_spec(self, inputs, training=None, mask=None):
        flat = self._by_place(inputs)
        if all(isinstance(x, KerasTensor) and x.shape == s.shape for x, s in zip(flat, self._inputs)):
            return tree.map_structure(lambda x: KerasTensor(x.shape, x.dtype), self._outputs_struct)
        found = self._inferred_spec((inputs,), {"training": training, "mask": mask})
        return tree.pack_sequence_as(self._outputs_struct, tree.flatten(found))

    def compute_output_shape(self, input_shape):
        inputs = tree.map_shape_structure(lambda s: KerasTensor(s), input_shape)
        return tree.map_structure(lambda x: x.shape, self.compute_output_spec(inputs))

    def get_build_config(self) -> dict:
        return {"input_shape": None}

    def compute_mask(self, inputs, previous_mask):
        """The masks that the outputs carry are attached while the graph runs; nothing else is one."""
        return None

    def _attach_masks(self, inputs, outputs, masks):
        if type(self).compute_mask is Functional.compute_mask:
            return outputs
        return super()._attach_masks(inputs, outputs, masks)

    def _convert_arguments(self, bound: dict, plan) -> dict:
        b = self._backend

        def one(x):
            if isinstance(x, KerasTensor) or x is None or b.is_tensor(x):
                return x
            if is_text(x) and b.name != "tensorflow":
                return np.asarray(x)
            return b.convert(x) if hasattr(x, "__array__") or isinstance(x, int | float) else x

        inputs = bound.get("inputs")
        if type(inputs) is not b.Tensor and not (isinstance(inputs, list) and _holds_numbers(inputs)):
            bound = {**bound, "inputs": tree.map_structure(one, inputs)}
        elif isinstance(inputs, list):
            bound = {**bound, "inputs": b.convert(inputs)}
        return bound

    def _by_place(self, inputs) -> list:
        """The inputs in the order of `self.inputs`; dictionaries are read by name."""
        if len(self._inputs) == 1 and not isinstance(inputs, list | tuple | dict):
            return [inputs]
        if isinstance(inputs, dict):
            return self._by_name(inputs)
        flat = tree.flatten(inputs)
        if isinstance(self._inputs_struct, dict) and len(self._inputs) > 1:
            raise ValueError(
                f"Model {self.name!r} takes a dictionary of inputs with the keys {list(self._inputs_struct)}; it was given "
                f"{len(flat)} input(s) without names, of shapes {_shapes(flat)}. Give them by name: "
                f"{{{', '.join(f'{str(n)!r}: ...' for n in self._inputs_struct)}}}."
            )
        if len(flat) != len(self._inputs):
            raise ValueError(
                f"Model {self.name!r} has {len(self._inputs)} input(s), {self.input_names}, but was given {len(flat)}, of "
                f"shapes {_shapes(flat)}."
            )
        return flat

    def _by_name(self, inputs: dict) -> list:
        struct = self._inputs_struct
        names = list(struct) if isinstance(struct, dict) else self.input_names
        if any(isinstance(v, list | tuple | dict) for v in inputs.values()):
            return tree.flatten(inputs)
        if isinstance(struct, dict) and not set(names) & set(inputs):
            names = self.input_names
        missing = [n for n in names if n not in inputs]
        extra = [n for n in inputs if n not in names]
        optional = {s.name for s in self._input_specs if s.optional}
        if [n for n in missing if n not in optional]:
            hint = "".join(did_you_mean(n, extra) for n in missing)
            raise ValueError(
                f"Model {self.name!r} wants inputs named {names}; the dictionary given has {list(inputs)}. "
                f"Missing: {missing}.{hint}"
            )
        if extra and not getattr(self, "_extra_warned", False):
            self._extra_warned = True
            warnings.warn(f"Inputs {extra} are not among model {self.name!r}'s ({names}) and are not used.", stacklevel=4)
        if isinstance(struct, dict) and names == list(struct):
            return tree.flatten({n: inputs.get(n) for n in struct})
        return [inputs.get(n) for n in names]

    def _standardize(self, inputs, mask=None) -> list:
        flat = self._by_place(inputs)
        masks = tree.flatten(mask) if mask is not None else None
        out = []
        for i, (x, want) in enumerate(zip(flat, self._inputs)):
            if x is not None:
                x = self._fit(x, want, i)
                if masks is not None and masks[i] is not None:
                    x = set_mask(x, masks[i])
            out.append(x)
        return out

    def _fit(self, x, want: KerasTensor, i: int):
        """`x` with the rank and dtype that this input has."""
        if type(x) is self._backend.Tensor and (x.shape, x.dtype) == self._fitting.get(i):
            return x
        given = x
        if hasattr(x, "nnz"):  # a sparse matrix of SciPy
            from kerata.ops._composite import native

            x = native(x)
        if not hasattr(x, "shape"):
            raise ValueError(
                f"Input {self.input_names[i]!r} of model {self.name!r} is an array or tensor; got {x!r} ({type(x).__name__})."
            )
        rank, wanted = len(x.shape), len(want.shape)
        problem = self._input_specs[i].problem(x.shape)
        if problem is not None:
            hint = channel_hint(x.shape, want.shape)
            raise ValueError(
                f"Input {self.input_names[i]!r} of model {self.name!r} does not fit: {problem}. It has the shape "
                f"{tuple(x.shape)}; wanted: {want.shape}.{hint}"
            )
        if rank != wanted:
            from kerata import ops

            x = (x[..., None] if is_text(x) else ops.expand_dims(x, -1)) if rank < wanted else ops.squeeze(x, -1)
        if is_text(x):
            return x
        if want.sparse and self._backend.name == "tensorflow" and not isinstance(x, KerasTensor):
            from kerata.ops._composite import is_sparse, native

            x = native(x) if is_sparse(x) else self._backend.composite.from_dense(x)
        have = x.dtype if isinstance(x, KerasTensor) else self._backend.dtype(x)
        if have != want.dtype and want.dtype != "string" and not want.sparse:
            from kerata import ops

            mask = get_mask(x)
            x = ops.cast(x, want.dtype)
            x = x if mask is None else set_mask(x, mask)
        if x is given and type(x) is self._backend.Tensor:
            self._fitting[i] = x.shape, x.dtype
        return x

    # -- config -----------------------------------------------------------------------------------------------
    def get_config(self) -> dict:
        if not _is_plain_functional(type(self)):
            return Model.get_config(self)
        from kerata.saving.functional_config import functional_config

        config = functional_config(self)
        if type(self).__init__ not in (Functional.__init__, Model.__init__) and _named_arguments(type(self)):
            config.update((k, v) for k, v in self._own_config().items() if k not in config)
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        if "layers" in config and "input_layers" in config and "output_layers" in config:
            from kerata.saving.functional_config import functional_from_config

            return functional_from_config(cls, config, custom_objects)
        return super().from_config(config)


def is_text(x) -> bool:
    """Whether it is a NumPy array of strings, which only some layers take, and no backend."""
    # (A tuple of types: torch.compile cannot trace a union of NumPy's.)
    return isinstance(x, (np.ndarray, np.str_, np.bytes_)) and x.dtype.kind in "USO"


def _is_plain_functional(cls: type) -> bool:
    """Whether the class is made by `cls(inputs, outputs)`."""
    init = cls.__init__
    if init is Functional.__init__ or init is Model.__init__:
        return True
    names = _named_arguments(cls)
    return names[:2] == ("inputs", "outputs") or (not names and bool(_init_code(cls).co_flags & inspect.CO_VARARGS))


def _init_code(cls: type):
    return inspect.unwrap(cls.__init__).__code__


def _named_arguments(cls: type) -> tuple[str, ...]:
    code = _init_code(cls)
    return code.co_varnames[1 : code.co_argcount]


def _shapes(tensors) -> list[tuple]:
    return [tuple(getattr(x, "shape", ())) for x in tensors]


def channel_hint(shape, wanted) -> str:
    """A sentence for the commonest mistake with images: no channel axis."""
    if len(shape) == len(wanted) - 1 and len(wanted) == 4:
        return " A channel axis is missing: add one with x[..., None]."
    if len(shape) == len(wanted) and tuple(shape[1:]) != tuple(wanted[1:]):
        return ""
    if len(shape) == len(wanted) - 1 and tuple(shape) == tuple(wanted[1:]):
        return " The batch axis is missing: add one with x[None]."
    return ""


def _holds_numbers(x) -> bool:
    while isinstance(x, list) and x:
        x = x[0]
    return isinstance(x, int | float)


def _unpacked(ends):
    """What stands alone in a list or tuple: a call gives it without the container."""
    return ends[0] if isinstance(ends, list | tuple) and len(ends) == 1 else ends


def _spec_of(x: KerasTensor) -> InputSpec:
    layer = x._keras_history.operation
    optional = isinstance(layer, InputLayer) and layer.optional
    return InputSpec(shape=(None, *x.shape[1:]), allow_last_axis_squeeze=True, name=layer.name, optional=optional)


def _is_input(x: KerasTensor) -> bool:
    return isinstance(x._keras_history.operation, InputLayer)


def _with_new_inputs(inputs, outputs):
    """A copy of the graph that starts at new InputLayers where `inputs` are inner tensors."""
    flat = tree.flatten(inputs)
    fresh = [x if _is_input(x) else InputLayer(batch_shape=x.shape, dtype=x.dtype, name=f"{x.name}CLONE").output for x in flat]
    program = Program(Graph(flat, tree.flatten(outputs)), outputs)
    program.steps = [(s[4].operation, *s[1:]) for s in program.steps]  # ops as they are, with their names
    new_outputs = program.run(fresh)
    return tree.pack_sequence_as(inputs, fresh), new_outputs


