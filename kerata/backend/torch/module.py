"""Layers as PyTorch sees them: `torch.nn.Module`s, once this backend is loaded."""

from __future__ import annotations

import torch


class LayerModule(torch.nn.Module):
    """The last base of `Layer` once PyTorch's backend is loaded (see `kerata.core.native`).

    What `torch.nn.Module` keeps in dictionaries is looked up in the layer whenever PyTorch asks. So a layer that is built
    late, frozen or moved to another backend shows PyTorch what it has then, and layers on other backends have no parameters.
    """

    training = True
    call_super_init = False
    _is_full_backward_hook = None
    _backward_hooks = _backward_pre_hooks = _forward_hooks = _forward_pre_hooks = {}
    _forward_hooks_with_kwargs = _forward_pre_hooks_with_kwargs = _forward_hooks_always_called = {}
    _state_dict_hooks = _state_dict_pre_hooks = _load_state_dict_pre_hooks = _load_state_dict_post_hooks = {}
    _non_persistent_buffers_set = frozenset()

    def __getattr__(self, name: str):
        if name[0] != "_":  # PyTorch's tools walk by the names in `named_parameters()`
            for kept in (self._modules, self._parameters, self._buffers):
                if name in kept:
                    return kept[name]
        return object.__getattribute__(self, name)  # the error, also of a property in whose code another name is missing

    @property
    def _parameters(self) -> dict:
        return _Values({n: v for n, v in self.native_parts("torch")[0].items() if isinstance(v._value, torch.nn.Parameter)})

    @property
    def _buffers(self) -> dict:
        return _Values({n: v for n, v in self.native_parts("torch")[0].items() if not isinstance(v._value, torch.nn.Parameter)})

    @property
    def _modules(self) -> dict:
        return self.native_parts("torch")[1]

    def forward(self, *args, **kwargs):
        """The layer's `call`, by the name that PyTorch gives it."""
        return self.call(*args, **kwargs)

    def register_parameter(self, name: str, param) -> None:
        """An attribute that is a weight."""
        setattr(self, name, param)

    def register_module(self, name: str, module) -> None:
        """An attribute that is a layer; a module of PyTorch's own goes into a `TorchModuleWrapper`."""
        setattr(self, name, module)

    add_module = register_module

    def register_buffer(self, name: str, tensor, persistent: bool = True) -> None:
        """An attribute that is a weight without gradients; with `persistent=False` it is a tensor that no file holds."""
        from kerata.core.variable import Variable

        setattr(self, name, Variable(tensor, trainable=False, name=name) if persistent and tensor is not None else tensor)

    def _no_hooks(self, *args, **kwargs):
        raise NotImplementedError(
            f"Layer {self.name!r} ({type(self).__name__}): hooks of torch.nn.Module are not called by Kerata's layers. To read "
            "what an inner layer gives, make `Model(model.input, layer.output)`; around a whole model, register the hook on "
            "`model.to_torch_module()`."
        )

    register_forward_hook = register_forward_pre_hook = register_backward_hook = _no_hooks
    register_full_backward_hook = register_full_backward_pre_hook = _no_hooks


class _Values(dict):
    """Values of variables by name; what PyTorch puts in their place becomes the variable's value."""

    def __init__(self, variables: dict):
        super().__init__({name: v._value for name, v in variables.items()})
        self._variables = variables

    def __setitem__(self, name: str, value) -> None:
        super().__setitem__(name, value)
        self._variables[name]._value = value


class KerataModule(torch.nn.Module):
    """A model in a module whose `train()` and `eval()` say how it computes (of a layer itself, the argument `training` does)."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, *args, **kwargs):
        kwargs.setdefault("training", self.training)
        return self.model(*args, **kwargs)
