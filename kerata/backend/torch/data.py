"""Data sets of `torch.utils.data`."""

from __future__ import annotations

import numpy as np
import torch

from kerata.core import tree


class Rows(torch.utils.data.Dataset):
    """The rows of nested NumPy arrays."""

    def __init__(self, arrays):
        leaves, self.structure = tree.flatten_with_structure(arrays)
        self.leaves = [torch.as_tensor(np.ascontiguousarray(a)) for a in leaves]

    def __len__(self) -> int:
        return len(self.leaves[0])

    def __getitem__(self, index):
        return tree.unflatten(self.structure, [leaf[index] for leaf in self.leaves])


from_arrays = Rows
