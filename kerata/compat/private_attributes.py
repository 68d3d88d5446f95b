"""Private attributes of Keras's objects that packages built on it use, put on Kerata's classes in a process of `kerata run`."""

from __future__ import annotations

import importlib


def install() -> None:
    """Add them."""
    from kerata.layers import call_plan
    from kerata.layers.layer import Layer
    from kerata.layers.preprocessing.data_layer import DataLayer
    from kerata.random import SeedGenerator

    Layer._tracker = property(_Tracker)
    Layer._call_has_training_arg = property(lambda self: call_plan.plan_of(self).takes_training)
    Layer._call_has_mask_arg = property(lambda self: call_plan.plan_of(self).takes_mask)
    DataLayer.backend = SeedGenerator.backend = property(_backend_module)


class _Tracker:
    """What a layer holds is found by looking at its attributes; so tracking a thing is keeping it in one."""

    def __init__(self, layer):
        if "_tracked_by_hand" not in layer.__dict__:
            layer._tracked_by_hand = []
        self._kept = layer._tracked_by_hand

    def track(self, value):
        self._kept.append(value)
        return value

    def lock(self, message: str | None = None) -> None:
        """Layers are never locked here; the weights of a built model may change."""

    unlock = lock


def _backend_module(_):
    """`keras.src.backend.<name>`, whose functions preprocessing layers use as `self.backend.cast(...)`."""
    from kerata import backend

    return importlib.import_module(f"keras.src.backend.{backend.current().name}")
