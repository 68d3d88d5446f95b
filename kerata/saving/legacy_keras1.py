"""Layer configs of Keras 1: the arguments had other names, and several layers were one."""

from __future__ import annotations

_INITS = {
    "uniform": {"class_name": "RandomUniform", "config": {"minval": -0.05, "maxval": 0.05}},
    "normal": {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.05}},
    "zero": "zeros",
    "one": "ones",
}
_RENAMED = {
    "init": "kernel_initializer", "inner_init": "recurrent_initializer", "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer", "b_regularizer": "bias_regularizer", "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint", "b_constraint": "bias_constraint", "bias": "use_bias",
    "inner_activation": "recurrent_activation", "dropout_W": "dropout", "dropout_U": "recurrent_dropout",
    "border_mode": "padding", "subsample": "strides", "subsample_length": "strides", "nb_filter": "filters",
    "filter_length": "kernel_size", "atrous_rate": "dilation_rate", "pool_length": "pool_size", "stride": "strides",
    "length": "size", "p": "rate", "sigma": "stddev", "output_dim": "units",
}  # fmt: skip
_SPATIAL = ("Convolution", "Conv", "Pooling", "UpSampling", "ZeroPadding", "Cropping", "Deconvolution", "Atrous", "Separable",
            "SpatialDropout", "LocallyConnected")  # fmt: skip
_KEEP_OUTPUT_DIM = ("Embedding", "MaxoutDense")


def upgrade(name: str, config: dict) -> dict:
    """The config with the names and forms of Keras 2."""
    config = dict(config)
    special = _SPECIAL.get(name)
    if special is not None:
        special(config)
    for old, new in _RENAMED.items():
        if old in config and not (old == "output_dim" and name in _KEEP_OUTPUT_DIM):
            config[new] = config.pop(old)
    if "dim_ordering" in config:
        order = config.pop("dim_ordering")
        config["data_format"] = {"tf": "channels_last", "th": "channels_first"}.get(order, "channels_last")
    if name not in ("Embedding", "InputLayer") or name == "InputLayer":
        config.pop("input_dim", None)
    for key in [k for k in config if k.endswith("_initializer")]:
        value = config[key]
        config[key] = _INITS.get(value, value) if isinstance(value, str) else value
    for key in [k for k in config if k.endswith(("_regularizer", "_constraint"))]:
        config[key] = _penalty(config[key])
    if config.get("units") is None:
        config.pop("units", None)
    return config


def _penalty(value):
    """A regularizer or constraint, which was a flat dictionary with its `name`."""
    if not isinstance(value, dict) or "name" not in value or "class_name" in value:
        return value
    rest = {k: v for k, v in value.items() if k != "name"}
    name = {
        "L1L2Regularizer": "L1L2", "WeightRegularizer": "L1L2", "ActivityRegularizer": "L1L2", "MaxNorm": "MaxNorm",
    }.get(value["name"], value["name"])  # fmt: skip
    if "m" in rest:
        rest["max_value"] = rest.pop("m")
    return {"class_name": name, "config": rest}


def _conv2d(config: dict) -> None:
    if "nb_row" in config:
        config["kernel_size"] = [config.pop("nb_row"), config.pop("nb_col")]
    if "kernel_dim1" in config:
        config["kernel_size"] = [config.pop(f"kernel_dim{i}") for i in (1, 2, 3)]


def _deconv2d(config: dict) -> None:
    _conv2d(config)
    config.pop("output_shape", None)


def _conv1d(config: dict) -> None:
    if isinstance(config.get("atrous_rate"), int):
        config["dilation_rate"] = config.pop("atrous_rate")
    for key in ("input_length",):
        config.pop(key, None)


def _embedding(config: dict) -> None:
    config["embeddings_initializer"] = config.pop("init", "uniform")
    config["embeddings_regularizer"] = config.pop("W_regularizer", None)
    config["embeddings_constraint"] = config.pop("W_constraint", None)
    config.pop("dropout", None)
    config.pop("activity_regularizer", None)


def _batchnorm(config: dict) -> None:
    config.pop("mode", None)
    for which in ("gamma", "beta"):
        if f"{which}_init" in config:
            config[f"{which}_initializer"] = config.pop(f"{which}_init")


def _lstm(config: dict) -> None:
    forget = config.pop("forget_bias_init", "one")
    config["unit_forget_bias"] = forget in ("one", "ones")
    config.pop("input_dim", None)


def _simple(config: dict) -> None:
    config.pop("forget_bias_init", None)


def _dropout_like(config: dict) -> None:
    config.pop("noise_shape_", None)


def _pool1d(config: dict) -> None:
    config.pop("input_length", None)


def _prelu(config: dict) -> None:
    if "init" in config:
        config["alpha_initializer"] = config.pop("init")
    config.pop("weights", None)


def _noise(config: dict) -> None:
    config.pop("input_shape", None)


def _padding(config: dict) -> None:
    padding = config.get("padding")
    if isinstance(padding, dict):
        keys = ("top_pad", "bottom_pad", "left_pad", "right_pad")
        top, bottom, left, right = (padding.get(k, 0) for k in keys)
        config["padding"] = [[top, bottom], [left, right]]


_SPECIAL = {
    **dict.fromkeys(
        ("Convolution2D", "AtrousConvolution2D", "SeparableConvolution2D", "Convolution3D", "LocallyConnected2D"), _conv2d
    ),
    "Deconvolution2D": _deconv2d,
    **dict.fromkeys(("Convolution1D", "AtrousConvolution1D", "LocallyConnected1D"), _conv1d),
    "Embedding": _embedding,
    "BatchNormalization": _batchnorm,
    "LSTM": _lstm,
    "GRU": _simple,
    "SimpleRNN": _simple,
    "MaxPooling1D": _pool1d,
    "AveragePooling1D": _pool1d,
    "PReLU": _prelu,
    "ZeroPadding2D": _padding,
    "GaussianNoise": _noise,
}


def sequential_with_branches(config: dict) -> dict | None:
    """A Sequential that starts with a Merge of branches, as the Functional model that it is; None for others."""
    layers = config.get("layers")
    first = layers[0] if isinstance(layers, list) and layers else None
    if not isinstance(first, dict) or first.get("class_name") != "Merge":
        return None
    branches = first["config"].get("layers") or []
    nodes, ends, starts = [], [], []
    for i, branch in enumerate(branches):
        shape = _first_shape(branch)
        name = f"input_of_branch_{i + 1}"
        nodes.append({
            "class_name": "InputLayer", "name": name, "inbound_nodes": [],
            "config": {"batch_input_shape": shape, "name": name, "input_dtype": "float32"},
        })  # fmt: skip
        starts.append([name, 0, 0])
        inner = f"branch_{i + 1}"
        settings = {"name": inner, "layers": branch["config"]}
        call = [[[name, 0, 0]]]
        nodes.append({"class_name": "Sequential", "name": inner, "config": settings, "inbound_nodes": call})
        ends.append([inner, 0, 0])
    merge = {**first["config"], "layers": None}
    nodes.append({"class_name": "Merge", "name": merge["name"], "config": merge, "inbound_nodes": [ends]})
    last = merge["name"]
    for layer in layers[1:]:
        name = layer["config"]["name"]
        nodes.append({**layer, "name": name, "inbound_nodes": [[[last, 0, 0]]]})
        last = name
    return {"name": config.get("name"), "layers": nodes, "input_layers": starts, "output_layers": [[last, 0, 0]]}


def _first_shape(branch: dict):
    """The input shape that the first layer of a branch gives."""
    layers = branch["config"]
    layers = layers["layers"] if isinstance(layers, dict) else layers
    return layers[0]["config"]["batch_input_shape"]
