"""Initializers: the first values of weights."""

from __future__ import annotations

from kerata.core.names import to_snake_case
from kerata.core.registry import Registry
from kerata.initializers.constant import STFT, Constant, Identity, Ones, Zeros
from kerata.initializers.initializer import Initializer
from kerata.initializers.random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)

STFTInitializer = stft = STFT
IdentityInitializer = identity = Identity
OrthogonalInitializer = orthogonal = Orthogonal
constant, zeros, ones = Constant, Zeros, Ones
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling = VarianceScaling

_CLASSES = (
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, Initializer, LecunNormal, LecunUniform, Ones,
    Orthogonal, RandomNormal, RandomUniform, STFT, TruncatedNormal, VarianceScaling, Zeros,
)  # fmt: skip
_registry = Registry(
    "initializer",
    {
        **{c.__name__: c for c in _CLASSES},
        **{to_snake_case(c.__name__): c for c in _CLASSES},
        "stft": STFT, "STFTInitializer": STFT, "IdentityInitializer": Identity, "OrthogonalInitializer": Orthogonal,
        "uniform": RandomUniform, "normal": RandomNormal, "zero": Zeros, "one": Ones,
    },
)  # fmt: skip


def serialize(initializer):
    """The config of an initializer, as files and `get_config` hold it.

    Args:
        initializer: an `Initializer`, or a registered function.

    Returns:
        A dictionary (or a name) that `deserialize` takes.

    >>> kerata.initializers.serialize(kerata.initializers.Constant(2.0))["config"]
    {'value': 2.0}
    """
    return _registry.serialize(initializer)


def deserialize(config, custom_objects=None):
    """The initializer that `serialize` wrote down.

    Args:
        config: dictionary with "class_name" and "config", or a name such as "zeros".
        custom_objects: dictionary of further names and their classes or functions; None by default.

    Returns:
        An initializer (for a bare name: its class; `get` makes an object of it).

    Raises:
        ValueError: for a name that nobody has; the nearest known one is proposed.

    >>> kerata.initializers.deserialize({"class_name": "Constant", "config": {"value": 2.0}}).value
    2.0
    """
    return _registry.deserialize(config, custom_objects)


def get(identifier):
    """An initializer from whatever a layer's `kernel_initializer` argument may hold.

    Args:
        identifier: a name ("he_normal"), a config, a class, an `Initializer`, a function of (shape, dtype), an array
            (which becomes a `Constant`), or None.

    Returns:
        An initializer or function; None for None.

    Raises:
        ValueError: for an unknown name, or something that cannot be called.

    >>> type(kerata.initializers.get("he_normal")).__name__
    'HeNormal'
    >>> kerata.initializers.get(np.array([1.0, 2.0]))((2,))  # [1.0, 2.0]
    """
    if identifier is not None and hasattr(identifier, "__array__") and not callable(identifier):
        return Constant(identifier)
    return _registry.get(identifier)


__all__ = sorted(
    n for n, v in list(globals().items()) if not n.startswith("_") and isinstance(v, type) and issubclass(v, Initializer)
) + ["deserialize", "get", "serialize"]
