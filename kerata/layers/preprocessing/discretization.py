"""Discretization, with quantiles that are learned from data batch by batch."""

from __future__ import annotations

import numpy as np

from kerata import backend, ops
from kerata.layers.preprocessing.adaptation import batches
from kerata.layers.preprocessing.data_layer import DataLayer
from kerata.layers.preprocessing.encoding import MODES, as_sparse, check_mode, encode, padded
from kerata.ops._composite import is_ragged, is_sparse, native


class Discretization(DataLayer):
    """The number of the bin in which each input lies: how many of the boundaries are less than or equal to it.

    Args:
        bin_boundaries: list of increasing numbers; n of them make n + 1 bins. None to learn them.
        num_bins: integer: how many bins of about equally many values `adapt(data)` is to find, in place of
            `bin_boundaries`; None.
        epsilon: the precision of that, as a fraction of the values; 0.01 by default. Smaller takes more
            memory.
        output_mode: "int" (the default), or as in `CategoryEncoding` "one_hot", "multi_hot" or "count".
        sparse: whether encoded outputs are sparse tensors (backends tensorflow and jax); False by default.

    Input shape:
        Any, integer or float.
    Output shape:
        The input's, of integers (of a sparse tensor, the bins of the elements that it stores); or vectors of length
        "number of bins", in the compute dtype.

    Raises:
        ValueError: if not just one of `bin_boundaries` and `num_bins` is given, `output_mode` has another
            value, the layer is called before `adapt`, or `sparse` comes with "int".

    >>> from kerata import layers, ops
    >>> layers.Discretization([0.0, 1.0])(ops.convert_to_tensor([-3.0, 0.0, 7.0]))  # [0, 1, 2]
    >>> layer = layers.Discretization(num_bins=2)
    >>> layer.adapt(np.arange(100.0))
    >>> layer(ops.convert_to_tensor([3.0, 97.0]))  # [0, 1]
    """

    def __init__(self, bin_boundaries=None, num_bins=None, epsilon=0.01, output_mode="int", sparse=False, dtype=None,
                 name=None):  # fmt: skip
        super().__init__(name=name, dtype=dtype, autocast=False)  # the dtype is that of the results
        self.output_mode = check_mode(output_mode, ("int", *MODES), "Discretization")
        if sparse and output_mode == "int":
            raise ValueError("`sparse=True` of Discretization does not go with output_mode='int'.")
        if num_bins is not None and num_bins < 0:
            raise ValueError(f"`num_bins` of Discretization is at least 0; got {num_bins}.")
        if (num_bins is None) == (bin_boundaries is None):
            raise ValueError(
                "Discretization takes either `bin_boundaries`, or `num_bins` and then adapt(data); "
                f"got bin_boundaries={bin_boundaries!r}, num_bins={num_bins!r}."
            )
        self.bin_boundaries, self.num_bins = bin_boundaries, num_bins
        self.epsilon, self.sparse = epsilon, sparse
        self.summary = _nothing()

    def adapt(self, data, steps=None):
        """Find the boundaries of `num_bins` bins in arrays, or in an iterable of batches (`steps` of them)."""
        if self.num_bins is None:
            raise ValueError(
                f"Layer {self.name!r} was given `bin_boundaries`; to adapt to data, give it `num_bins` instead."
            )
        self.reset_state()
        for batch in batches(data, self._backend, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data):
        """Add the values of a batch to what `adapt` has seen."""
        points = _sample(np.asarray(data, "float32"), self.epsilon)
        merged = np.concatenate((points, self.summary), axis=1)
        self.summary = _compress(merged[:, np.argsort(merged[0])], self.epsilon)

    def finalize_state(self):
        """Set the boundaries to the quantiles of what was seen."""
        if self.num_bins is None:
            return
        if not self.summary.size:
            raise ValueError(f"adapt() of layer {self.name!r} was given no data.")
        self.bin_boundaries = _compress(self.summary, 1 / self.num_bins)[0, :-1].tolist()

    def reset_state(self):
        """Forget what `adapt` has seen."""
        self.summary = _nothing()

    def load_own_variables(self, store):
        """Files of Keras 2 hold the summary; boundaries always stand in the config."""
        if "0" in store:
            self.summary = np.asarray(store["0"])

    def call(self, inputs):
        if self.bin_boundaries is None:
            raise ValueError(f"Layer {self.name!r} has no boundaries yet: call adapt(data), or give it `bin_boundaries`.")
        boundaries = np.asarray(self.bin_boundaries, "float32")
        if is_ragged(inputs):
            bins = inputs.with_flat_values(ops.digitize(inputs.flat_values, boundaries))
        elif is_sparse(inputs) and self.output_mode == "int" and hasattr(backend.current(), "composite"):
            # What is not stored stays so.
            bins = backend.current().composite.with_values(native(inputs), lambda v: ops.digitize(v, boundaries))
        else:
            bins = ops.digitize(inputs, boundaries)
        if self.output_mode == "int":
            return bins
        out = encode(padded(bins), self.output_mode, len(self.bin_boundaries) + 1, self.compute_dtype)
        return as_sparse(out, f"Layer {self.name!r}") if self.sparse else out

    def get_config(self):
        own = ("bin_boundaries", "num_bins", "epsilon", "output_mode", "sparse", "name", "dtype")
        return {name: getattr(self, name) for name in own}

    @classmethod
    def from_config(cls, config):
        # After adapt() both stand in the config.
        learned = config.get("bin_boundaries") if config.get("num_bins") is not None else None
        layer = cls(**{k: v for k, v in config.items() if learned is None or k != "bin_boundaries"})
        if learned is not None:
            layer.bin_boundaries = learned
        return layer


# A summary is a (2, n) array: increasing values, and how many values of the data each of them stands for.
def _nothing() -> np.ndarray:
    return np.empty((2, 0), "float32")


def _sample(values: np.ndarray, epsilon: float) -> np.ndarray:
    """A summary of an array: about `1 / epsilon` of its values, evenly by rank."""
    values = np.sort(values, axis=None)
    stride = max(values.size / (1 / epsilon), 1.0)
    chosen = values[int(stride - 1) :: int(stride)]
    return np.stack((chosen, np.full_like(chosen, stride)))


def _compress(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """A summary as good to within `epsilon`, of no more than about `1 / epsilon` values."""
    if summary.shape[1] * epsilon < 1:
        return summary
    values, counts = summary
    seen = np.cumsum(counts)
    wanted = epsilon + np.arange(0.0, 1.0, epsilon)
    at = np.interp(wanted, seen / seen[-1], seen)
    new = np.interp(wanted, seen / seen[-1], values)
    return np.stack((new, np.diff(at, prepend=0))).astype("float32")
