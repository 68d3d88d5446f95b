"""Layers, optimizers and variables as TensorFlow's checkpoints and SavedModels see them."""

from __future__ import annotations

import tensorflow as tf
from tensorflow.python.trackable.base import Trackable

from kerata.backend import backend_scope
from kerata.core import tree
from kerata.core.scopes import training_scope


class TrackableParts(Trackable):
    """The last base of layers, optimizers and variables once this backend is loaded (see `kerata.core.native`)."""

    def _trackable_children(self, save_type="checkpoint", **kwargs) -> dict:
        variables, layers = self.native_parts("tensorflow")
        children = {**{name: v._value for name, v in variables.items()}, **layers}
        if save_type == "savedmodel" and hasattr(self, "predict_step") and self.built:
            children.update(self._serving_function())
        return children

    def _lookup_dependency(self, name: str, cached_dependencies=None):
        return (cached_dependencies or self._trackable_children()).get(name)

    def _write_object_proto(self, proto, options) -> None:
        """Only variables are asked: they stand in a SavedModel as an object that has TensorFlow's variable."""
        proto.user_object.SetInParent()

    def _serving_function(self) -> dict:
        """The model's inference under the name by which `tf.saved_model.save` finds it; nothing if its inputs are not known, or
        its call takes more than those.
        """
        from kerata.export.signatures import signature_of
        from kerata.layers.call_plan import plan_of

        if not plan_of(self).simple:
            return {}
        try:
            signature = signature_of(self)
        except ValueError:
            return {}
        return {"_default_save_signature": endpoint_of(self, [signature])}


def endpoint_of(fn, signature: list, **kwargs):
    """The `tf.function` that computes `fn` in inference, for arguments like the KerasTensors of `signature`."""

    def endpoint(*args):
        with backend_scope("tensorflow"), training_scope(False):
            return fn(*args)

    specs = tree.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype, name=x.name), signature)
    return tf.function(endpoint, input_signature=specs, autograph=False, **kwargs)
