"""A `torch.nn.Module` around a model, which shares its parameters."""

from __future__ import annotations

import torch


class KerataModule(torch.nn.Module):
    """The model as PyTorch sees one: `parameters()`, `state_dict()`, `torch.compile`, DDP and FSDP work on it.

    Parameters and buffers are the tensors of the model's variables themselves, under their paths (with "/" as "_").
    """

    def __init__(self, model):
        super().__init__()
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "_shared", set())
        self._share()

    def _share(self) -> None:
        """Register the variables that the model has got since."""
        for v in self.model.variables:
            if id(v) in self._shared:
                continue
            self._shared.add(id(v))
            name = v.path.replace("/", "_").replace(".", "_")
            while name in self._parameters or name in self._buffers or hasattr(self, name):
                name += "_"
            if isinstance(v._value, torch.nn.Parameter):
                self.register_parameter(name, v._value)
            else:
                self.register_buffer(name, v._value)

    def forward(self, *args, **kwargs):
        kwargs.setdefault("training", self.training)
        out = self.model(*args, **kwargs)
        if not self._shared:
            self._share()
        return out
