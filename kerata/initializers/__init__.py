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
    """The config of an initializer."""
    return _registry.serialize(initializer)


def deserialize(config, custom_objects=None):
    """The initializer of a config."""
    return _registry.deserialize(config, custom_objects)


def get(identifier):
    """An initializer from its name, its config, a function `(shape, dtype)`, an array, or itself; None stays None.

    >>> import kerata
    >>> type(kerata.initializers.get("he_normal")).__name__
    'HeNormal'
    """
    if identifier is not None and hasattr(identifier, "__array__") and not callable(identifier):
        return Constant(identifier)
    return _registry.get(identifier)


__all__ = sorted(
    n for n, v in list(globals().items()) if not n.startswith("_") and isinstance(v, type) and issubclass(v, Initializer)
) + ["deserialize", "get", "serialize"]
