"""Image primitives for which PyTorch has a fused kernel."""

from __future__ import annotations

import torch.nn.functional as F


def resize(x, axes, size, method, antialias):
    """Bilinear, of floats (the general way is a matrix product an axis); images of 3 or 4 axes, `axes` spatial."""
    if method != "bilinear" or antialias or not x.is_floating_point():
        return NotImplemented
    rank = x.ndim
    x = x if rank == 4 else x.unsqueeze(0)
    last = axes[1] == rank - 2  # channels last: a permuted view is PyTorch's channels_last memory
    x = x.permute(0, 3, 1, 2) if last else x
    out = F.interpolate(x, size, mode="bilinear", align_corners=False)
    out = out.permute(0, 2, 3, 1) if last else out
    return out if rank == 4 else out.squeeze(0)
