"""AWQ (Lin et al., 2023, https://arxiv.org/abs/2306.00978), on NumPy arrays."""

from __future__ import annotations

import numpy as np

from kerata.quantizers.grid import grids_of_groups, rounded


def awq(weight: np.ndarray, magnitudes: np.ndarray, config) -> dict:
    """Round a weight whose inputs are scaled by a power of their largest activations; the best power of 0, ..., 1 is looked for.

    The best one has the least `sum((magnitudes * (rounded weight - weight))^2)`.

    Args:
        weight: matrix (inputs, outputs).
        magnitudes: largest absolute activation of each input.
        config: an `AWQConfig`.

    Returns:
        `integers`, `scale`, `zero`, `g_idx` as from `gptq`, of `weight * awq_scales[:, None]`, and `awq_scales`.
    """
    best, least = None, np.inf
    for step in range(config.num_grid_points + 1):
        factors = _factors(magnitudes, step / config.num_grid_points)
        found = _round_scaled(weight, factors, config)
        scale, zero = (found[k][found["g_idx"].astype(int)] for k in ("scale", "zero"))
        off = (found["integers"] - zero.astype("float32")) * scale / factors[:, None] - weight
        error = np.square(off * magnitudes[:, None]).sum()
        if error < least:
            best, least = found, error
    return best


def _factors(magnitudes: np.ndarray, power: float) -> np.ndarray:
    factors = np.maximum(magnitudes, 1e-4) ** power
    return (factors / np.sqrt(factors.max() * factors.min())).astype("float32")


def _round_scaled(weight: np.ndarray, factors: np.ndarray, config) -> dict:
    scaled = (weight * factors[:, None]).astype("float32")
    scale, zero, groups = grids_of_groups(scaled, config.weight_bits, config.group_size)
    integers = rounded(scaled, scale[groups], zero[groups], config.weight_bits)
    return {"integers": integers.astype("uint8"), "scale": scale, "zero": zero.astype("uint8"), "g_idx": groups.astype("float32"),
            "awq_scales": factors}  # fmt: skip
