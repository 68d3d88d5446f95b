"""What users may set: the backend, dtypes, image format, logging, limits for smoke tests."""

from kerata.backend import backend, set_backend
from kerata.core.config import (
    disable_flash_attention,
    disable_interactive_logging,
    disable_nan_check,
    disable_traceback_filtering,
    enable_determinism,
    enable_flash_attention,
    enable_interactive_logging,
    enable_nan_check,
    enable_traceback_filtering,
    epsilon,
    floatx,
    image_data_format,
    is_determinism_enabled,
    is_flash_attention_enabled,
    is_interactive_logging_enabled,
    is_nan_check_enabled,
    is_traceback_filtering_enabled,
    max_epochs,
    max_steps_per_epoch,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    set_max_epochs,
    set_max_steps_per_epoch,
)
from kerata.core.dtype_policy import dtype_policy, set_dtype_policy


def enable_unsafe_deserialization() -> None:
    """Let `load_model` run Python code that a file brings along, in this process, as `safe_mode=False` does for one call.

    Only the code of `Lambda` layers is concerned; everything else in a file is data. Use it for files that you trust.

    >>> kerata.config.enable_unsafe_deserialization()  # doctest: +SKIP
    """
    from kerata.saving import safe_mode

    safe_mode.enable_unsafe_deserialization()


def is_nnx_enabled() -> bool:
    """Whether variables are Flax NNX variables: always False here, where a model serves any backend.

    >>> kerata.config.is_nnx_enabled()
    False
    """
    return False


__all__ = [
    "backend",
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_nan_check",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_determinism",
    "enable_flash_attention",
    "enable_interactive_logging",
    "enable_nan_check",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_determinism_enabled",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_nan_check_enabled",
    "is_nnx_enabled",
    "is_traceback_filtering_enabled",
    "max_epochs",
    "max_steps_per_epoch",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_max_epochs",
    "set_max_steps_per_epoch",
]
