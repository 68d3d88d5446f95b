"""LoRA: low-rank adapters of a layer's main weight (Hu et al., 2021, https://arxiv.org/abs/2106.09685)."""

from __future__ import annotations

from kerata import initializers, ops


class LowRank:
    """Mixin for layers with one main weight `_<name>`, read as `<name>` with the adapter's product added.

    A class sets `_adapted` to the weight's name. The adapter of a weight of shape (..., n) is a (..., rank) times
    b (rank, n), scaled by `lora_alpha / lora_rank`; `enable_lora` freezes the weight itself.
    """

    _adapted = "kernel"
    lora_enabled = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        name = cls.__dict__.get("_adapted")
        if name is not None:
            setattr(cls, name, property(lambda self: self._with_adapter()))

    def _main(self):
        main = self.__dict__.get(f"_{self._adapted}")
        if main is None:
            raise AttributeError(f"Layer {self.name!r} has no `{self._adapted}` yet: it is made when the layer is built.")
        return main

    def _with_adapter(self):
        main = self._main()
        if not self.lora_enabled:
            return main
        return ops.add(main, self._adapter_product())

    def _adapter_product(self):
        """What the adapter adds to the main weight; None without one."""
        if not self.lora_enabled:
            return None
        return ops.multiply(ops.matmul(*self._adapter_factors()), self._adapter_scale())

    def _adapter_factors(self) -> tuple:
        return tuple(getattr(self, f"lora_{self._adapted}_{which}") for which in "ab")

    def _adapter_scale(self) -> float:
        return self.lora_alpha / self.lora_rank

    def _build_adapter(self) -> None:
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    def enable_lora(self, rank, a_initializer="he_uniform", b_initializer="zeros", lora_alpha=None):
        """Freeze the main weight and train a low-rank addition to it instead.

        Args:
            rank: rank of the addition.
            a_initializer, b_initializer: first values of its factors.
            lora_alpha: the addition is scaled by `lora_alpha / rank`; `rank` by default.
        """
        if getattr(self, f"{self._adapted}_constraint", None):
            raise ValueError(f"LoRA does not go with a constraint of the {self._adapted} (layer {self.name!r}).")
        if not self.built and f"_{self._adapted}" not in self.__dict__ and not self._building:
            raise ValueError(f"Layer {self.name!r} must be built before enable_lora().")
        if self.lora_enabled:
            raise ValueError(f"Layer {self.name!r} has an adapter already; it can be enabled once.")
        shape = self._adapted_shape()
        setattr(self, f"lora_{self._adapted}_a", self._adapter_weight("a", (*shape[:-1], rank), a_initializer))
        setattr(self, f"lora_{self._adapted}_b", self._adapter_weight("b", (rank, shape[-1]), b_initializer))
        main = self.__dict__.get(f"_{self._adapted}")
        if main is not None:
            main.trainable = False
        self.lora_enabled, self.lora_rank, self.lora_alpha = True, rank, lora_alpha if lora_alpha is not None else rank
        self._fast = False

    def _adapter_weight(self, which: str, shape, initializer):
        return self.add_weight(
            name=f"lora_{self._adapted}_{which}", shape=shape, initializer=initializers.get(initializer),
            regularizer=getattr(self, f"{self._adapted}_regularizer", None),
        )  # fmt: skip

    def _adapted_shape(self) -> tuple:
        return tuple(self._main().shape)

    def _merged_values(self) -> dict:
        """What stands in files for the variables into which the adapter is merged, by their ids."""
        return {id(self._main()): self._with_adapter()}

    def _stored_without_adapter(self) -> list:
        return [v for v in self._stored_variables() if not v.name.startswith("lora_")]

    def save_own_variables(self, store):
        """The adapter is merged into the main weight: the file is that of a layer without one."""
        merged = self._merged_values() if self.lora_enabled else {}
        for i, v in enumerate(self._stored_without_adapter()):
            store[f"{i}"] = merged.get(id(v), v)

    def load_own_variables(self, store):
        """Read the weights; an adapter begins with a sum of zero."""
        if not self.lora_enabled:
            super().load_own_variables(store)
            return
        for i, v in enumerate(self._stored_without_adapter()):
            v.assign(store[f"{i}"])
        for factor in self._adapter_factors():
            factor.assign(ops.zeros(factor.shape))
