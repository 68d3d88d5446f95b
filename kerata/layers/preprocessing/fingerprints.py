"""Hashes of strings that are the same everywhere and always: FarmHash's Fingerprint64 and SipHash-2-4, in NumPy.

They are what TensorFlow's `tf.strings.to_hash_bucket_fast` and `..._strong` compute, so that models keep their
buckets. Strings of one length are hashed together, as the rows of a matrix of bytes.

Sources: FarmHash (G. Pike, https://github.com/google/farmhash), "SipHash: a fast short-input PRF" (Aumasson and
Bernstein, 2012, https://eprint.iacr.org/2012/351).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

_U = np.uint64
_K0, _K1, _K2 = _U(0xC3A5C85C97CB3127), _U(0xB492B66FBE98F273), _U(0x9AE16A3B2F90404F)
_CROSS = _U(0xC6A4A7935BD1E995)


def fingerprint64(strings: Sequence[bytes]) -> np.ndarray:
    """FarmHash's Fingerprint64 of each string, as uint64.

    >>> from kerata.layers.preprocessing.fingerprints import fingerprint64
    >>> fingerprint64([b""]).tolist() == [0x9AE16A3B2F90404F]
    True
    """
    return _by_length(strings, _farm)


def siphash(strings: Sequence[bytes], key: tuple[int, int]) -> np.ndarray:
    """SipHash-2-4 of each string with a key of two integers, as uint64."""
    k0, k1 = (_U(k & 0xFFFFFFFFFFFFFFFF) for k in key)
    return _by_length(strings, lambda rows: _sip(rows, k0, k1))


def combine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """One fingerprint of two: TensorFlow's FingerprintCat64."""
    out = (first ^ _CROSS) ^ (_shift_mix(second * _CROSS) * _CROSS)
    return _shift_mix(_shift_mix(out * _CROSS) * _CROSS)


def buckets(strings: Sequence[bytes], count: int, key: tuple[int, int] | None = None) -> np.ndarray:
    """The bucket of each string, from 0 to count - 1, as int64; with a key, nobody can foresee collisions."""
    hashes = fingerprint64(strings) if key is None else siphash(strings, key)
    return (hashes % _U(count)).astype(np.int64)


def _by_length(strings: Sequence[bytes], hashed: Callable) -> np.ndarray:
    """`hashed(rows)`, for matrices with the bytes of all strings of one length."""
    out = np.empty(len(strings), _U)
    lengths = np.fromiter(map(len, strings), np.int64, len(strings))
    for length in np.unique(lengths):
        at = np.flatnonzero(lengths == length)
        rows = np.frombuffer(b"".join([strings[i] for i in at]), np.uint8).reshape(len(at), int(length))
        out[at] = hashed(rows)
    return out


def _word(rows, at: int, size: int = 8):
    """The little-endian numbers at byte `at` of each row (from the end if negative)."""
    at += rows.shape[1] if at < 0 else 0
    return np.ascontiguousarray(rows[:, at : at + size]).view(f"<u{size}")[:, 0].astype(_U)


def _rotate(x, bits: int):
    """To the right."""
    return (x >> _U(bits)) | (x << _U(64 - bits))


def _shift_mix(x):
    return x ^ (x >> _U(47))


def _mix(u, v, by):
    a = _shift_mix((u ^ v) * by)
    return _shift_mix((v ^ a) * by) * by


# -- FarmHash --------------------------------------------------------------------------------------------------
def _farm(rows):
    length = rows.shape[1]
    if length <= 16:
        return _farm_16(rows, length)
    if length <= 32:
        return _farm_32(rows, length)
    return _farm_64(rows, length) if length <= 64 else _farm_long(rows, length)


def _farm_16(rows, length: int):
    if length == 0:
        return np.full(len(rows), _K2)
    by = _K2 + _U(2 * length)
    if length >= 8:
        a, b = _word(rows, 0) + _K2, _word(rows, -8)
        return _mix(_rotate(b, 37) * by + a, (_rotate(a, 25) + b) * by, by)
    if length >= 4:
        return _mix(_U(length) + (_word(rows, 0, 4) << _U(3)), _word(rows, -4, 4), by)
    first, middle, last = (rows[:, i].astype(_U) for i in (0, length // 2, length - 1))
    y, z = first + (middle << _U(8)), _U(length) + (last << _U(2))
    return _shift_mix(y * _K2 ^ z * _K0) * _K2


def _farm_32(rows, length: int):
    by = _K2 + _U(2 * length)
    a, b, c, d = _word(rows, 0) * _K1, _word(rows, 8), _word(rows, -8) * by, _word(rows, -16) * _K2
    return _mix(_rotate(a + b, 43) + _rotate(c, 30) + d, a + _rotate(b + _K2, 18) + c, by)


def _farm_64(rows, length: int):
    by = _K2 + _U(2 * length)
    a, b, c, d = _word(rows, 0) * _K2, _word(rows, 8), _word(rows, -8) * by, _word(rows, -16) * _K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _mix(y, a + _rotate(b + _K2, 18) + c, by)
    e, f = _word(rows, 16) * by, _word(rows, 24)
    g, h = (y + _word(rows, -32)) * by, (z + _word(rows, -24)) * by
    return _mix(_rotate(e + f, 43) + _rotate(g, 30) + h, e + _rotate(f + a, 18) + g, by)


def _weak(rows, at: int, a, b):
    """A quick hash of 32 bytes with two seeds, as a pair."""
    w, x, y, z = (_word(rows, at + 8 * i) for i in range(4))
    a = a + w
    b = _rotate(b + a + z, 21)
    return a + x + y + z, b + _rotate(a + x + y, 44) + a


def _farm_long(rows, length: int):
    n = len(rows)
    zero = np.zeros(n, _U)
    x = np.full(n, _U(81)) * _K2 + _word(rows, 0)
    y = np.full(n, _U(81)) * _K1 + _U(113)
    z = _shift_mix(y * _K2 + _U(113)) * _K2
    v, w = (zero, zero), (zero, zero)
    for at in range(0, (length - 1) // 64 * 64, 64):
        x, y, z, v, w = _farm_round(rows, at, x, y, z, v, w, _K1, _U(1))
    by = _K1 + ((z & _U(0xFF)) << _U(1))
    w = (w[0] + _U((length - 1) & 63), w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    x, y, z, v, w = _farm_round(rows, length - 64, x, y, z, v, w, by, _U(9))
    return _mix(_mix(v[0], w[0], by) + _shift_mix(y) * _K0 + z, _mix(v[1], w[1], by) + x, by)


def _farm_round(rows, at: int, x, y, z, v, w, by, weight):
    """64 bytes more. (The last 64 bytes have another factor, and two terms weigh 9 times as much.)"""
    x = _rotate(x + y + v[0] + _word(rows, at + 8), 37) * by
    y = _rotate(y + v[1] + _word(rows, at + 48), 42) * by
    x = x ^ (w[1] * weight)
    y = y + v[0] * weight + _word(rows, at + 40)
    z = _rotate(z + w[0], 33) * by
    v = _weak(rows, at, v[1] * by, x + w[0])
    w = _weak(rows, at + 32, z + w[1], y + _word(rows, at + 16))
    return z, y, x, v, w


# -- SipHash ---------------------------------------------------------------------------------------------------
def _sip(rows, k0, k1):
    n, length = rows.shape
    state = [np.full(n, k ^ _U(c)) for k, c in (
        (k0, 0x736F6D6570736575), (k1, 0x646F72616E646F6D), (k0, 0x6C7967656E657261), (k1, 0x7465646279746573),
    )]  # fmt: skip
    padded = np.zeros((n, (length // 8 + 1) * 8), np.uint8)  # the last word ends with the length
    padded[:, :length] = rows
    padded[:, -1] = length & 0xFF
    for at in range(0, padded.shape[1], 8):
        word = _word(padded, at)
        state[3] = state[3] ^ word
        state = _sip_round(_sip_round(state))
        state[0] = state[0] ^ word
    state[2] = state[2] ^ _U(0xFF)
    for _ in range(4):
        state = _sip_round(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _sip_round(state):
    a, b, c, d = state
    a, c = a + b, c + d
    b, d = _rotate(b, 51) ^ a, _rotate(d, 48) ^ c
    a, c = _rotate(a, 32) + d, c + b
    b, d = _rotate(b, 47) ^ c, _rotate(d, 43) ^ a
    return [a, b, _rotate(c, 32), d]
