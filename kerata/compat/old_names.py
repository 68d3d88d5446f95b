"""Where the modules and names of Keras 1 and 2 are today: the tables by which `kerata run` finds them."""

from __future__ import annotations

# Module of earlier versions (without `keras.`) -> the packages of Kerata that have its names. `engine.*` are all modules in it.
MODULES = {
    "utils.np_utils": ("utils",),
    "utils.generic_utils": ("utils", "saving"),
    "utils.data_utils": ("utils",),
    "utils.vis_utils": ("utils",),
    "utils.layer_utils": ("utils",),
    "utils.io_utils": ("utils",),
    "utils.conv_utils": ("utils",),
    "engine": ("", "layers", "models"),
    "engine.*": ("", "layers", "models"),
    **{
        f"layers.{name}": ("layers",)
        for name in (
            "core", "convolutional", "pooling", "recurrent", "embeddings", "normalization", "advanced_activations",
            "wrappers", "merge", "merging", "noise", "local", "convolutional_recurrent", "cudnn_recurrent", "reshaping",
            "regularization", "rnn", "attention", "activations", "experimental.preprocessing", "experimental",
            "normalization_v2", "recurrent_v2",
        )
    },
    "objectives": ("losses",),
    "backend.tensorflow_backend": ("backend",),
    "optimizers.legacy": ("optimizers",),
    "optimizers.experimental": ("optimizers",),
    "optimizer_v2": ("optimizers",),
    "optimizer_v2.*": ("optimizers",),
    "optimizer_experimental.*": ("optimizers",),
    "mixed_precision.experimental": ("mixed_precision", "dtype_policies"),
    "saving.save": ("saving",),
}  # fmt: skip

# Names of earlier versions, by package: what they are today.
_SHORT = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
}  # fmt: skip
_SHORT |= {short.upper(): name for short, name in _SHORT.items()}
NAMES = {
    "layers": {"CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU", "Convolution2DTranspose": "Conv2DTranspose",
               "Deconvolution2D": "Conv2DTranspose"},
    "losses": {**_SHORT, "kld": "kl_divergence", "KLD": "kl_divergence", "kullback_leibler_divergence": "kl_divergence",
               "bce": "binary_crossentropy", "BCE": "binary_crossentropy", "logcosh": "log_cosh"},
    "metrics": dict(_SHORT),
    "constraints": {"maxnorm": "max_norm", "nonneg": "non_neg", "unitnorm": "unit_norm"},
    "optimizers": {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adadelta": "Adadelta",
                   "adamax": "Adamax", "nadam": "Nadam"},
}  # fmt: skip

_TOKENIZER = "use `keras.layers.TextVectorization`, which makes a vocabulary and turns texts into integers"
_GENERATOR = (
    "use `keras.utils.image_dataset_from_directory` and layers such as RandomFlip, RandomRotation, RandomZoom and Rescaling"
)
_FULL = "Kerata does not have it yet"
# Names and modules that have no successor of the same use: what to do instead.
GONE = {
    "Merge": "use `keras.layers.Concatenate`, `Add`, `Multiply`, ...: layers that are called with a list",
    "merge": "use `keras.layers.Concatenate`, `Add`, `Multiply`, ...: layers that are called with a list",
    "MaxoutDense": "use `Dense(units * pieces)`, Reshape and a maximum",
    "Highway": "write it with `Dense` and `Multiply`",
    "LocallyConnected1D": "it was removed in Keras 3; Conv1D is the nearest layer",
    "LocallyConnected2D": "it was removed in Keras 3; Conv2D is the nearest layer",
    "multi_gpu_model": "leave it out; it was removed in Keras 2.4",
    "print_summary": "use `model.summary()`",
    "HDF5Matrix": "use h5py, or a `keras.utils.PyDataset` over it",
    "model_from_yaml": "use `model_from_json`; a YAML file can run code",
    "placeholder": "make inputs with `keras.Input`",
    "to_yaml": "use `model.to_json()`",
    "set_session": "leave it out; there are no sessions any more",
    "get_session": "leave it out; there are no sessions any more",
    "Tokenizer": _TOKENIZER,
    "text_to_word_sequence": "use `text.lower().split()`, or `keras.layers.TextVectorization`",
    "preprocessing.text": _TOKENIZER,
    "ImageDataGenerator": _GENERATOR,
    "flow_from_directory": _GENERATOR,
    "TimeseriesGenerator": "use `keras.utils.timeseries_dataset_from_array`",
    "wrappers.scikit_learn": "use `keras.wrappers.SKLearnClassifier`, or the package scikeras",
    "output_shape": "use `layer.output.shape`",
    "input_shape": "use `layer.input.shape`",
    "get_output_at": "use `layer.output`",
    "get_input_at": "use `layer.input`",
    "applications": _FULL,
}


def packages_of(module: str) -> tuple[str, ...] | None:
    """The packages that have the names of an old module; None for others."""
    found = MODULES.get(module)
    if found is None and "." in module:
        found = MODULES.get(module.split(".")[0] + ".*")
    return found


def advice(name: str) -> str | None:
    """What to do instead of using a name or module that is gone."""
    parts = name.split(".")
    for i in range(len(parts)):
        for j in range(len(parts), i, -1):
            found = GONE.get(".".join(parts[i:j]))
            if found:
                return found
    return None
