"""Quantizers: weights and activations in fewer bits."""

from __future__ import annotations

from kerata.core.registry import Registry
from kerata.quantizers.absmax import (
    AbsMaxQuantizer,
    Quantizer,
    abs_max_quantize,
    abs_max_quantize_grouped_with_zero_point,
)
from kerata.quantizers.calibrated_config import AWQConfig, GPTQConfig
from kerata.quantizers.config import (
    Float8QuantizationConfig,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
)
from kerata.quantizers.fake_quant import fake_quant_with_min_max_vars
from kerata.quantizers.float8 import compute_float8_amax_history, compute_float8_scale, quantize_and_dequantize
from kerata.quantizers.packing import pack_int4, unpack_int4

_registry = Registry(
    "quantizer",
    {
        **{c.__name__: c for c in (
            AbsMaxQuantizer, Quantizer, QuantizationConfig, Int8QuantizationConfig, Int4QuantizationConfig,
            Float8QuantizationConfig, GPTQConfig, AWQConfig,
        )},
        "abs_max_quantizer": AbsMaxQuantizer,
    },
    accepts=lambda x: callable(x) or isinstance(x, QuantizationConfig),
)  # fmt: skip


def serialize(initializer):
    """The config of a quantizer or of a quantization config, as files hold it.

    Args:
        initializer: the quantizer or config (Keras's name for the parameter).

    Returns:
        A dictionary that `deserialize` takes.

    >>> kerata.quantizers.serialize(kerata.quantizers.AbsMaxQuantizer(axis=0))["class_name"]
    'AbsMaxQuantizer'
    """
    return _registry.serialize(initializer)


def deserialize(config, custom_objects=None):
    """The quantizer, or quantization config, that `serialize` wrote down.

    Args:
        config: dictionary with "class_name" and "config", or a name.
        custom_objects: dictionary of further names and their classes; None by default.

    Returns:
        A quantizer or config (for a bare name: its class; `get` makes an object of it).

    Raises:
        ValueError: for a name that nobody has; the nearest known one is proposed.

    >>> config = kerata.quantizers.serialize(kerata.quantizers.AbsMaxQuantizer(axis=0))
    >>> kerata.quantizers.deserialize(config).axis
    (0,)
    """
    return _registry.deserialize(config, custom_objects)


def get(identifier, **kwargs):
    """A quantizer from its name, its class, its config, a function, or itself.

    Args:
        identifier: what stands for the quantizer; None stays None.
        **kwargs: arguments for a class or name.

    Returns:
        A quantizer, quantization config, or function.

    Raises:
        ValueError: for an unknown name, or something that is none of these.

    >>> kerata.quantizers.get("abs_max_quantizer", axis=0).axis
    (0,)
    """
    if kwargs and isinstance(identifier, str):
        identifier = _registry.find(identifier)
    if kwargs and isinstance(identifier, type):
        return identifier(**kwargs)
    return _registry.get(identifier)


__all__ = [
    "AWQConfig",
    "AbsMaxQuantizer",
    "Float8QuantizationConfig",
    "GPTQConfig",
    "Int4QuantizationConfig",
    "Int8QuantizationConfig",
    "QuantizationConfig",
    "Quantizer",
    "abs_max_quantize",
    "abs_max_quantize_grouped_with_zero_point",
    "compute_float8_amax_history",
    "compute_float8_scale",
    "deserialize",
    "fake_quant_with_min_max_vars",
    "get",
    "pack_int4",
    "quantize_and_dequantize",
    "serialize",
    "unpack_int4",
]
