"""Models as PyTorch's exported programs."""

from __future__ import annotations

import torch

from kerata.backend import backend_scope
from kerata.backend.torch.module import KerataModule
from kerata.core import tree
from kerata.core.scopes import StatelessScope, training_scope


class _Serving(KerataModule):
    """The model in inference, whose variables are the module's own parameters: the exporter replaces them."""

    def __init__(self, model):
        super().__init__(model)
        held = {id(t): name for name, t in [*self._parameters.items(), *self._buffers.items()]}
        object.__setattr__(self, "places", [(v, held[id(v._value)]) for v in model.variables])

    def forward(self, inputs):
        values = [(v, getattr(self, name)) for v, name in self.places]
        with backend_scope("torch"), StatelessScope(values), training_scope(False):
            return self.model(inputs)


def program(model, signature, **options):
    """The `torch.export.ExportedProgram` of a model, with unknown sizes left free where the model allows it."""
    from kerata.backend import torch as b

    def sample(x):
        return torch.ones([n or 4 for n in x.shape], dtype=b.native_dtype(x.dtype))

    def free(x):
        return {i: torch.export.Dim.AUTO for i, n in enumerate(x.shape) if n is None}

    inputs, sizes = tree.map_structure(sample, signature), tree.map_structure(free, signature)
    with torch.no_grad():
        return torch.export.export(_Serving(model).eval(), (inputs,), dynamic_shapes=(sizes,), strict=False, **options)
