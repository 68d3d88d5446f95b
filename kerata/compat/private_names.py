"""Where the private modules of Keras (`keras.src.*`) have their counterparts: the one table of `kerata.compat.private`."""

from __future__ import annotations

_IMAGE = (
    "aug_mix auto_contrast base_image_preprocessing_layer center_crop clahe cut_mix equalization max_num_bounding_box mix_up "
    "rand_augment random_brightness random_color_degeneration random_color_jitter random_contrast random_crop "
    "random_elastic_transform random_erasing random_flip random_gaussian_blur random_grayscale random_hue random_invert "
    "random_perspective random_posterization random_rotation random_saturation random_sharpness random_shear "
    "random_translation random_zoom resizing solarization"
)
_SIDES = ("1d", "2d", "3d")
_POOLS = [f"{kind}_pooling{n}" for n in _SIDES for kind in (
    "adaptive_average", "adaptive_max", "average", "global_average", "global_max", "max",
)]  # fmt: skip
_LAYERS = {
    "activations": "activation elu leaky_relu prelu relu softmax",
    "attention": "additive_attention attention grouped_query_attention multi_head_attention",
    "convolutional": "base_conv base_conv_transpose base_depthwise_conv base_separable_conv conv1d conv1d_transpose conv2d "
    "conv2d_transpose conv3d conv3d_transpose depthwise_conv1d depthwise_conv2d separable_conv1d separable_conv2d",
    "core": "dense einsum_dense embedding identity input_layer lambda_layer masking reversible_embedding wrapper",
    "merging": "add average base_merge concatenate dot maximum minimum multiply subtract",
    "normalization": "batch_normalization group_normalization layer_normalization rms_normalization spectral_normalization "
    "unit_normalization",
    "pooling": " ".join(_POOLS),
    "preprocessing": "category_encoding data_layer discretization feature_space hashed_crossing hashing index_lookup "
    "integer_lookup mel_spectrogram normalization pipeline rescaling stft_spectrogram string_lookup text_vectorization",
    "preprocessing.image_preprocessing": _IMAGE,
    "regularization": "activity_regularization alpha_dropout dropout gaussian_dropout gaussian_noise spatial_dropout",
    "reshaping": "flatten permute repeat_vector reshape "
    + " ".join(f"{kind}{n}" for kind in ("cropping", "up_sampling", "zero_padding") for n in _SIDES),
    "rnn": "bidirectional conv_lstm conv_lstm1d conv_lstm2d conv_lstm3d dropout_rnn_cell gru lstm rnn simple_rnn "
    "stacked_rnn_cells time_distributed",
}
_BACKENDS = ("jax", "torch", "tensorflow", "numpy")
_TOPICS = {"core": "ops", "image": "ops.image", "linalg": "ops.linalg", "math": "ops", "nn": "ops.nn", "numpy": "ops.numpy",
           "random": "random", "rnn": "ops"}  # fmt: skip

# Package of Kerata -> the private modules of Keras that have names of it (and of what is in NAMES).
_HOMES = {
    "activations": "activations activations.activations",
    "backend": "backend backend.config backend.common backend.common.backend_utils backend.common.dtypes "
    "backend.common.global_state backend.common.keras_tensor backend.common.masking backend.common.name_scope "
    "backend.common.remat backend.common.stateless_scope backend.common.symbolic_scope backend.common.tensor_attributes "
    "backend.common.variables",
    "callbacks": "callbacks " + " ".join(f"callbacks.{m}" for m in (
        "backup_and_restore callback callback_list csv_logger early_stopping history lambda_callback learning_rate_scheduler "
        "model_checkpoint monitor_callback orbax_checkpoint progbar_logger reduce_lr_on_plateau remote_monitor "
        "swap_ema_weights tensorboard terminate_on_nan").split()),
    "constraints": "constraints constraints.constraints",
    "distillation": "distillation distillation.distillation_loss distillation.distiller",
    "distribution": "distribution distribution.distribution_lib",
    "dtype_policies": "dtype_policies dtype_policies.dtype_policy dtype_policies.dtype_policy_map",
    "export": "export export.saved_model",
    "initializers": "initializers initializers.constant_initializers initializers.initializer initializers.random_initializers",
    "layers": "layers layers.layer layers.input_spec export.tfsm_layer utils.jax_layer utils.torch_utils "
    + " ".join(f"layers.{package}{m}" for package, ms in _LAYERS.items() for m in ("", *(f".{m}" for m in ms.split()))),
    "legacy.saving": "legacy.saving legacy.saving.serialization legacy.saving.saving_utils",
    "losses": "losses losses.loss losses.losses",
    "metrics": "metrics metrics.accuracy_metrics metrics.confusion_metrics metrics.correlation_metrics metrics.f_score_metrics "
    "metrics.hinge_metrics metrics.iou_metrics metrics.metric metrics.probabilistic_metrics metrics.reduction_metrics "
    "metrics.regression_metrics",
    "models": "models models.cloning models.functional models.model models.sequential",
    "ops": "ops ops.core ops.einops ops.function ops.math ops.node ops.operation",
    "ops.image": "ops.image",
    "ops.linalg": "ops.linalg",
    "ops.nn": "ops.nn",
    "ops.numpy": "ops.numpy",
    "optimizers": "optimizers optimizers.adadelta optimizers.adafactor optimizers.adagrad optimizers.adam optimizers.adamax "
    "optimizers.adamw optimizers.base_optimizer optimizers.ftrl optimizers.lamb optimizers.lion "
    "optimizers.loss_scale_optimizer optimizers.multi_optimizer optimizers.muon optimizers.nadam optimizers.optimizer "
    "optimizers.rmsprop optimizers.schedule_free_adamw optimizers.sgd",
    "optimizers.schedules": "optimizers.schedules optimizers.schedules.learning_rate_schedule",
    "preprocessing.image": "legacy.preprocessing.image",
    "preprocessing.sequence": "legacy.preprocessing.sequence",
    "quantizers": "quantizers quantizers.awq_config quantizers.gptq_config quantizers.quantization_config quantizers.quantizers",
    "random": "random random.random random.seed_generator",
    "regularizers": "regularizers regularizers.regularizers",
    "saving": "saving saving.file_editor saving.keras_saveable saving.object_registration saving.saving_api saving.saving_lib "
    "saving.serialization_lib",
    "tree": "tree tree.tree_api",
    "utils": "utils trainers.data_adapters trainers.data_adapters.data_adapter_utils trainers.data_adapters.py_dataset_adapter "
    + " ".join(f"utils.{m}" for m in (
        "argument_validation audio_dataset_utils backend_utils config dataset_utils dtype_utils file_utils image_dataset_utils "
        "image_utils io_utils model_visualization module_utils naming numerical_utils progbar python_utils rng_utils "
        "sequence_utils summary_utils text_dataset_utils timeseries_dataset_utils traceback_utils tracking").split()),
    "utils.bounding_boxes": " ".join(f"layers.preprocessing.image_preprocessing.bounding_boxes{m}" for m in (
        "", ".bounding_box", ".converters", ".formats", ".iou", ".validation")),
    "visualization": "visualization " + " ".join(f"visualization.{m}" for m in (
        "draw_bounding_boxes draw_segmentation_masks plot_bounding_box_gallery plot_image_gallery "
        "plot_segmentation_mask_gallery").split()),
    "wrappers": "wrappers wrappers.sklearn_wrapper",
    "training": "trainers trainers.trainer trainers.compile_utils",
}  # fmt: skip
_SAME = {  # modules of the same name in both
    "applications": "convnext densenet efficientnet efficientnet_v2 imagenet_utils inception_resnet_v2 inception_v3 mobilenet "
    "mobilenet_v2 mobilenet_v3 nasnet resnet resnet_v2 vgg16 vgg19 xception",
    "datasets": "boston_housing california_housing cifar10 cifar100 fashion_mnist imdb mnist reuters",
}

# Private module (without `keras.src.`) -> the packages of Kerata whose names it has.
MODULES: dict[str, tuple[str, ...]] = {
    "": ("",),
    "version": (),
    "api_export": (),
    **{module: (package,) for package, modules in _HOMES.items() for module in modules.split()},
    **{m: (m,) for package, ms in _SAME.items() for m in (package, *(f"{package}.{m}" for m in ms.split()))},
    **{f"backend.{b}": (f"backend.{b}", "ops") for b in _BACKENDS},
    **{f"backend.{b}.{topic}": (package,) for b in _BACKENDS for topic, package in _TOPICS.items()},
}
MODULES |= {
    "backend": ("backend", "ops"),
    "backend.config": ("backend", "config"),
    "legacy": (),
    "legacy.preprocessing": (),
    "legacy.saving.serialization": ("utils.legacy",),
    "ops.operation_utils": (),
    "utils.jax_layer": ("layers", "utils"),
    "utils.torch_utils": ("layers", "utils"),
}

_STAND_INS = "kerata.compat.private_things"
_VARIABLES = {
    "KerasVariable": "kerata.core.variable:Variable", "Variable": "kerata.core.variable",
    "standardize_dtype": "kerata.core.dtypes", "standardize_shape": "kerata.core.keras_tensor",
    "AutocastScope": "kerata.core.scopes",
}  # fmt: skip
_MASKS = {"get_keras_mask": "kerata.core.masks:get_mask", "set_keras_mask": _STAND_INS}
_SCOPES = {n: "kerata.core.scopes" for n in (
    "StatelessScope", "SymbolicScope", "get_stateless_scope", "in_stateless_scope", "in_symbolic_scope", "name_scope",
)}  # fmt: skip
_SPEC = {"compute_output_spec": "kerata.compat.private_things"}
_NAMING = {"auto_name": "kerata.core.names", "uniquify": "kerata.core.names", "to_snake_case": "kerata.core.names"}
_RANDOM = {"draw_seed": "kerata.random.seed_generator", "SeedGenerator": "kerata.random"}
_STATE = {n: _STAND_INS for n in ("get_global_attribute", "set_global_attribute")} | {"clear_session": "kerata.core.names"}
_SAFE_MODE = {n: "kerata.saving.safe_mode" for n in ("SafeModeScope", "in_safe_mode")} | {
    "enable_unsafe_deserialization": "kerata.config"}
_FORMAT = {"standardize_data_format": "kerata.core.config"}
_PACKING = {n: "kerata.training.data.packing" for n in ("pack_x_y_sample_weight", "unpack_x_y_sample_weight")}

# Private module -> name in it that the package has not -> where it is here ("module", or "module:other name").
NAMES: dict[str, dict[str, str]] = {
    "version": {"__version__": _STAND_INS, "version": _STAND_INS},
    "api_export": {"keras_export": _STAND_INS},
    "backend": {**_VARIABLES, **_MASKS, **_SCOPES, **_SPEC, **_FORMAT, "is_tensor": "kerata.ops", "device": "kerata", "random": "kerata.random:",
                "nn": "kerata.ops.nn:", "numpy": "kerata.ops.numpy:", "math": "kerata.ops:", "image": "kerata.ops.image:",
                "linalg": "kerata.ops.linalg:", "SUPPORTS_SPARSE_TENSORS": _STAND_INS, "SUPPORTS_RAGGED_TENSORS": _STAND_INS},
    "backend.config": {**_FORMAT, "backend": "kerata.backend"},
    "backend.common": {**_VARIABLES, **_SCOPES, **_RANDOM},
    "backend.common.backend_utils": _FORMAT,
    "backend.common.global_state": _STATE,
    "backend.common.keras_tensor": {"any_symbolic_tensors": "kerata.core.keras_tensor:any_symbolic"},
    "backend.common.masking": _MASKS,
    "backend.common.remat": {"RematScope": "kerata", "remat": "kerata"},
    "backend.common.name_scope": {"current_path": "kerata.core.scopes"},
    "backend.common.stateless_scope": _SCOPES,
    "backend.common.symbolic_scope": _SCOPES,
    "backend.common.variables": _VARIABLES,
    **{f"backend.{b}": {**_VARIABLES, **_MASKS, **_SPEC, "cast": "kerata.ops"} for b in _BACKENDS},
    **{f"backend.{b}.core": _SPEC for b in _BACKENDS},
    **{f"backend.{b}.random": _RANDOM for b in _BACKENDS},
    "backend.jax.random": {**_RANDOM, "jax_draw_seed": _STAND_INS},
    "backend.tensorflow.random": {**_RANDOM, "tf_draw_seed": _STAND_INS},
    "dtype_policies.dtype_policy": {n: "kerata.config" for n in ("dtype_policy", "set_dtype_policy")},
    "callbacks.monitor_callback": {"MonitorCallback": "kerata.callbacks.monitor"},
    "layers.convolutional.base_conv": {"BaseConv": "kerata.layers.convolutional.base:ConvBase"},
    "layers.convolutional.base_conv_transpose": {
        "BaseConvTranspose": "kerata.layers.convolutional.conv_transpose:ConvTransposeBase"},
    "layers.layer": {"Layer": "kerata"},
    "layers.merging.base_merge": {"Merge": "kerata.layers.merging.merge"},
    "layers.preprocessing.data_layer": {"DataLayer": "kerata.layers.preprocessing.data_layer"},
    "layers.preprocessing.image_preprocessing.base_image_preprocessing_layer": {
        "BaseImagePreprocessingLayer": "kerata.layers.preprocessing.image.base:ImageLayer"},
    "layers.preprocessing.index_lookup": {"IndexLookup": "kerata.layers.preprocessing.index_lookup"},
    "layers.rnn.dropout_rnn_cell": {"DropoutRNNCell": "kerata.layers.rnn.dropout_rnn_cell"},
    "losses.losses": {"LossFunctionWrapper": "kerata.losses.wrapper"},
    "metrics.reduction_metrics": {"MeanMetricWrapper": "kerata.metrics"},
    "models": {"Functional": "kerata.models.functional"},
    "models.functional": {"Functional": "kerata.models.functional"},
    "ops.core": _SPEC,
    "ops.operation_utils": {"get_source_inputs": "kerata.utils"},
    "layers.preprocessing.feature_space": {"FeatureSpace": "kerata.utils"},
    "utils.image_utils": {"smart_resize": "kerata.preprocessing.image"},
    "ops.function": {"Function": "kerata"},
    "ops.node": {"Node": "kerata.core.operation"},
    "ops.operation": {"Operation": "kerata"},
    "ops": {"Operation": "kerata", "Function": "kerata"},
    "optimizers.base_optimizer": {"BaseOptimizer": "kerata.optimizers:Optimizer"},
    "random.seed_generator": _RANDOM,
    "saving": _SAFE_MODE,
    "saving.keras_saveable": {"KerasSaveable": "kerata.core.configurable:Configurable"},
    "saving.object_registration": {"GLOBAL_CUSTOM_OBJECTS": _STAND_INS},
    "saving.saving_lib": {"H5IOStore": _STAND_INS, "save_weights_only": "kerata.saving:save_weights",
                          "load_weights_only": "kerata.saving:load_weights"},
    "saving.serialization_lib": {**_SAFE_MODE, "ObjectSharingScope": "kerata.saving.serialization",
                                 "serialize_dict": "kerata.saving.serialization"},
    "trainers": {"Trainer": "kerata.training.trainer"},
    "trainers.trainer": {"Trainer": "kerata.training.trainer"},
    "trainers.compile_utils": {"CompileLoss": "kerata.training.compile_losses",
                               "CompileMetrics": "kerata.training.compile_metrics"},
    "trainers.data_adapters.data_adapter_utils": {
        **_PACKING, "class_weight_to_sample_weights": "kerata.training.data.class_weight"},
    "utils.argument_validation": {"standardize_tuple": _STAND_INS},
    "utils.backend_utils": {n: _STAND_INS for n in ("in_grain_data_pipeline", "in_tf_graph")} | {
        "set_backend": "kerata.config"},
    "utils.io_utils": {"print_msg": "kerata.utils.console"} | {n: "kerata.core.config" for n in (
        "is_interactive_logging_enabled", "enable_interactive_logging", "disable_interactive_logging")},
    "utils.module_utils": {"LazyModule": _STAND_INS} | {n: _STAND_INS for n in ("tensorflow", "jax", "torch", "scipy", "grain")},
    "utils.naming": _NAMING | {"get_uid": "kerata.core.names"},
    "utils.summary_utils": {"count_params": _STAND_INS},
    "utils.tracking": {"no_automatic_dependency_tracking": _STAND_INS},
    "utils.traceback_utils": {n: "kerata.core.config" for n in (
        "is_traceback_filtering_enabled", "enable_traceback_filtering", "disable_traceback_filtering")},
    "wrappers.sklearn_wrapper": {"SKLBase": "kerata.wrappers.sklearn"},
}  # fmt: skip

# What to use instead of private things that have no counterpart here, by the longest beginning of their name.
ADVICE = {
    "backend": "the functions of `keras.ops`, which run on every backend",
    "backend.openvino": "`model.export(path, format=\"openvino\")`",
    "export": "`model.export(path)` and `keras.export.ExportArchive`",
    "layers": "`keras.layers`",
    "legacy": "`keras.layers`, `keras.losses` and `keras.saving`: they read what earlier versions wrote",
    "ops": "`keras.ops`",
    "quantizers": "`keras.quantizers` and `model.quantize(...)`",
    "saving": "`keras.saving`",
    "testing": "`numpy.testing`, or pytest",
    "trainers": "`keras.Model.fit`, `keras.utils.PyDataset` and `keras.callbacks`",
    "tree": "`keras.tree`",
    "utils": "`keras.utils`",
}
