"""The one configuration object: default float type, epsilon, data format, and what users may switch."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from kerata.core import home


def _whole(variable: str) -> int | None:
    """An integer of the environment, or None."""
    value = os.environ.get(variable)
    return int(value) if value else None


@dataclass
class _Config:
    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    interactive_logging: bool = True
    traceback_filtering: bool = True
    flash_attention: bool | None = None
    max_epochs: int | None = field(default_factory=lambda: _whole("KERAS_MAX_EPOCHS"))
    max_steps_per_epoch: int | None = field(default_factory=lambda: _whole("KERAS_MAX_STEPS_PER_EPOCH"))
    nan_check: bool = False
    deterministic: bool = False


config = _Config(**home.settings())


def enable_nan_check() -> None:
    """Let `fit` find where the first NaN comes from: it raises a FloatingPointError that names batch, layer and op.

    After every step the loss and the weights are looked at. After the first step that makes one of them NaN or infinite,
    the weights from before are put back, and the step is done again, op by op. Steps run one by one, and the weights
    are copied before each: training is slower.

    >>> kerata.config.enable_nan_check()
    >>> kerata.config.is_nan_check_enabled()
    True
    >>> kerata.config.disable_nan_check()
    """
    config.nan_check = True


def disable_nan_check() -> None:
    """Train at full speed again, without looking for NaN.

    >>> kerata.config.disable_nan_check()
    >>> kerata.config.is_nan_check_enabled()
    False
    """
    config.nan_check = False


def is_nan_check_enabled() -> bool:
    """Whether `fit` finds where the first NaN comes from; False by default.

    >>> kerata.config.is_nan_check_enabled()
    False
    """
    return config.nan_check


def enable_determinism(seed: int = 0) -> None:
    """Make programs repeat bit for bit: everything is seeded, and backends use deterministic kernels only.

    To be called before tensors are made. On CPU and GPU, on every backend that is loaded or will be: PyTorch's
    `use_deterministic_algorithms`, TensorFlow's `enable_op_determinism`, XLA's deterministic ops. It holds for the rest of
    the process. Some kernels are slower; an op that has no deterministic kernel raises.

    Args:
        seed: integer from 0 to 2**32 - 1, for `kerata.utils.set_random_seed`; 0 by default.

    >>> import subprocess, sys
    >>> code = "import kerata; kerata.config.enable_determinism(3); print(kerata.random.uniform((2,)))"
    >>> run = lambda: subprocess.run([sys.executable, "-c", code], capture_output=True).stdout
    >>> run() == run()
    True
    """
    from kerata import backend
    from kerata.utils.seeds import set_random_seed

    config.deterministic = True
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if "--xla_gpu_deterministic_ops" not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true".strip()
    set_random_seed(seed)
    backend.when_loaded(lambda module: module.make_deterministic() if hasattr(module, "make_deterministic") else None)
    set_random_seed(seed)


def is_determinism_enabled() -> bool:
    """Whether `enable_determinism` was called.

    >>> kerata.config.is_determinism_enabled()
    False
    """
    return config.deterministic


def floatx() -> str:
    """The name of the default float dtype: "float32" unless `set_floatx` said otherwise.

    >>> kerata.config.floatx()
    'float32'
    """
    return config.floatx


def set_floatx(value: str) -> None:
    """Make `value` the default float dtype, for weights and tensors made from now on.

    Args:
        value: "bfloat16", "float16", "float32" or "float64". 16 bits are rarely enough for weights: for speed, set the
            dtype policy "mixed_bfloat16" instead.

    Raises:
        ValueError: for any other dtype.

    >>> kerata.config.set_floatx("bfloat16")
    >>> kerata.backend.standardize_dtype(kerata.ops.ones((2,)).dtype)
    'bfloat16'
    >>> kerata.config.set_floatx("float32")
    """
    if value not in ("bfloat16", "float16", "float32", "float64"):
        raise ValueError(
            f"set_floatx() was given {value!r}; it wants 'float16', 'bfloat16', 'float32' or 'float64'."
        )
    config.floatx = str(value)


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite: 1e-07 unless `set_epsilon` changed it.

    >>> kerata.config.epsilon()
    1e-07
    """
    return config.epsilon


def set_epsilon(value: float) -> None:
    """Set the small number that keeps divisions and logarithms finite.

    Args:
        value: positive number. With floatx "float16" take at least 1e-4: smaller ones vanish beside 1.

    >>> kerata.config.set_epsilon(1e-4)
    >>> kerata.config.epsilon()
    0.0001
    >>> kerata.config.set_epsilon(1e-7)
    """
    config.epsilon = float(value)


def image_data_format() -> str:
    """Where layers look for channels when they are not told: "channels_last" (the default) or "channels_first".

    >>> kerata.config.image_data_format()
    'channels_last'
    """
    return config.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Say where layers made from now on look for channels when they are not told.

    Args:
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: for anything else.

    >>> kerata.config.set_image_data_format("channels_first")
    >>> kerata.layers.Conv2D(2, 3).data_format
    'channels_first'
    >>> kerata.config.set_image_data_format("channels_last")
    """
    # None would mean the format in force.
    config.image_data_format = standardize_data_format("None" if data_format is None else data_format)


def standardize_data_format(data_format: str | None) -> str:
    """The given data format, or the default for None; ValueError for anything else."""
    if data_format is None:
        return config.image_data_format
    value = str(data_format).lower()
    if value not in ("channels_last", "channels_first"):
        raise ValueError(f"`data_format` must be 'channels_last' or 'channels_first', not {data_format!r}.")
    return value


def is_interactive_logging_enabled() -> bool:
    """Whether progress goes to the terminal (True, the default) or to the logger "kerata" (False).

    >>> kerata.config.is_interactive_logging_enabled()
    True
    """
    return config.interactive_logging


def enable_interactive_logging() -> None:
    """Show progress on the terminal, with bars: the default.

    >>> kerata.config.enable_interactive_logging()
    >>> kerata.config.is_interactive_logging_enabled()
    True
    """
    config.interactive_logging = True


def disable_interactive_logging() -> None:
    """Send progress to the logger "kerata" of Python's `logging`: for servers, where a moving bar fills files.

    >>> kerata.config.disable_interactive_logging()
    >>> kerata.config.is_interactive_logging_enabled()
    False
    >>> kerata.config.enable_interactive_logging()
    """
    config.interactive_logging = False


def is_traceback_filtering_enabled() -> bool:
    """Whether frames inside Kerata are left out of tracebacks; True by default.

    >>> kerata.config.is_traceback_filtering_enabled()
    True
    """
    return config.traceback_filtering


def enable_traceback_filtering() -> None:
    """Leave Kerata's own frames out of tracebacks, so that they end in your code: the default.

    >>> kerata.config.enable_traceback_filtering()
    >>> kerata.config.is_traceback_filtering_enabled()
    True
    """
    config.traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Show every frame of tracebacks, Kerata's too: to find an error in Kerata itself.

    >>> kerata.config.disable_traceback_filtering()
    >>> kerata.config.is_traceback_filtering_enabled()
    False
    >>> kerata.config.enable_traceback_filtering()
    """
    config.traceback_filtering = False


def enable_flash_attention() -> None:
    """Let attention use the backend's fused kernel where one applies: the default.

    Source: Dao et al. (2022), https://arxiv.org/abs/2205.14135

    >>> kerata.config.enable_flash_attention()
    >>> kerata.config.is_flash_attention_enabled() is False
    False
    """
    config.flash_attention = None


def disable_flash_attention() -> None:
    """Compute attention step by step: the whole matrix of scores is then held in memory.

    >>> kerata.config.disable_flash_attention()
    >>> kerata.config.is_flash_attention_enabled()
    False
    >>> kerata.config.enable_flash_attention()
    """
    config.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """Whether attention may use a fused kernel: None, where it applies (the default), or False, never.

    >>> print(kerata.config.is_flash_attention_enabled())
    None
    """
    return config.flash_attention


def max_epochs() -> int | None:
    """The limit that `set_max_epochs` put on every `fit`, or None.

    >>> print(kerata.config.max_epochs())
    None
    """
    return config.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Cap the number of epochs of every `fit`, whatever its `epochs` says: to try a long program out quickly.

    The environment variable `KERAS_MAX_EPOCHS` does the same for a program that is not to be changed.

    Args:
        max_epochs: integer of at least 1, or None for no cap.

    >>> kerata.config.set_max_epochs(1)
    >>> model = kerata.Sequential([kerata.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> len(model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=50, verbose=0).epoch)
    1
    >>> kerata.config.set_max_epochs(None)
    """
    config.max_epochs = max_epochs


def max_steps_per_epoch() -> int | None:
    """The limit that `set_max_steps_per_epoch` put on every epoch, or None.

    >>> print(kerata.config.max_steps_per_epoch())
    None
    """
    return config.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Cap the number of batches of every epoch of `fit`, `evaluate` and `predict`: to try a long program out quickly.

    The environment variable `KERAS_MAX_STEPS_PER_EPOCH` does the same for a program that is not to be changed.

    Args:
        max_steps_per_epoch: integer of at least 1, or None for no cap.

    >>> kerata.config.set_max_steps_per_epoch(3)
    >>> kerata.Sequential([kerata.layers.Dense(1)]).predict(np.ones((10, 2)), batch_size=2, verbose=0).shape
    (6, 1)
    >>> kerata.config.set_max_steps_per_epoch(None)
    """
    config.max_steps_per_epoch = max_steps_per_epoch
