"""Configs as Keras 1 and 2 (and the Keras inside TensorFlow) wrote them, turned into those of Keras 3."""

from __future__ import annotations

import contextlib
import threading

from kerata.saving import legacy_keras1
from kerata.saving.registration import register_keras_serializable


class _Source(threading.local):
    version: tuple | None = None
    backend: str | None = None


_source = _Source()


@contextlib.contextmanager
def written_by(version, backend: str | None = None):
    """Read what is inside as written by this version of Keras ("2.2.4"), on this backend."""
    before = _source.version, _source.backend
    _source.version, _source.backend = parse_version(version), backend
    try:
        yield
    finally:
        _source.version, _source.backend = before


def parse_version(version) -> tuple | None:
    """`"2.4.0-tf"` -> `(2, 4)`; None if it says nothing."""
    if isinstance(version, bytes):
        version = version.decode("utf-8", "replace")
    parts = str(version or "").split(".")
    if not parts[0].isdigit():
        return None
    return int(parts[0]), int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


READ = (3, 15)  # the newest version of Keras whose files are known


def writer(version, kerata_version=None, date=None) -> str:
    """A sentence on who wrote a file, and whether it is newer than what is known here; empty where the file does not say."""
    if isinstance(version, bytes):
        version = version.decode("utf-8", "replace")
    by = f"Kerata {kerata_version:.20}" if isinstance(kerata_version, str) else f"Keras {version:.20}" if isinstance(version, str) else ""
    if not by:
        return ""
    when = f" on {date:.20}" if isinstance(date, str) else ""
    parsed = parse_version(version)
    newer = parsed is not None and parsed > READ
    hint = f", which is newer than what this version reads (Keras {READ[0]}.{READ[1]}): update Kerata" if newer else ""
    return f" (The file was written by {by}{when}{hint}.)"


@contextlib.contextmanager
def naming(note: str):
    """Errors of what is inside say who wrote the file."""
    try:
        yield
    except Exception as e:
        if note and e.args and isinstance(e.args[0], str):
            e.args = (e.args[0] + note, *e.args[1:])
        elif note:
            e.add_note(note)
        raise


def source_major() -> int:
    """1, 2 or 3: the generation of Keras that wrote what is being read."""
    return _source.version[0] if _source.version else 3


@register_keras_serializable("kerata.legacy", "hard_sigmoid")
def hard_sigmoid_of_keras2(x):
    """`clip(0.2 x + 0.5, 0, 1)`: what "hard_sigmoid" meant before Keras 3."""
    from kerata import ops

    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)


# -- layers and other objects ----------------------------------------------------------------------------------
_NAMES = {
    "Policy": "DTypePolicy", "PolicyV1": "DTypePolicy", "CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU",
    "BatchNormalizationV1": "BatchNormalization", "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization", "LSTMV1": "LSTM", "GRUV1": "GRU", "DenseV1": "Dense",
    "SeparableConvolution2D": "SeparableConv2D", "Convolution1D": "Conv1D", "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D", "Convolution2DTranspose": "Conv2DTranspose", "Deconvolution2D": "Conv2DTranspose",
    "AtrousConvolution1D": "Conv1D", "AtrousConvolution2D": "Conv2D", "GlobalMaxPooling": "GlobalMaxPooling1D",
    "Model": "Functional", "Container": "Functional", "Graph": "Functional",
    "LSTMCellV1": "LSTMCell", "GRUCellV1": "GRUCell",
    "glorot_uniform_initializer": "GlorotUniform", "Uniform": "RandomUniform", "Normal": "RandomNormal",
    "LRSchedule": "LearningRateSchedule",
}  # fmt: skip
# Arguments that are gone: what they did is done anyway, or belonged to one backend.
_DROPPED = frozenset((
    "time_major", "implementation", "consume_less", "dynamic", "fused", "renorm", "renorm_clipping", "renorm_momentum",
    "virtual_batch_size", "adjustment", "input_length", "input_dtype", "is_legacy_optimizer", "jit_compile",
    "query_shape", "key_shape", "value_shape", "experimental_aggregate_gradients", "sample_weight_mode", "unroll_",
    "return_runtime", "batch_input_shape_", "synchronized_",
))  # fmt: skip


def upgrade_name(name: str, module) -> str:
    """The class's name today."""
    if module is not None and not str(module).startswith(("keras", "tf_keras")):
        return name
    if name in ("Model", "Container", "Graph") and module in (None, "keras", "keras.models", "keras.engine.training"):
        return "Functional"
    if name == "Model":
        return name
    return _NAMES.get(name, name)


def upgrade_class(name: str, module, config) -> tuple:
    """A class and its config, where Keras 1 meant another class by them."""
    if source_major() == 1 and name == "Sequential" and module is None:
        branched = legacy_keras1.sequential_with_branches({"layers": config} if isinstance(config, list) else config)
        if branched is not None:
            return "Functional", branched
    return name, config


def upgrade_object(name: str, module, config):
    """The config of a class of Keras's own, with today's arguments. Classes of users are left alone."""
    if not isinstance(config, dict):
        return {"layers": config} if isinstance(config, list) and name == "Sequential" else config
    if module is not None and not (isinstance(module, str) and module.split(".")[0] in ("keras", "tf_keras")):
        return config
    config = dict(config)
    if source_major() == 1:
        config = legacy_keras1.upgrade(name, config)
    change = _CHANGES.get(name)
    if change is not None:
        config = change(config) or config
    _upgrade_common(name, config)
    return config


def _upgrade_common(name: str, config: dict) -> None:
    for key in _DROPPED & config.keys():
        if not (key == "jit_compile" and "run_eagerly" in config):
            del config[key]
    if source_major() < 3:
        for key in ("activation", "recurrent_activation"):
            if config.get(key) == "hard_sigmoid":
                config[key] = {"class_name": "function", "config": "kerata.legacy>hard_sigmoid", "module": "builtins"}
        if name not in ("InputLayer", "Sequential", "Functional", "Model") and "dtype" in config:
            _upgrade_dtype(config)
    if isinstance(config.get("fn"), str) and name.endswith("Wrapper"):
        config["fn"] = {"class_name": "function", "config": config["fn"], "module": "builtins"}


def _upgrade_dtype(config: dict) -> None:
    """In Keras 2 a layer's dtype may be that of its (integer) input; then it computes in floatx."""
    dtype = config["dtype"]
    if isinstance(dtype, str) and (dtype.startswith(("int", "uint")) or dtype in ("bool", "string")):
        if "num_tokens" not in config and "vocabulary" not in config:
            del config["dtype"]


def _first_axis(config: dict):
    axis = config.get("axis")
    if isinstance(axis, list | tuple) and len(axis) == 1:
        config["axis"] = axis[0]


def _input_layer(config: dict):
    if "batch_input_shape" in config:
        config["batch_shape"] = config.pop("batch_input_shape")
    if config.get("dtype") is None and config.get("input_dtype"):
        config["dtype"] = config["input_dtype"]
    for key in ("type_spec", "ragged_rank", "input_tensor", "row_splits_dtype"):
        config.pop(key, None)


def _gru(config: dict):
    config.setdefault("reset_after", False)


def _cudnn(config: dict):
    config.setdefault("recurrent_activation", "sigmoid")
    config.setdefault("activation", "tanh")


def _leaky(config: dict):
    if "alpha" in config:
        config["negative_slope"] = _scalar(config.pop("alpha"))


def _elu(config: dict):
    if "alpha" in config:
        config["alpha"] = _scalar(config["alpha"])


def _relu(config: dict):
    for key in ("max_value", "negative_slope", "threshold"):
        if key in config:
            config[key] = _scalar(config[key])


def _scalar(x):
    """A number that was written as an array."""
    if isinstance(x, dict) and "value" in (x.get("config") or x):
        x = (x.get("config") or x)["value"]
    while isinstance(x, list) and len(x) == 1:
        x = x[0]
    return x


def _lambda(config: dict):
    function = config.get("function")
    kind = config.pop("function_type", None)
    for key in ("module", "output_shape_module", "output_shape_type", "mask_type", "mask_module"):
        config.pop(key, None)
    if isinstance(function, list) and len(function) == 3:
        code = dict(zip(("code", "defaults", "closure"), function))
        config["function"] = {"class_name": "__lambda__", "config": code}
    elif kind == "function" and isinstance(function, str):
        config["function"] = {"class_name": "function", "config": function, "module": "builtins"}
    shape = config.get("output_shape")
    if isinstance(shape, list) and len(shape) == 3 and isinstance(shape[0], str):
        config["output_shape"] = {"class_name": "__lambda__", "config": dict(zip(("code", "defaults", "closure"), shape))}


def _variance_scaling(config: dict):
    if config.get("distribution") == "normal":
        config["distribution"] = "truncated_normal"


def _conv(config: dict):
    """Theano and MXNet padded even kernels before, the others after: the same with a kernel of one more, zero, tap."""
    sizes, strides = config.get("kernel_size"), config.get("strides", 1)
    padded_before = _source.backend in ("theano", "mxnet") or (_source.backend is None and source_major() == 1)
    if not padded_before or config.get("padding") != "same" or not isinstance(sizes, list):
        return
    if all(s == 1 for s in (strides if isinstance(strides, list) else [strides])):
        config["kernel_size"] = [n + 1 - n % 2 for n in sizes]


def _last_axis(config: dict):
    """Keras 2 kept the axes resolved; a rank is not known here, so that one axis alone stays a number."""
    _first_axis(config)


def _depthwise(config: dict):
    for key in ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"):
        config.pop(key, None)


def _transposed(config: dict):
    """Theano cut one more from the front where stride and kernel are odd and even: a zero tap more does the same."""
    config.pop("groups", None)
    sizes, strides = config.get("kernel_size"), config.get("strides", 1)
    if _source.backend != "theano" or config.get("padding") != "same" or not isinstance(sizes, list):
        return
    strides = strides if isinstance(strides, list) else [strides] * len(sizes)
    config["kernel_size"] = [k + 1 if k % 2 and k > s and (k - s) % 2 else k for k, s in zip(sizes, strides)]


def _upsampling(config: dict):
    if isinstance(config.get("size"), list) and len(config["size"]) == 1:
        config["size"] = config["size"][0]


def _loss(config: dict):
    if config.get("reduction") in ("auto", "none", None):
        config["reduction"] = {"auto": "sum_over_batch_size", "none": "none"}.get(config.get("reduction"), "sum_over_batch_size")
    config.pop("fn", None)


def _optimizer(config: dict):
    rate = config.pop("lr", None)
    if rate is not None:
        config.setdefault("learning_rate", rate)
    decay = config.pop("decay", 0)
    if decay and isinstance(config.get("learning_rate"), int | float):
        schedule = {"initial_learning_rate": config["learning_rate"], "decay_steps": 1, "decay_rate": decay}
        config["learning_rate"] = {
            "module": "keras.optimizers.schedules", "class_name": "InverseTimeDecay", "config": schedule,
            "registered_name": None,
        }  # fmt: skip
    config.pop("schedule_decay", None)
    if config.get("epsilon", 0) is None:
        config["epsilon"] = 1e-7
    for key in ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm"):
        if config.get(key, 1) in (None, False):
            del config[key]


def _loss_scale(config: dict):
    inner = config.get("inner_optimizer")
    if isinstance(inner, dict) and source_major() < 3:
        for key in ("is_dynamic", "dynamic"):
            config.pop(key, None)
        config["dynamic_growth_steps"] = config.pop("dynamic_growth_steps", None) or 2000
        config["initial_scale"] = config.pop("initial_scale", None) or 2.0**15
        if "name" in config and not config["name"]:
            del config["name"]


_OPTIMIZERS = (
    "Adam", "AdamW", "Adamax", "Nadam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Ftrl", "Adafactor", "Lion",
)  # fmt: skip
_LOSSES = (
    "BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy",
    "CategoricalHinge", "CosineSimilarity", "Hinge", "Huber", "KLDivergence", "LogCosh", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson",
    "SparseCategoricalCrossentropy", "SquaredHinge",
)  # fmt: skip


def _loss_or_metric(config: dict):
    return _loss(config) if "reduction" in config and source_major() < 3 else None


_CHANGES = {
    "InputLayer": _input_layer,
    "BatchNormalization": _first_axis,
    "BatchNormalizationV1": _first_axis,
    "GRU": _gru,
    "GRUCell": _gru,
    "CuDNNLSTM": _cudnn,
    "CuDNNGRU": lambda c: {"reset_after": True, "recurrent_activation": "sigmoid", **c},
    "LeakyReLU": _leaky,
    "ELU": _elu,
    "ReLU": _relu,
    "Lambda": _lambda,
    "VarianceScaling": _variance_scaling,
    "UpSampling1D": _upsampling,
    "LossScaleOptimizer": _loss_scale,
    "UnitNormalization": _last_axis,
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "Convolution2D", "Convolution3D"), _conv),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"), _depthwise),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "Deconvolution2D"), _transposed),
    **dict.fromkeys(_OPTIMIZERS, _optimizer),
    **dict.fromkeys(_LOSSES, _loss_or_metric),
}


_COMPILE_ARGUMENTS = (
    "optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution",
    "jit_compile", "auto_scale_loss",
)  # fmt: skip


def upgrade_compile(config: dict) -> dict:
    """The arguments of compile(); None stood for "as usual" in Keras 2.

    Keras writes what "auto" came to on the backend at the time; whether to compile is for the backend that reads.
    """
    if not isinstance(config, dict):
        return config
    if config.get("jit_compile") is True:
        config = {**config, "jit_compile": "auto"}
    if source_major() >= 3:
        return config
    optional = ("run_eagerly", "steps_per_execution", "jit_compile")
    return {k: v for k, v in config.items() if k in _COMPILE_ARGUMENTS and not (k in optional and v is None)}


# -- graphs ----------------------------------------------------------------------------------------------------
def is_old_functional(config) -> bool:
    """Whether it is a Functional model's config as Keras 1 and 2 wrote it."""
    entries = config.get("layers") if isinstance(config, dict) else None
    calls = [c for e in entries or () if isinstance(e, dict) for c in e.get("inbound_nodes") or ()]
    return source_major() < 3 or any(not isinstance(c, dict) or "args" not in c for c in calls)


def upgrade_functional(config: dict) -> dict:
    """A Functional model's config with calls as `{"args", "kwargs"}`, and single ends without a list around them."""
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        raise ValueError("The config of a Functional model has a list of `layers`; this one has none.")
    old = False
    layers = []
    for entry in config["layers"]:
        if not isinstance(entry, dict):
            raise ValueError(f"Each of `layers` in a Functional model's config is a dictionary; got {entry!r:.200}.")
        calls = entry.get("inbound_nodes") or []
        if isinstance(calls, list | tuple) and any(not isinstance(c, dict) or "args" not in c for c in calls):
            old = True
            entry = {**entry, "inbound_nodes": [_call(c) for c in calls]}
        layers.append(entry)
    config = {**config, "layers": layers}
    if old or source_major() < 3:
        for key in ("input_layers", "output_layers"):
            ends = config.get(key)
            if isinstance(ends, list) and len(ends) == 1 and isinstance(ends[0], list):
                config[key] = ends[0]
    return config


def _is_place(x) -> bool:
    return (
        isinstance(x, list | tuple) and len(x) in (3, 4) and isinstance(x[0], str) and type(x[1]) is int
        and (x[0] == "_CONSTANT_VALUE" or type(x[2]) is int) and (len(x) == 3 or isinstance(x[3], dict))
    )  # fmt: skip


def _call(call) -> dict:
    """One call of Keras 1 or 2: the places of the input tensors, with keyword arguments in the first of them."""
    kwargs: dict = {}

    def tensor(x):
        if isinstance(x, dict):
            return {k: tensor(v) for k, v in x.items()}
        if _is_place(x):
            if len(x) == 4 and isinstance(x[3], dict):
                kwargs.update(x[3])
            if x[0] == "_CONSTANT_VALUE":
                return x[2]
            place = {"keras_history": list(x[:3]), "shape": None}
            return {"class_name": "__keras_tensor__", "config": place}
        if isinstance(x, list | tuple):
            return [tensor(v) for v in x]
        return x

    first = tensor(call)
    if isinstance(first, list) and len(first) == 1:
        first = first[0]

    def value(x):
        if _is_place(x) and len(x) == 3:
            return tensor(x)
        if isinstance(x, dict):
            return {k: value(v) for k, v in x.items()}
        return [value(v) for v in x] if isinstance(x, list) else x

    return {"args": [first], "kwargs": {k: value(v) for k, v in kwargs.items()}}
