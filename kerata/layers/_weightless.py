"""Layers without weights are built from the start."""

from __future__ import annotations

from kerata.layers.layer import Layer


class Weightless(Layer):
    """Base of layers that make nothing in `build`; a subclass that has a `build` of its own is built as usual."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.built = type(self).build is Layer.build
