"""GPTQConfig and AWQConfig: quantization that looks at data."""

from __future__ import annotations

from kerata.quantizers.config import QuantizationConfig


def _positive(config, *names) -> None:
    for name in names:
        value = getattr(config, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{type(config).__name__}: `{name}` must be a positive integer; got {value!r}.")


def _check_group(config) -> None:
    if config.group_size < -1 or config.group_size == 0:
        raise ValueError(f"{type(config).__name__}: `group_size` is -1 (one group) or a positive integer; got {config.group_size!r}.")


class _Calibrated(QuantizationConfig):
    """What both share: the data, which does not stand in files, and where the weights lie in the model."""

    def _config_value(self, name: str):
        return None if name in ("dataset", "tokenizer") else super()._config_value(name)

    def dtype_policy_string(self) -> str:
        """The first part of the name of the dtype policy of layers so quantized: "gptq/4/128"."""
        return f"{self.mode}/{self.weight_bits}/{self.group_size}"


class GPTQConfig(_Calibrated):
    """GPTQ: round the columns of a weight one by one, correcting the rest for the error seen on data.

    Args:
        dataset: texts, or arrays of token ids.
        tokenizer: makes ids of texts; a function, or an object with `tokenize`.
        weight_bits: 2, 3, 4 (the default) or 8.
        num_samples: how many sequences to look at; 128 by default.
        per_channel: whether each output has its own scale; True by default.
        sequence_length: length of the sequences, in tokens; 512 by default.
        hessian_damping: part of the mean diagonal that is added to the Hessian's, from 0 to 1; 0.01 by default.
        group_size: how many inputs share a scale; 128 by default, -1 for all.
        symmetric: whether the range is symmetric about zero; False by default.
        activation_order: whether inputs with the largest activations are rounded first; False by default.
        quantization_layer_structure: dictionary `{"pre_block_layers": [...], "sequential_blocks": [...]}`: the layers before
            the blocks, and the blocks, whose layers are quantized one block after the other; None, the default, asks the
            model's `get_quantization_layer_structure`.

    Raises:
        ValueError: for numbers out of range.

    Source: Frantar et al. (2022), https://arxiv.org/abs/2210.17323

    >>> kerata.quantizers.GPTQConfig(None, None, weight_bits=3).dtype_policy_string()
    'gptq/3/128'
    """

    mode = "gptq"

    def __init__(self, dataset, tokenizer, *, weight_bits: int = 4, num_samples: int = 128, per_channel: bool = True,
                 sequence_length: int = 512, hessian_damping: float = 0.01, group_size: int = 128,
                 symmetric: bool = False, activation_order: bool = False, quantization_layer_structure: dict | None = None):  # fmt: skip
        super().__init__()
        self.dataset, self.tokenizer = dataset, tokenizer
        self.weight_bits, self.group_size = weight_bits, group_size
        self.num_samples, self.sequence_length = num_samples, sequence_length
        self.per_channel, self.symmetric, self.activation_order = per_channel, symmetric, activation_order
        self.hessian_damping = hessian_damping
        self.quantization_layer_structure = quantization_layer_structure
        if weight_bits not in (2, 3, 4, 8):
            raise ValueError(f"GPTQConfig: `weight_bits` is 2, 3, 4 or 8; got {weight_bits!r}.")
        _positive(self, "num_samples", "sequence_length")
        if not 0 <= hessian_damping <= 1:
            raise ValueError(f"GPTQConfig: `hessian_damping` lies between 0 and 1; got {hessian_damping!r}.")
        _check_group(self)


class AWQConfig(_Calibrated):
    """AWQ: scale the inputs that matter most, by their activations, before rounding the weights to 4 bits.

    Args:
        dataset, tokenizer, num_samples, sequence_length, group_size, quantization_layer_structure: as in `GPTQConfig`.
        weight_bits: 4.
        num_grid_points: how many exponents to try for the scales; 20 by default.

    Raises:
        ValueError: for numbers out of range.

    Source: Lin et al. (2023), https://arxiv.org/abs/2306.00978

    >>> kerata.quantizers.AWQConfig(None, None, group_size=64).dtype_policy_string()
    'awq/4/64'
    """

    mode = "awq"

    def __init__(self, dataset, tokenizer, *, weight_bits: int = 4, num_samples: int = 128, sequence_length: int = 512,
                 group_size: int = 128, num_grid_points: int = 20, quantization_layer_structure: dict | None = None):  # fmt: skip
        super().__init__()
        self.dataset, self.tokenizer = dataset, tokenizer
        self.weight_bits, self.group_size = weight_bits, group_size
        self.num_samples, self.sequence_length, self.num_grid_points = num_samples, sequence_length, num_grid_points
        self.quantization_layer_structure = quantization_layer_structure
        if weight_bits != 4:
            raise ValueError(f"AWQConfig: AWQ has 4 bits; got weight_bits={weight_bits!r}.")
        _positive(self, "num_samples", "sequence_length", "num_grid_points")
        _check_group(self)
