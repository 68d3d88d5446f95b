"""What convolution layers share: kernel, bias, padding, activation."""

from __future__ import annotations

from kerata import activations, ops
from kerata.core.config import standardize_data_format
from kerata.core.configurable import as_list
from kerata.layers._errors import image_hint, positive_integer
from kerata.layers._weights import add, store_options
from kerata.layers.adapters import LowRank
from kerata.layers.input_spec import InputSpec
from kerata.layers.layer import Layer


def spread(value, rank: int, name: str, who: str, zero: bool = False) -> tuple[int, ...]:
    """One integer, or one for each spatial axis, as a tuple."""
    plain = as_list(value)
    values = tuple(plain) if isinstance(plain, list | tuple) else (plain,) * rank
    if len(values) != rank or any(not isinstance(v, int) or v < (0 if zero else 1) for v in values):
        raise ValueError(f"`{name}` of {who} is a positive integer or {rank} of them; got {value!r}.")
    return values


def check_padding(padding, causal: bool, who: str) -> str:
    value = str(padding).lower()
    known = ("valid", "same", "causal") if causal else ("valid", "same")
    if value not in known:
        raise ValueError(f"`padding` of {who} is one of {known}; got {padding!r}.")
    return value


class ConvBase(LowRank, Layer):
    """Convolution over `rank` spatial axes.

    Args:
        rank: 1, 2 or 3.
        filters: channels of the output.
        kernel_size: integer, or one for each spatial axis.
        strides, dilation_rate: likewise; not both above 1, but in depthwise convolutions.
        padding: "valid", "same", or for one axis "causal".
        data_format: "channels_last" or "channels_first".
        groups: in how many groups channels are convolved apart.
        activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
            activity_regularizer, kernel_constraint, bias_constraint: as in `Dense`.
        lora_rank, lora_alpha: as in `Dense`.
    """

    _config_skip = Layer._config_skip - {"activity_regularizer"} | {"rank"}
    _config_optional = frozenset(("lora_rank", "lora_alpha"))
    _adapted = "kernel"
    _rank = 2
    _strides_with_dilation = False  # Keras has it so: in depthwise convolutions alone

    def __init__(self, rank, filters, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1,
                 groups=1, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, lora_rank=None, lora_alpha=None, **kwargs):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        who = type(self).__name__
        self.rank = rank
        filters = None if filters is None else positive_integer(filters, "filters", who)
        self.filters, self.groups = filters, positive_integer(groups, "groups", who)
        if filters is not None and filters % self.groups:
            raise ValueError(f"`filters` of {who} ({filters}) must be divisible by `groups` ({self.groups}).")
        self.kernel_size = spread(kernel_size, rank, "kernel_size", who)
        self.strides = spread(strides, rank, "strides", who)
        self.dilation_rate = spread(dilation_rate, rank, "dilation_rate", who)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1 and not self._strides_with_dilation:
            raise ValueError(
                f"{who} takes strides or dilation, not both: strides={self.strides}, dilation_rate={self.dilation_rate}."
            )
        self.padding = check_padding(padding, rank == 1, who)
        self.data_format = standardize_data_format(data_format)
        if self.padding == "causal" and self.data_format == "channels_first":
            raise ValueError(f"{who} with padding='causal' wants data_format='channels_last'.")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        store_options(self, locals())
        self.lora_rank, self.lora_alpha = lora_rank, lora_alpha if lora_alpha is not None else lora_rank
        self.bias = None
        self.input_spec = InputSpec(min_ndim=rank + 2)
        self._shape_hint = image_hint(rank + 2)

    def _channels(self, input_shape) -> tuple[int, int]:
        """The channel axis and its size, which the layer must know."""
        axis = -1 if self.data_format == "channels_last" else 1
        size = input_shape[axis]
        if size is None:
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) needs to know the number of channels (axis {axis}); the input "
                f"has the shape {tuple(input_shape)}."
            )
        return axis, size

    def _check_channels(self, channels: int) -> None:
        if channels % self.groups:
            raise ValueError(
                f"The {channels} channels of the input of layer {self.name!r} must be divisible by groups={self.groups}."
            )

    def build(self, input_shape):
        axis, channels = self._channels(input_shape)
        self._check_channels(channels)
        self._kernel = add(self, "kernel", self._kernel_shape(channels))
        self._build_bias(self.filters)
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={axis: channels})
        self._build_adapter()

    def _kernel_shape(self, channels: int) -> tuple:
        return (*self.kernel_size, channels // self.groups, self.filters)

    def _build_bias(self, size: int) -> None:
        if self.use_bias:
            self.bias = add(self, "bias", (size,))

    def call(self, inputs):
        return self._finish(self._convolve(self._pad_causal(inputs)))

    def _convolve(self, inputs):
        padding = "valid" if self.padding == "causal" else self.padding
        return ops.conv(
            inputs, self.kernel, strides=self.strides, padding=padding, dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )  # fmt: skip

    def _pad_causal(self, inputs):
        if self.padding != "causal":
            return inputs
        left = self.dilation_rate[0] * (self.kernel_size[0] - 1)
        return ops.pad(inputs, [[0, 0], [left, 0], [0, 0]])

    def _finish(self, x):
        if self.bias is not None:
            bias = self.bias
            if self.data_format == "channels_first":
                bias = ops.reshape(ops.convert_to_tensor(bias), (1, -1) + (1,) * self.rank)
            x = ops.add(x, bias)
        return x if self.activation is activations.linear else self.activation(x)
