"""Models as PyTorch's exported programs."""

from __future__ import annotations

import warnings

import torch

from kerata.backend import backend_scope
from kerata.backend.torch.module import KerataModule
from kerata.core import tree
from kerata.core.scopes import training_scope


class _Serving(KerataModule):
    """The model in inference."""

    def forward(self, inputs):
        with backend_scope("torch"), training_scope(False):
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
        made = torch.export.export(_Serving(model).eval(), (inputs,), dynamic_shapes=(sizes,), strict=False, **options)
    _warn_if_fixed(model, made, tree.flatten(signature))
    return made


def _warn_if_fixed(model, made, signature) -> None:
    named = {n.name: n.meta["val"] for n in made.graph.nodes if n.op == "placeholder"}
    found = [named[name] for name in made.graph_signature.user_inputs]
    for symbol, value in zip(signature, found):
        fixed = [i for i, n in enumerate(symbol.shape) if n is None and isinstance(value.shape[i], int)]
        if fixed:
            warnings.warn(
                f"export() of {model.name!r}: an input of shape {symbol.shape} became one of {tuple(value.shape)}, since the model's "
                f"code asks for the size of axis {fixed}, as a number; the program takes no other.", stacklevel=3,
            )  # fmt: skip
