"""How masks go through a layer: from its inputs to `call`, and on to its outputs."""

from __future__ import annotations

import warnings

from kerata.core import tree
from kerata.core.keras_tensor import KerasTensor
from kerata.core.masks import get_mask, set_mask
from kerata.layers import call_plan


def masks_of(inputs):
    """The masks that travel with the inputs (nested likewise), or None if there is none."""
    if isinstance(inputs, list | tuple | dict):
        masks = tree.map_structure(get_mask, inputs)
        return None if all(m is None for m in tree.flatten(masks)) else masks
    return get_mask(inputs)


class Masked:
    """The part of a layer that passes masks on."""

    def _pass_masks(self, plan, bound, masks) -> None:
        if plan.takes_mask:
            if bound.get("mask") is None:
                inputs = bound.get(plan.first)
                if masks is None and isinstance(inputs, list | tuple | dict):
                    masks = tree.map_structure(lambda _: None, inputs)
                bound["mask"] = masks
        elif "mask" in bound and not plan.takes_any:
            bound.pop("mask")
        for name in plan.mask_names:
            of = name.removesuffix("_mask")
            if bound.get(name) is None and of in bound:
                mask = masks_of(bound[of])
                if mask is not None:
                    bound[name] = mask

    def _attach_masks(self, inputs, outputs, masks):
        if type(self).compute_mask is Masked.compute_mask and masks is None:
            return outputs
        if not self.supports_masking:
            if masks is not None and not getattr(self, "_mask_warned", False) and not self._consumes_mask():
                self._mask_warned = True
                warnings.warn(
                    f"Layer {self.name!r} ({type(self).__name__}) does not support masking, and drops the mask that came "
                    "with its input.",
                    stacklevel=5,
                )
            return outputs
        flat = tree.flatten(outputs)
        if all(get_mask(x) is not None for x in flat if self._takes_mask(x)):
            return outputs
        mask = self.compute_mask(inputs, masks)
        if mask is None:
            return outputs
        if len(flat) == 1 and self._takes_mask(outputs):
            mask = tree.flatten(mask)[0]
            return set_mask(outputs, mask)
        masks = tree.flatten(mask)
        marked = [x if m is None else set_mask(x, m) for x, m in zip(flat, masks)]
        return tree.pack_sequence_as(outputs, marked + flat[len(marked) :])

    def _takes_mask(self, x) -> bool:
        return self._backend.is_tensor(x) or isinstance(x, KerasTensor)

    def _consumes_mask(self) -> bool:
        plan = call_plan.plan_of(self)
        return plan.takes_mask or bool(plan.mask_names)

    def compute_mask(self, inputs, previous_mask):
        """The mask of the outputs; `previous_mask`, that of the inputs, unless a subclass says otherwise.

        Args:
            inputs: tensors, nested as of `call`.
            previous_mask: their masks, nested likewise; None for none.
        """
        return previous_mask
