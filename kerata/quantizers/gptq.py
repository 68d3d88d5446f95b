"""GPTQ (Frantar et al., 2022, https://arxiv.org/abs/2210.17323), on NumPy arrays."""

from __future__ import annotations

import numpy as np

from kerata.quantizers.grid import grid_of, rounded


def gptq(weight: np.ndarray, hessian: np.ndarray, config) -> dict:
    """Round a weight input by input, each time correcting the inputs that are left for the error.

    Args:
        weight: matrix (inputs, outputs).
        hessian: matrix (inputs, inputs), `2 * mean(x x^T)` over the data.
        config: a `GPTQConfig`.

    Returns:
        `integers` (inputs, outputs), `scale` and `zero` (groups, outputs), and `g_idx`: for each input its place in the order of
        rounding, in groups (the whole part is its group).
    """
    weight, hessian = weight.astype("float64").copy(), hessian.astype("float64").copy()
    unused = np.diag(hessian) == 0
    hessian[unused, unused] = 1
    order = np.argsort(-np.diag(hessian), kind="stable") if config.activation_order else np.arange(len(weight))
    left, place = weight[order], np.argsort(order)
    size = len(weight) if config.group_size == -1 else config.group_size
    factor = _inverse_factor(hessian[np.ix_(order, order)], config.hessian_damping)
    integers, scales, zeros = np.zeros_like(left), [], []
    for i, row in enumerate(left):
        if i % size == 0:  # the grid of a group, as corrected when its turn comes
            group = left[i : i + size].astype("float32")
            scale, zero = grid_of(group, config.weight_bits, config.symmetric, config.per_channel)
            scales.append(scale), zeros.append(zero)
        integers[i] = rounded(row, scale, zero, config.weight_bits)
        error = (row - (integers[i] - zero) * scale) / factor[i, i]
        left[i + 1 :] -= np.outer(factor[i, i + 1 :], error)
    return {"integers": integers[place].astype("uint8"), "scale": np.stack(scales), "zero": np.stack(zeros).astype("uint8"),
            "g_idx": (place / size).astype("float32")}  # fmt: skip


def _inverse_factor(hessian: np.ndarray, damping: float) -> np.ndarray:
    """The upper Cholesky factor of the inverse of the damped Hessian."""
    mean = np.diag(hessian).mean()
    while True:
        try:
            return np.linalg.cholesky(np.linalg.inv(hessian + np.eye(len(hessian)) * (damping * mean))).T
        except np.linalg.LinAlgError:  # inputs that depend on each other, without damping
            damping = max(10 * damping, 1e-9)
