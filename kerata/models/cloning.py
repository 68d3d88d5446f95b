"""clone_model: the same architecture with fresh weights."""

from __future__ import annotations

from kerata.core import tree
from kerata.core.keras_tensor import KerasTensor
from kerata.layers.input_layer import Input, InputLayer
from kerata.models.functional import Functional
from kerata.models.graph import Program
from kerata.models.model import Model
from kerata.models.sequential import Sequential


def clone_model(model, input_tensors=None, clone_function=None, call_function=None, recursive=False, **kwargs):
    """A new model with the same layers, and weights of its own.

    Args:
        model: a Functional or Sequential model, or a subclassed one with `get_config`.
        input_tensors: KerasTensors (or InputLayers) to build the new model on; new ones by default.
        clone_function: function of a layer (or an op of the graph) that gives the new one; by default
            `layer.__class__.from_config(layer.get_config())`.
        call_function: `(layer, *args, **kwargs) -> outputs`, how new layers and ops of a Functional model are called;
            plainly by default.
        recursive: whether nested Functional and Sequential models are cloned layer by layer too; False by default.
        **kwargs: none are taken.

    Returns:
        A model of the same kind.

    Raises:
        ValueError: for what is no model, or functions and tensors that a subclassed model has no use for.

    >>> m = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2)])
    >>> kerata.models.clone_model(m).count_params()
    8
    """
    if kwargs:
        raise TypeError(f"clone_model() takes no argument {', '.join(map(repr, kwargs))}.")
    given = clone_function

    def clone(layer):
        if recursive and isinstance(layer, Functional | Sequential):
            return clone_model(layer, clone_function=given, call_function=call_function, recursive=True)
        return given(layer) if given is not None else _copy(layer)

    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError("`call_function` is for Functional models; this one is a Sequential.")
        return _clone_sequential(model, input_tensors, clone)
    if isinstance(model, Functional):
        return _clone_functional(model, input_tensors, clone, call_function)
    if not isinstance(model, Model):
        raise ValueError(f"clone_model() wants a model; got {model!r}.")
    if given is not None or input_tensors is not None:
        raise ValueError(
            f"{type(model).__name__} is a subclassed model: it is cloned as a whole, from its config, so `clone_function` "
            "and `input_tensors` cannot be used."
        )
    from kerata.saving import deserialize_keras_object, serialize_keras_object

    # As from a file: built, and compiled, if the model is.
    return deserialize_keras_object(serialize_keras_object(model), custom_objects={type(model).__name__: type(model)})


def _copy(layer):
    return type(layer).from_config(layer.get_config())


def _clone_sequential(model, input_tensors, clone) -> Sequential:
    first = model._stack[:1]
    new = Sequential(name=model.name)
    if input_tensors is not None:
        tensors = tree.flatten(input_tensors)
        if len(tensors) != 1:
            raise ValueError(f"A Sequential has one input; {len(tensors)} `input_tensors` were given.")
        new.add(tensors[0], rebuild=False)
    elif first and isinstance(first[0], InputLayer):
        old = first[0]
        new.add(InputLayer(batch_shape=old.batch_shape, dtype=old.dtype, name=old.name), rebuild=False)
    for layer in model.layers:
        new.add(clone(layer), rebuild=False)
    new._maybe_build()
    new._trainable = model.trainable
    return new


def _clone_functional(model, input_tensors, clone, call_function):
    copies: dict[int, object] = {}
    inputs = _inputs_for(model, input_tensors)

    def call_of(operation):
        if id(operation) not in copies:
            copies[id(operation)] = clone(operation)
        new = copies[id(operation)]
        if call_function is None:
            return new
        return lambda *args, **kwargs: call_function(new, *args, **kwargs)

    for operation in model.operations:  # so that automatic names are given in the layers' order
        if not isinstance(operation, InputLayer):
            call_of(operation)
    program = Program(model._graph, model._outputs_struct)
    program.steps = [(call_of(s[4].operation), *s[1:]) for s in program.steps]
    outputs = program.run(inputs)
    kind = Functional if type(model) is Functional else type(model)
    return kind(tree.pack_sequence_as(model._inputs_struct, inputs), outputs, name=model.name)


def _inputs_for(model, input_tensors) -> list[KerasTensor]:
    if input_tensors is None:
        out = []
        for x in model.inputs:
            layer = x._keras_history.operation
            out.append(Input(batch_shape=x.shape, dtype=x.dtype, name=x.name, optional=layer.optional))
        return out
    tensors = [x.output if isinstance(x, InputLayer) else x for x in tree.flatten(input_tensors)]
    if len(tensors) != len(model.inputs):
        raise ValueError(f"The model has {len(model.inputs)} inputs; {len(tensors)} `input_tensors` were given.")
    return tensors
