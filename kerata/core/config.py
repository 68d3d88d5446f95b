"""The one configuration object: default float type, epsilon, data format, and what users may switch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class _Config:
    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    interactive_logging: bool = True
    traceback_filtering: bool = True
    flash_attention: bool | None = None
    max_epochs: int | None = None
    max_steps_per_epoch: int | None = None


config = _Config()


def floatx() -> str:
    """The default float dtype's name, e.g. "float32"."""
    return config.floatx


def set_floatx(value: str) -> None:
    """Make `value` ("float16", "bfloat16", "float32" or "float64") the default float dtype."""
    if value not in ("bfloat16", "float16", "float32", "float64"):
        raise ValueError(
            f"set_floatx() was given {value!r}; it wants 'float16', 'bfloat16', 'float32' or 'float64'."
        )
    config.floatx = str(value)
    from kerata.core import dtype_policy

    dtype_policy.forget_default()


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite."""
    return config.epsilon


def set_epsilon(value: float) -> None:
    """Set the small number that keeps divisions and logarithms finite."""
    config.epsilon = float(value)


def image_data_format() -> str:
    """"channels_last" or "channels_first": where layers look for channels when they are not told."""
    return config.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Make "channels_last" or "channels_first" the default."""
    config.image_data_format = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """The given data format, or the default for None; ValueError for anything else."""
    if data_format is None:
        return config.image_data_format
    value = str(data_format).lower()
    if value not in ("channels_last", "channels_first"):
        raise ValueError(f"`data_format` must be 'channels_last' or 'channels_first', not {data_format!r}.")
    return value


def is_interactive_logging_enabled() -> bool:
    """Whether progress goes to the terminal (True) or to the logger."""
    return config.interactive_logging


def enable_interactive_logging() -> None:
    """Show progress on the terminal."""
    config.interactive_logging = True


def disable_interactive_logging() -> None:
    """Send progress to the logger "kerata" instead of the terminal."""
    config.interactive_logging = False


def is_traceback_filtering_enabled() -> bool:
    """Whether frames inside Kerata are left out of tracebacks."""
    return config.traceback_filtering


def enable_traceback_filtering() -> None:
    """Leave Kerata's own frames out of tracebacks."""
    config.traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Show full tracebacks."""
    config.traceback_filtering = False


def enable_flash_attention() -> None:
    """Let attention use the fused kernel where it applies (the default)."""
    config.flash_attention = None


def disable_flash_attention() -> None:
    """Compute attention step by step."""
    config.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """None or True: fused attention where it applies; False: never."""
    return config.flash_attention


def max_epochs() -> int | None:
    """The limit that `set_max_epochs` put on every `fit`, or None."""
    return config.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Cap the number of epochs of every `fit` (for smoke tests)."""
    config.max_epochs = max_epochs


def max_steps_per_epoch() -> int | None:
    """The limit that `set_max_steps_per_epoch` put on every epoch, or None."""
    return config.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Cap the number of steps of every epoch (for smoke tests)."""
    config.max_steps_per_epoch = max_steps_per_epoch
