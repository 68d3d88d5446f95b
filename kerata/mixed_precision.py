"""Mixed precision: older names of the dtype policy functions."""

from kerata.core.dtype_policy import DTypePolicy, dtype_policy, set_dtype_policy
from kerata.optimizers import LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
