"""TFSMLayer."""

from __future__ import annotations

from kerata.core.errors import need
from kerata.core.variable import Variable
from kerata.layers.layer import Layer
from kerata.saving.safe_mode import refuse_code


class TFSMLayer(Layer):
    """A TensorFlow SavedModel as a layer for prediction, on the backend "tensorflow" only.

    Args:
        filepath: the folder of the SavedModel.
        call_endpoint: the name of the function that a call runs: an attribute or a signature; "serve" by
            default.
        call_training_endpoint: that for `training=True`; `call_endpoint` if None.

    A SavedModel is a program: a model's file that names one loads with `safe_mode=False` only.

    Input shape:
        What the endpoint takes; so is the output's what it gives.

    Raises:
        NotImplementedError: if the backend is not "tensorflow".
        ValueError: if the SavedModel has no such endpoint.

    Example (not run):

        model.export("exported")
        layer = kerata.layers.TFSMLayer("exported", call_endpoint="serve")
        layer(kerata.ops.ones((1, 4)))
    """

    def __init__(self, filepath, call_endpoint="serve", call_training_endpoint=None, trainable=True, name=None, dtype=None):
        super().__init__(trainable=trainable, name=name, dtype=dtype)
        if self._backend.name != "tensorflow":
            raise NotImplementedError(
                f"TFSMLayer needs the backend 'tensorflow'; the backend is {self._backend.name!r}. Set "
                "KERATA_BACKEND=tensorflow, or make the layer in `with kerata.backend.backend_scope('tensorflow'):`."
            )
        tf = need("tensorflow", "TFSMLayer")
        self._loaded = [tf.saved_model.load(str(filepath))]  # in a list: no attribute of the layer's own state
        self.filepath, self.call_endpoint, self.call_training_endpoint = filepath, call_endpoint, call_training_endpoint
        self._functions = self._endpoint(call_endpoint), self._endpoint(call_training_endpoint or call_endpoint)
        for v, trained in _variables(self._loaded[0]):
            self._weights.append(_wrap(v, bool(trainable) and trained))
        self._build_shapes_dict, self.built = None, True

    def _endpoint(self, name: str):
        loaded = self._loaded[0]
        if callable(getattr(loaded, name, None)):
            return getattr(loaded, name)
        if name in loaded.signatures:
            return loaded.signatures[name]
        known = sorted({*loaded.signatures, *(n for n in dir(loaded) if n == "serve")})
        raise ValueError(f"The SavedModel has no endpoint {name!r}; it has {', '.join(map(repr, known))}: see `call_endpoint`.")

    def call(self, inputs, training=False, **kwargs):
        return self._functions[1 if training else 0](inputs, **kwargs)

    @classmethod
    def from_config(cls, config: dict):
        """A layer from its config, which names a program: refused, but for safe_mode=False."""
        refuse_code("a TFSMLayer (a TensorFlow SavedModel elsewhere on the disk)")
        return super().from_config(config)


def _variables(loaded) -> list[tuple]:
    """Each variable of a SavedModel once, with whether it is trained: those it lists, or those its signatures use."""
    holders = [loaded] if getattr(loaded, "variables", None) else list(loaded.signatures.values())
    trained = {id(v) for h in holders for v in getattr(h, "trainable_variables", ())}
    return [(v, id(v) in trained) for v in {id(v): v for h in holders for v in h.variables}.values()]


def _wrap(tf_variable, trainable: bool) -> Variable:
    """A Variable whose value is the SavedModel's variable itself."""
    variable = Variable(tf_variable.numpy(), trainable=trainable, name=tf_variable.name.replace("/", "_").replace(":", "_"))
    variable._value = tf_variable
    return variable
