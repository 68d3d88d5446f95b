"""GPTQ (Frantar et al., 2022, https://arxiv.org/abs/2210.17323), on NumPy arrays."""

from __future__ import annotations

import numpy as np

from kerata.quantizers.grid import grid_of, grids_of_groups, rounded


def gptq(weight: np.ndarray, hessian: np.ndarray, config) -> dict:
    """Round a weight input by input, each time correcting the inputs that are left for the error.

    Args:
        weight: matrix (inputs, outputs).
        hessian: matrix (inputs, inputs), `2 * mean(x x^T)` over the data.
        config: a `GPTQConfig`.

    Returns:
        `integers` (inputs, outputs), `scale` and `zero` (groups, outputs), and `g_idx`, the group of each input.
    """
    weight, hessian = weight.astype("float64").copy(), hessian.astype("float64").copy()
    unused = np.diag(hessian) == 0
    hessian[unused, unused] = 1
    weight[unused] = 0
    order = np.argsort(-np.diag(hessian), kind="stable") if config.activation_order else np.arange(len(weight))
    options = {"symmetric": config.symmetric, "per_channel": config.per_channel}
    scale, zero, groups = grids_of_groups(weight.astype("float32"), config.weight_bits, config.group_size, **options)
    factor = _inverse_factor(hessian[np.ix_(order, order)], config.hessian_damping)
    integers = np.zeros_like(weight)
    left, fresh = weight[order], set()
    for i, row in enumerate(order):
        g = groups[row]
        if not config.activation_order and g not in fresh:  # the grid of a group, as corrected when its turn comes
            fresh.add(g)
            scale[g], zero[g] = grid_of(left[groups[order] == g].astype("float32"), config.weight_bits, **options)
        integers[row] = rounded(left[i], scale[g], zero[g], config.weight_bits)
        error = (left[i] - (integers[row] - zero[g]) * scale[g]) / factor[i, i]
        left[i + 1 :] -= np.outer(factor[i, i + 1 :], error)
    return {"integers": integers.astype("uint8"), "scale": scale, "zero": zero.astype("uint8"), "g_idx": groups.astype("float32")}


def _inverse_factor(hessian: np.ndarray, damping: float) -> np.ndarray:
    """The upper Cholesky factor of the inverse of the damped Hessian."""
    damped = hessian + np.eye(len(hessian)) * (damping * np.diag(hessian).mean() or 1e-6)
    return np.linalg.cholesky(np.linalg.inv(damped)).T
