"""TorchModuleWrapper."""

from __future__ import annotations

import base64
import copy
import io
import sys

from kerata.core import tree
from kerata.core.errors import need
from kerata.core.keras_tensor import KerasTensor
from kerata.core.variable import Variable
from kerata.layers.layer import Layer
from kerata.saving.safe_mode import refuse_code


class TorchModuleWrapper(Layer):
    """A `torch.nn.Module` as a layer, whose weights are its parameters; on the backend "torch" only.

    Args:
        module: the module; it is called with the layer's arguments.
        output_shape: tuple with None for unknown sizes: the shape of its output, where it cannot be found by
            calling the module on tensors without values; None to find it.

    Parameters that the module makes lazily are weights once the layer was called on data. In a model's file
    the module is a pickle, which can run any program: such a file loads with `safe_mode=False` only.

    Input shape:
        What the module takes; so is the output's what it gives.

    Raises:
        ValueError: if the backend is not "torch".
        TypeError: if `module` is no `torch.nn.Module`.

    >>> import kerata, torch
    >>> with kerata.backend.backend_scope("torch"):
    ...     layer = kerata.layers.TorchModuleWrapper(torch.nn.Linear(3, 2))
    ...     layer(torch.ones(4, 3)).shape, len(layer.weights)
    (torch.Size([4, 2]), 2)
    """

    _untracked = frozenset(("module",))

    def __init__(self, module, name=None, output_shape=None, **kwargs):
        super().__init__(name=name, **kwargs)
        torch = need("torch", "TorchModuleWrapper")
        if self._backend.name != "torch":
            raise ValueError(
                f"TorchModuleWrapper needs the backend 'torch'; the backend is {self._backend.name!r}. Set KERATA_BACKEND=torch, "
                "or make the model in `with kerata.backend.backend_scope('torch'):`."
            )
        if not isinstance(module, torch.nn.Module):
            raise TypeError(f"`module` of TorchModuleWrapper is a torch.nn.Module; got {module!r} ({type(module).__name__}).")
        self.module = module
        self._given_shape = None if output_shape is None else tuple(output_shape)
        self._track()

    def _track(self) -> None:
        """Make the module's parameters the layer's weights: each Variable holds the parameter itself."""
        known = {id(v.value) for v in self._weights}
        for parameter in self.module.parameters():
            if id(parameter) not in known and not _is_lazy(parameter):
                self._weights.append(_wrap(parameter))

    def _variables_and_layers(self):
        return {}, {"module": self.module}  # whose parameters the weights are

    def call(self, *args, training=None, **kwargs):
        if training is not None and bool(training) != self.module.training:
            self.module.train(bool(training))
        if any(getattr(getattr(x, "device", None), "type", None) == "meta" for x in tree.flatten((args, kwargs))):
            return self._abstract(args, kwargs)
        out = self.module(*args, **kwargs)
        if len(self._weights) < sum(1 for _ in self.module.parameters()):
            self._track()
        return out

    def _abstract(self, args, kwargs):
        """The call for shapes alone: on tensors without values, with parameters likewise."""
        torch = sys.modules["torch"]
        state = {**dict(self.module.named_parameters()), **dict(self.module.named_buffers())}
        if any(_is_lazy(p) for p in state.values()):
            raise ValueError(
                f"The module of layer {self.name!r} makes parameters when it is first called, so its output shape is not "
                "known before: call the layer on data first, or give it `output_shape`."
            )
        return torch.func.functional_call(self.module, {n: p.detach().to("meta") for n, p in state.items()}, args, kwargs)

    def compute_output_spec(self, *args, **kwargs):
        if self._given_shape is None:
            return super().compute_output_spec(*args, **kwargs)
        return KerasTensor(self._given_shape, self.compute_dtype)

    def _config_value(self, name):
        if name == "output_shape":
            return self._given_shape
        if name != "module":
            return super()._config_value(name)
        buffer = io.BytesIO()
        sys.modules["torch"].save(self.module, buffer)
        pickled = LiveModule(base64.b64encode(buffer.getvalue()).decode("ascii"))
        pickled.module = self.module
        return pickled

    @classmethod
    def from_config(cls, config: dict):
        """A layer from its config. One that came from a file holds a pickle: it is refused, but for safe_mode=False."""
        module = config.get("module")
        if isinstance(module, LiveModule):
            config = {**config, "module": copy.deepcopy(module.module)}
        elif isinstance(module, str | dict):
            refuse_code("a TorchModuleWrapper (a pickled PyTorch module)")
            config = {**config, "module": _unpickle(module)}
        return super().from_config(config)


class LiveModule(str):
    """The pickle of a module, which still knows the module: copying a model in one process unpickles nothing."""

    module = None

    def __deepcopy__(self, memo):
        new = LiveModule(self)
        new.module = self.module
        return new


def _unpickle(text):
    torch = need("torch", "TorchModuleWrapper")
    text = text.get("config", text).get("value", "") if isinstance(text, dict) else text
    return torch.load(io.BytesIO(base64.b64decode(text)), weights_only=False)


def adopted(value, name: str):
    """What a layer keeps under the attribute `name` when it is set to a module or a parameter of PyTorch's own."""
    if isinstance(value, sys.modules["torch"].nn.Module):
        return TorchModuleWrapper(value)
    return _wrap(value, name)


def _is_lazy(parameter) -> bool:
    return type(parameter).__name__.startswith("Uninitialized")


def _wrap(parameter, name: str | None = None) -> Variable:
    """A Variable whose value is the parameter itself."""
    variable = Variable(parameter, trainable=parameter.requires_grad, name=name)
    variable._value = parameter
    return variable
