"""What a backend supplies for neural networks, beyond its array namespace: the contract of `backend/<name>/nn.py`.

Arguments have been converted, promoted and checked by the ops that call these. Spatial arguments are tuples, one
value a spatial axis; `padding` is "valid" or "same"; `data_format` is "channels_last" or "channels_first".

A primitive marked *optional* may be missing, or return `NotImplemented` for what it has no fast path for; the op then
computes the same from the array namespace.
"""

from __future__ import annotations

from typing import Any, Protocol

Array = Any


class NNBackend(Protocol):
    """Neural-network primitives."""

    # ---- activations
    def relu(self, x: Array) -> Array: ...
    def relu6(self, x: Array) -> Array: ...
    def silu(self, x: Array) -> Array: ...
    def selu(self, x: Array) -> Array: ...
    def elu(self, x: Array, alpha: float) -> Array: ...
    def leaky_relu(self, x: Array, slope: float) -> Array: ...
    def gelu(self, x: Array, approximate: bool) -> Array: ...
    def softmax(self, x: Array, axis: int | tuple[int, ...] | None) -> Array: ...
    def log_softmax(self, x: Array, axis: int | tuple[int, ...] | None) -> Array: ...

    # ---- windows
    def conv(self, x, kernel, strides, padding, data_format, dilation) -> Array:
        """kernel: (*window, channels // groups, filters), 1 to 3 spatial axes."""

    def depthwise_conv(self, x, kernel, strides, padding, data_format, dilation) -> Array:
        """kernel: (*window, channels, multiplier), 1 or 2 spatial axes; out channel c * multiplier + m."""

    def conv_transpose(self, x, kernel, strides, padding, output_padding, data_format, dilation) -> Array:
        """kernel: (*window, filters, channels); `output_padding`: an integer or None an axis.

        `kerata.backend.windows.transpose_crop` says which cells of the full result stay.
        """

    def max_pool(self, x, window, strides, padding, data_format) -> Array: ...
    def average_pool(self, x, window, strides, padding, data_format) -> Array:
        """Cells that the padding adds do not count."""

    # ---- optional: fused kernels
    def batch_norm_training(self, x, axis, scale, offset, epsilon) -> tuple[Array, Array, Array]:
        """(output, mean, biased variance) by the moments of `x` over all axes but `axis`. Optional."""

    def affine(self, x, kernel, bias) -> Array:
        """`tensordot(x, kernel) + bias` for a kernel (*in, *out) and a bias (*out); NotImplemented where it does not apply.

        Optional.
        """

    def layer_norm(self, x, axes, gamma, beta, epsilon) -> Array:
        """`gamma`, `beta`: None, or of the shape of `x` with 1 for the other axes. Optional."""

    def dot_product_attention(
        self, query, key, value, bias, mask, scale, is_causal, flash_attention, soft_cap
    ) -> Array:
        """As `kerata.ops.dot_product_attention`. Optional."""

    def sparse_crossentropy(self, target, logits) -> Array:
        """-log softmax(logits)[target] over the last axis; 0 where the target is out of range. Optional."""

    def ctc_loss(self, target, logits, target_length, output_length, mask_index) -> Array:
        """As `kerata.ops.ctc_loss`. Optional."""

    def lstm(
        self, x, h0, c0, kernel, recurrent_kernel, bias, *, activation, recurrent_activation, mask, go_backwards
    ) -> tuple[Array, Array, list[Array]]:
        """(outputs, last output, [h, c]) in Keras's gate order and layout; activations by name. Optional.

        Layers call `kerata.ops._nn_rnn.lstm` (and `gru`, `simple_rnn`), which takes any activation and mask, asks
        this primitive first and else scans.
        """

    def gru(
        self, x, h0, kernel, recurrent_kernel, bias, *, activation, recurrent_activation, reset_after, mask,
        go_backwards,
    ) -> tuple[Array, Array, list[Array]]:  # fmt: skip
        """(outputs, last output, [h]). Optional."""
