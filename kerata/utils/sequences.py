"""pad_sequences: lists of different lengths as one array."""

from __future__ import annotations

import numpy as np


def pad_sequences(sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0) -> np.ndarray:
    """An array of sequences that are cut or filled up to one length.

    Args:
        sequences: list of sequences (of numbers, or of arrays of one shape).
        maxlen: the length; that of the longest by default.
        dtype: of the result; "int32" by default, `object` for strings.
        padding: where `value` is filled in: "pre" (the default) or "post".
        truncating: where too long sequences are cut: "pre" (the default) or "post".
        value: what is filled in; 0.0 by default.

    Returns:
        A NumPy array of shape `(len(sequences), maxlen, ...)`.

    Raises:
        ValueError: for another `padding` or `truncating`, or what is no list of sequences.

    >>> kerata.utils.pad_sequences([[1], [2, 3]]).tolist()
    [[0, 1], [2, 3]]
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ValueError(f"`{name}` is 'pre' or 'post'; got {side!r}.")
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"`sequences` must be a list of sequences; got {type(sequences).__name__}.")
    lengths = []
    for i, sequence in enumerate(sequences):
        try:
            lengths.append(len(sequence))
        except TypeError:
            raise ValueError(
                f"`sequences` must be a list of sequences, but item {i} is {sequence!r} of type {type(sequence).__name__}."
            ) from None
    if maxlen is None:
        maxlen = max(lengths, default=0)
    sample_shape = next((np.asarray(s).shape[1:] for s in sequences if len(s)), ())
    is_string = np.issubdtype(dtype, np.str_)
    if isinstance(value, str) and dtype is not object and not is_string:
        raise ValueError(f"`value` is the string {value!r}, but dtype is {dtype!r}; strings need `dtype=object`.")
    out = np.full((len(lengths), maxlen, *sample_shape), value, dtype=dtype)
    for i, sequence in enumerate(sequences):
        if len(sequence) and maxlen:
            _place(out, i, sequence, maxlen, padding, truncating, sample_shape)
    return out


def _place(out, i, sequence, maxlen, padding, truncating, sample_shape) -> None:
    kept = sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen]
    kept = np.asarray(kept, dtype=out.dtype)
    if kept.shape[1:] != sample_shape:
        raise ValueError(
            f"The items of sequence {i} have shape {kept.shape[1:]}; those of the others have shape {sample_shape}."
        )
    if padding == "post":
        out[i, : len(kept)] = kept
    else:
        out[i, maxlen - len(kept) :] = kept
