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
        scale = self.lora_alpha / self.lora_rank
        return ops.add(main, ops.multiply(ops.matmul(self.lora_kernel_a, self.lora_kernel_b), scale))

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
        if not self.built and f"_{self._adapted}" not in self.__dict__:
            raise ValueError(f"Layer {self.name!r} must be built before enable_lora().")
        if self.lora_enabled:
            raise ValueError(f"Layer {self.name!r} has an adapter already; it can be enabled once.")
        main = self._main()
        shape = main.shape
        self.lora_kernel_a = self._adapter_weight("a", (*shape[:-1], rank), a_initializer)
        self.lora_kernel_b = self._adapter_weight("b", (rank, shape[-1]), b_initializer)
        main.trainable = False
        self.lora_enabled, self.lora_rank, self.lora_alpha = True, rank, lora_alpha if lora_alpha is not None else rank
        self._fast = False

    def _adapter_weight(self, which: str, shape, initializer):
        return self.add_weight(
            name=f"lora_{self._adapted}_{which}", shape=shape, initializer=initializers.get(initializer),
            regularizer=getattr(self, f"{self._adapted}_regularizer", None),
        )  # fmt: skip

    def save_own_variables(self, store):
        """The adapter is merged into the main weight: the file is that of a plain layer."""
        own = [v for v in self._stored_variables() if not v.name.startswith("lora_")]
        main = self.__dict__.get(f"_{self._adapted}")
        for i, v in enumerate(own):
            store[f"{i}"] = self._with_adapter() if v is main and self.lora_enabled else v

    def load_own_variables(self, store):
        if not self.lora_enabled:
            super().load_own_variables(store)
            return
        own = [v for v in self._stored_variables() if not v.name.startswith("lora_")]
        for i, v in enumerate(own):
            v.assign(store[f"{i}"])
        self.lora_kernel_a.assign(ops.zeros(self.lora_kernel_a.shape))
        self.lora_kernel_b.assign(ops.zeros(self.lora_kernel_b.shape))
