"""Utilities: seeds, files, arrays, data sets, progress, pictures of models."""

from kerata.core.lazy import attach as _attach

_PLACES = {
    "Config": "kerata.utils.settings",
    "CustomObjectScope": "kerata.saving",
    "FeatureSpace": "kerata.utils.feature_space",
    "Progbar": "kerata.utils.progbar",
    "PyDataset": "kerata.training.data.pydataset",
    "Sequence": "kerata.training.data.pydataset",
    "array_to_img": "kerata.utils.images",
    "audio_dataset_from_directory": "kerata.utils.audio_dataset",
    "clear_session": "kerata.core.names",
    "custom_object_scope": "kerata.saving:CustomObjectScope",
    "deserialize_keras_object": "kerata.saving",
    "disable_interactive_logging": "kerata.core.config",
    "enable_interactive_logging": "kerata.core.config",
    "get_custom_objects": "kerata.saving",
    "get_file": "kerata.utils.cache",
    "get_registered_name": "kerata.saving",
    "get_registered_object": "kerata.saving",
    "get_source_inputs": "kerata.utils.graph_inputs",
    "image_dataset_from_directory": "kerata.utils.image_dataset",
    "img_to_array": "kerata.utils.images",
    "is_interactive_logging_enabled": "kerata.core.config",
    "is_keras_tensor": "kerata.core.keras_tensor",
    "load_img": "kerata.utils.images",
    "model_to_dot": "kerata.utils.model_graph",
    "normalize": "kerata.utils.numerical",
    "pack_x_y_sample_weight": "kerata.training.data.packing",
    "pad_sequences": "kerata.utils.sequences",
    "plot_model": "kerata.utils.model_graph",
    "register_keras_serializable": "kerata.saving",
    "save_img": "kerata.utils.images",
    "serialize_keras_object": "kerata.saving",
    "set_random_seed": "kerata.utils.seeds",
    "split_dataset": "kerata.utils.split",
    "standardize_dtype": "kerata.core.dtypes",
    "text_dataset_from_directory": "kerata.utils.text_dataset",
    "timeseries_dataset_from_array": "kerata.utils.timeseries",
    "to_categorical": "kerata.utils.numerical",
    "unpack_x_y_sample_weight": "kerata.training.data.packing",
}
_SUBMODULES = ("bounding_boxes", "legacy", "summary")

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES, _SUBMODULES)
