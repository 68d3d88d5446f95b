"""Kerata: deep learning with the API of Keras, over JAX, PyTorch, TensorFlow and NumPy.

Importing it loads no array library and little else; names are imported when they are first used.
"""

from kerata.core.lazy import attach as _attach
from kerata.version import __version__
from kerata.version import version as version  # the function stands before the module of its name

_PLACES = {
    "DTypePolicy": "kerata.core.dtype_policy",
    "FloatDTypePolicy": "kerata.core.dtype_policy",
    "Function": "kerata.models.function",
    "Initializer": "kerata.initializers",
    "Input": "kerata.layers.input_layer",
    "InputSpec": "kerata.layers.input_spec",
    "KerasTensor": "kerata.core.keras_tensor",
    "Layer": "kerata.layers.layer",
    "Loss": "kerata.losses",
    "Metric": "kerata.metrics",
    "Model": "kerata.models.model",
    "Operation": "kerata.core.operation",
    "Optimizer": "kerata.optimizers",
    "Quantizer": "kerata.quantizers",
    "Regularizer": "kerata.regularizers",
    "RematScope": "kerata.core.remat",
    "Sequential": "kerata.models.sequential",
    "StatelessScope": "kerata.core.scopes",
    "SymbolicScope": "kerata.core.scopes",
    "Variable": "kerata.core.variable",
    "backend_scope": "kerata.backend",
    "device": "kerata.core.device",
    "grad": "kerata.core.gradients",
    "jit": "kerata.core.gradients",
    "name_scope": "kerata.core.scopes",
    "remat": "kerata.core.remat",
    "value_and_grad": "kerata.core.gradients",
    "version": "kerata.version",
}
_SUBMODULES = (
    "activations", "applications", "backend", "callbacks", "config", "constraints", "datasets", "distillation", "distribution",
    "dtype_policies", "export", "initializers",
    "layers", "legacy", "losses", "metrics", "mixed_precision", "models", "ops", "optimizers", "preprocessing", "quantizers",
    "random", "regularizers", "saving", "tree", "utils", "visualization", "wrappers",
)  # fmt: skip

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES, _SUBMODULES)
__all__ = [*__all__, "__version__"]
