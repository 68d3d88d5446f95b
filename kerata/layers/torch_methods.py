"""What PyTorch's programs ask of a model: parameters, gradients, state."""

from __future__ import annotations


class TorchMethods:
    """Methods of a layer on PyTorch under the names of `torch.nn.Module`.

    A layer is no `torch.nn.Module` itself, for its backend can change: to put one into a module of PyTorch's own, or to wrap a
    model for DDP, take `layer.to_torch_module()`, which shares its parameters.
    """

    def to_torch_module(self):
        """A `torch.nn.Module` that shares this layer's parameters.

        It has them all once the layer is built.

        Raises:
            ValueError: if the layer is on another backend.
        """
        if self._backend.name != "torch":
            raise ValueError(
                f"to_torch_module() needs a model or layer on the PyTorch backend; {self.name!r} is on {self._backend.name!r}. "
                'Call model.to_backend("torch") first.'
            )
        from kerata.backend.torch.module import KerataModule

        return KerataModule(self)

    def parameters(self, recurse: bool = True):
        """The trainable weights' `torch.nn.Parameter`s."""
        return iter([v._value for v in self.trainable_variables])

    def named_parameters(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True):
        """Pairs of names and `torch.nn.Parameter`s; `torch.nn.Module.named_parameters` says what the arguments are."""
        return self.to_torch_module().named_parameters(prefix, recurse, remove_duplicate)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients that `loss.backward()` left on the weights."""
        for v in self.variables:
            if getattr(v._value, "grad", None) is not None:
                v._value.grad = None

    def state_dict(self, *args, **kwargs):
        """All weights by name, sharing their memory; as of `torch.nn.Module`."""
        return self.to_torch_module().state_dict(*args, **kwargs)

    def load_state_dict(self, state_dict, strict: bool = True, assign: bool = False):
        """Copy into the weights what `state_dict()` gave.

        Args:
            state_dict: tensors by name.
            strict: whether names that are missing or too many are an error.
            assign: not supported: the weights stay the same tensors.

        Returns:
            The missing and the unexpected names.
        """
        if assign:
            raise ValueError("load_state_dict() copies values; with `assign=True` the weights would be other tensors.")
        return self.to_torch_module().load_state_dict(state_dict, strict)

    def to(self, device):
        """Move the weights to a device of PyTorch's, in place; gives the layer."""
        self.to_torch_module().to(device=device)
        return self

    def train(self, mode: bool = True):
        """Gives the layer: how it computes is up to the argument `training` of its call, as in Keras."""
        return self

    def eval(self):
        """Gives the layer; see `train`."""
        return self
