"""Hashing and HashedCrossing: categories as numbers of buckets, without a vocabulary."""

from __future__ import annotations

import numpy as np

from kerata.core import dtypes
from kerata.core.config import floatx
from kerata.layers.preprocessing.encoding import check_mode
from kerata.layers.preprocessing.fingerprints import buckets, combine, fingerprint64
from kerata.layers.preprocessing.host_layer import HostLayer, to_host
from kerata.layers.preprocessing.index_lookup import _salt, encode, encoded_spec
from kerata.layers.preprocessing.strings import as_bytes

_CROSSING_KEY = np.uint64(0xDECAFCAFFE)  # with which TensorFlow's cross begins


def _check(num_bins, sparse, dtype, mode: str, who: str):
    """The dtype to compute in."""
    if num_bins is None or num_bins <= 0:
        raise ValueError(f"`num_bins` of {who} is at least 1; got {num_bins!r}.")
    if sparse and mode == "int":
        raise ValueError(f"`sparse=True` of {who} does not go with output_mode='int'.")
    if dtype is None:
        return "int64" if mode == "int" else floatx()
    return dtype


class Hashing(HostLayer):
    """Strings or integers as numbers of buckets, by a hash that is the same everywhere and needs no vocabulary.

    Args:
        num_bins: integer above 0: how many buckets, numbered from 0.
        mask_value: a string or integer that alone is given bucket 0; None for no such value.
        salt: integer or a pair of them: the key of SipHash, with which nobody can foresee collisions; None
            (the default) for FarmHash, without a key.
        output_mode: "int" (the default), or as in `CategoryEncoding` "one_hot", "multi_hot" or "count".
        sparse: whether encoded outputs are sparse tensors (backends tensorflow and jax); False by default.

    Integers are hashed as their decimals.

    Input shape:
        Any, strings or integers: arrays, lists or tensors.
    Output shape:
        The input's, of int64; or vectors of length `num_bins`.

    Raises:
        ValueError: if `num_bins` is not positive, `output_mode` has another value, or `sparse` comes with
            "int".
        TypeError: if `mask_value` is a string and inputs are integers, or the other way round.

    Source: for `salt` Aumasson and Bernstein (2012), "SipHash: a fast short-input PRF".

    >>> from kerata import layers
    >>> layers.Hashing(3)(["A", "B", "C", "D", "E"])  # [1, 0, 1, 1, 2]
    """

    def __init__(self, num_bins, mask_value=None, salt=None, output_mode="int", sparse=False, **kwargs):
        self.output_mode = check_mode(output_mode, ("int", "one_hot", "multi_hot", "count"), "Hashing")
        kwargs["dtype"] = _check(num_bins, sparse, kwargs.get("dtype"), output_mode, "Hashing")
        super().__init__(**kwargs)
        if output_mode == "int" and not dtypes.is_int(self.compute_dtype):
            raise ValueError(f"With output_mode='int' the `dtype` of Hashing is 'int32' or 'int64'; got {kwargs['dtype']!r}.")
        self.num_bins, self.mask_value, self.sparse = num_bins, mask_value, sparse
        self.salt = _salt(salt, "Hashing")

    def output_spec(self, shape):
        shape, _ = encoded_spec(shape, self.output_mode, self.num_bins, "")
        return shape, self.dtype

    def compute(self, array):
        indices = self.indices(array)
        return indices if self.output_mode == "int" else self.encode(indices)

    def encode(self, indices):
        """Numbers of buckets as vectors, in the layer's mode."""
        return encode(indices, self.output_mode, self.num_bins, "float32")

    def indices(self, array):
        """The number of the bucket of each element."""
        if array.dtype.kind == "f":
            array = array.astype("int64")
        strings = as_bytes(array, f"Layer {self.name!r} (Hashing)")
        if self.mask_value is None:
            out = buckets(strings, self.num_bins, self.salt)
        else:
            out = 1 + buckets(strings, self.num_bins - 1, self.salt) if self.num_bins > 1 else np.zeros(len(strings), "int64")
            mask = self._mask(array)
            out[[s == mask for s in strings]] = 0
        return out.reshape(array.shape)

    def _mask(self, array) -> bytes:
        text = array.dtype.kind in "USO"
        if text != isinstance(self.mask_value, str | bytes):
            raise TypeError(
                f"`mask_value` of layer {self.name!r} is {self.mask_value!r}, and its inputs are of dtype {array.dtype}: both "
                "are to be strings, or integers."
            )
        return as_bytes(np.asarray(self.mask_value if text else int(self.mask_value)))[0]


class HashedCrossing(HostLayer):
    """Several categorical features as one: the bucket of their combination.

    Args:
        num_bins: integer above 0: how many buckets, numbered from 0.
        output_mode: "int" (the default), or "one_hot": a vector each.
        sparse: whether encoded outputs are sparse tensors (backends tensorflow and jax); False by default.

    The numbers are those of TensorFlow's `tf.sparse.cross_hashed`.

    Input shape:
        A list or tuple of two or more arrays of strings or integers, all of shape `()`, `(batch,)` or
        `(batch, 1)`.
    Output shape:
        The inputs', of int64; or vectors of length `num_bins`.

    Raises:
        ValueError: if `num_bins` is not positive, there is one input only, or shapes differ or have more
            axes.

    >>> from kerata import layers
    >>> layers.HashedCrossing(5)((np.array(["A", "B", "A"]), np.array([101, 101, 101])))  # [1, 4, 1]
    """

    def __init__(self, num_bins, output_mode="int", sparse=False, name=None, dtype=None, **kwargs):
        self.output_mode = check_mode(output_mode, ("int", "one_hot"), "HashedCrossing")
        dtype = _check(num_bins, sparse, dtype, output_mode, "HashedCrossing")
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.num_bins, self.sparse = num_bins, sparse

    def arguments(self, inputs):
        self._check_number(inputs)
        return [x if hasattr(x, "shape") else to_host(x) for x in inputs]

    def _check_number(self, inputs) -> None:
        if not isinstance(inputs, list | tuple) or len(inputs) < 2:
            raise ValueError(
                f"Layer {self.name!r} (HashedCrossing) crosses at least two features, in a list or tuple; got {inputs!r}."
            )

    def compute_output_spec(self, inputs, **kwargs):
        self._check_number(inputs)
        return super().compute_output_spec(inputs, **kwargs)

    def output_spec(self, *shapes):
        if len(set(shapes)) > 1:
            raise ValueError(f"The inputs of layer {self.name!r} (HashedCrossing) have one shape; got {', '.join(map(str, shapes))}.")
        shape = shapes[0]
        if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
            raise ValueError(
                f"The inputs of layer {self.name!r} (HashedCrossing) have shape (), (batch,) or (batch, 1); got {shape}."
            )
        return encoded_spec(shape, self.output_mode, self.num_bins, "")[0], self.dtype

    def compute(self, *arrays):
        self.output_spec(*(a.shape for a in arrays))
        size = arrays[0].size
        crossed = np.full(size, _CROSSING_KEY)
        for array in arrays:
            crossed = combine(crossed, self._numbers(array))
        out = (crossed % np.uint64(self.num_bins)).astype("int64").reshape(arrays[0].shape)
        if self.output_mode == "int":
            return out
        return encode(out, "one_hot", self.num_bins, "float32")

    def _numbers(self, array) -> np.ndarray:
        if array.dtype.kind in "iub":
            return array.ravel().astype("int64").astype(np.uint64)
        if array.dtype.kind not in "USO":
            raise ValueError(
                f"The inputs of layer {self.name!r} (HashedCrossing) are strings or integers; got dtype {array.dtype}."
            )
        return fingerprint64(as_bytes(array))

    def get_config(self):
        own = ("num_bins", "output_mode", "sparse", "name")
        return {**{n: getattr(self, n) for n in own}, "dtype": self.dtype}

