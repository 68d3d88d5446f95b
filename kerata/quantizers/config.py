"""How layers are quantized: configs for `layer.quantize` and `model.quantize`."""

from __future__ import annotations

from kerata.core.configurable import Configurable
from kerata.quantizers.absmax import AbsMaxQuantizer, Quantizer


def _quantizer(value, name: str):
    """A quantizer from itself, its config or its name; None stays None."""
    from kerata import quantizers

    if isinstance(value, str | dict):
        value = quantizers.get(value)
    if value is not None and not callable(value):
        raise TypeError(f"`{name}` is a Quantizer or None; got {value!r}.")
    return value


class QuantizationConfig(Configurable):
    """Base of what `layer.quantize` and `model.quantize` can be told; take one of its subclasses.

    Args:
        weight_quantizer: a `Quantizer` for the weights; None, the default, for the mode's own way.
        activation_quantizer: a `Quantizer` for the inputs; None, the default, keeps them floats.

    Raises:
        TypeError: for a quantizer that cannot be called.

    >>> config = kerata.quantizers.Int8QuantizationConfig()
    >>> isinstance(config, kerata.quantizers.QuantizationConfig), config.mode
    (True, 'int8')
    """

    def __init__(self, weight_quantizer=None, activation_quantizer=None):
        self.weight_quantizer = _quantizer(weight_quantizer, "weight_quantizer")
        self.activation_quantizer = _quantizer(activation_quantizer, "activation_quantizer")

    @property
    def mode(self) -> str:
        """The mode: "int8", "int4", ...: what `quantize` does with such a config."""
        raise NotImplementedError("The base class QuantizationConfig has no mode: use Int8QuantizationConfig or another subclass.")

    @staticmethod
    def weight_quantizer_or_default(config, default):
        """The quantizer of the weights in `config`, which may be None; `default` where there is none."""
        return default if config is None or config.weight_quantizer is None else config.weight_quantizer

    @staticmethod
    def activation_quantizer_or_default(config, default):
        """The quantizer of the inputs in `config`, None for floats; `default` without a config."""
        return default if config is None else config.activation_quantizer


def _want_int8(config, *names) -> None:
    for name in names:
        quantizer = getattr(config, name)
        dtype = getattr(quantizer, "output_dtype", "int8")
        if isinstance(quantizer, Quantizer) and dtype != "int8":
            raise ValueError(f"{type(config).__name__} wants a `{name}` with output_dtype='int8'; this one has {dtype!r}.")


class Int8QuantizationConfig(QuantizationConfig):
    """Weights as int8 with a scale for each output; inputs rounded too, so that the product is one of integers.

    Args:
        weight_quantizer: a `Quantizer`; None, the default, for an `AbsMaxQuantizer`.
        activation_quantizer: a `Quantizer`; "default" for an `AbsMaxQuantizer`, None to leave the inputs floats.

    Raises:
        ValueError: for a quantizer of another dtype than int8.

    >>> kerata.quantizers.Int8QuantizationConfig(activation_quantizer=None).mode
    'int8'
    """

    mode = "int8"

    def __init__(self, weight_quantizer=None, activation_quantizer="default"):
        if isinstance(activation_quantizer, str) and activation_quantizer == "default":
            activation_quantizer = AbsMaxQuantizer()
        super().__init__(weight_quantizer, activation_quantizer)
        _want_int8(self, "weight_quantizer", "activation_quantizer")


class Int4QuantizationConfig(QuantizationConfig):
    """Weights in 4 bits, two in a byte.

    Args:
        weight_quantizer: a `Quantizer` of weights with one scale for each output; None, the default, for an
            `AbsMaxQuantizer` to -8..7.
        activation_quantizer: a `Quantizer` of the inputs; "default" and None leave them floats.
        block_size: how many inputs share a scale and zero point; 128 by default, None or -1: one scale for each output.

    Raises:
        ValueError: for another `block_size`, or quantizers of your own with blocks.

    >>> kerata.quantizers.Int4QuantizationConfig(block_size=64).block_size
    64
    """

    mode = "int4"

    def __init__(self, weight_quantizer=None, activation_quantizer="default", block_size=128):
        if isinstance(activation_quantizer, str) and activation_quantizer == "default":
            activation_quantizer = None
        if block_size is not None and (not isinstance(block_size, int) or block_size < -1 or block_size == 0):
            raise ValueError(f"`block_size` is None, -1 or a positive integer; got {block_size!r}.")
        super().__init__(weight_quantizer, activation_quantizer)
        self.block_size = block_size
        _want_int8(self, "weight_quantizer")
        if block_size not in (None, -1) and (self.weight_quantizer or self.activation_quantizer):
            raise ValueError(
                f"Quantizers of your own go with one scale for each output: block_size=None or -1; got block_size={block_size}."
            )


class Float8QuantizationConfig(QuantizationConfig):
    """Weights stay floats, and pass through float8 in each product: for training. It has no settings.

    Source: Micikevicius et al. (2022), https://arxiv.org/abs/2209.05433

    >>> layer = kerata.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> layer.quantize("float8", kerata.quantizers.Float8QuantizationConfig())
    >>> layer.dtype_policy.name
    'float8_from_float32'
    """

    mode = "float8"

    def __init__(self):
        super().__init__()
