"""AWQ (Lin et al., 2023, https://arxiv.org/abs/2306.00978), on NumPy arrays."""

from __future__ import annotations

import numpy as np

from kerata.quantizers.grid import grids_of_groups, rounded


def awq(weight: np.ndarray, magnitudes: np.ndarray, inputs: np.ndarray, config) -> dict:
    """Round a weight whose inputs are scaled by a power of their activations' mean size; the best power is looked for.

    Args:
        weight: matrix (inputs, outputs).
        magnitudes: mean absolute activation of each input.
        inputs: rows of activations, on which powers are compared.
        config: an `AWQConfig`.

    Returns:
        `integers`, `scale`, `zero`, `g_idx` as from `gptq`, of `weight * awq_scales[:, None]`, and `awq_scales`.
    """
    best, least = None, np.inf
    wanted = inputs @ weight
    for step in range(config.num_grid_points):
        factors = _factors(magnitudes, step / config.num_grid_points)
        found = _round_scaled(weight, factors, config)
        scale, zero = (found[k][found["g_idx"].astype(int)] for k in ("scale", "zero"))
        error = np.square(inputs @ ((found["integers"] - zero.astype("float32")) * scale / factors[:, None]) - wanted).mean()
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
