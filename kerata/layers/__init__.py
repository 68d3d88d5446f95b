"""Layers."""

from kerata.core.lazy import attach

_HERE = "kerata.layers"
_FAMILIES = {
    "layer": "Layer",
    "input_layer": "Input InputLayer",
    "input_spec": "InputSpec",
    "core.dense": "Dense",
    "core.einsum_dense": "EinsumDense",
    "core.embedding": "Embedding ReversibleEmbedding",
    "core.simple": "Identity Lambda Masking",
    "activations.layers": "Activation ELU LeakyReLU PReLU ReLU Softmax",
    "convolutional.conv": "Conv1D Conv2D Conv3D",
    "convolutional.conv_transpose": "Conv1DTranspose Conv2DTranspose Conv3DTranspose",
    "convolutional.depthwise": "DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D",
    "pooling.pooling": (
        "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D "
        "AdaptiveMaxPooling2D AdaptiveMaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D "
        "AvgPool3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D "
        "GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D "
        "GlobalMaxPooling3D MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D"
    ),
    "reshaping.shapes": "Flatten Permute RepeatVector Reshape",
    "reshaping.borders": (
        "Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D"
    ),
    "merging.merge": (
        "Add Average Concatenate Dot Maximum Minimum Multiply Subtract add average concatenate dot maximum minimum multiply "
        "subtract"
    ),
    "regularization.dropout": (
        "ActivityRegularization AlphaDropout Dropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D "
        "SpatialDropout3D"
    ),
    "normalization.batch_normalization": "BatchNormalization",
    "normalization.group_normalization": "GroupNormalization",
    "normalization.layer_normalization": "LayerNormalization",
    "normalization.rms_normalization": "RMSNormalization",
    "normalization.unit_normalization": "UnitNormalization",
    "wrappers.spectral_normalization": "SpectralNormalization",
    "wrappers.wrapper": "Wrapper",
    "rnn.rnn": "RNN",
    "rnn.simple_rnn": "SimpleRNN SimpleRNNCell",
    "rnn.lstm": "LSTM LSTMCell",
    "rnn.gru": "GRU GRUCell",
    "rnn.stacked_rnn_cells": "StackedRNNCells",
    "rnn.bidirectional": "Bidirectional",
    "rnn.time_distributed": "TimeDistributed",
    "rnn.conv_lstm": "ConvLSTM1D ConvLSTM2D ConvLSTM3D",
    "attention.attention": "AdditiveAttention Attention",
    "attention.multi_head_attention": "MultiHeadAttention",
    "attention.grouped_query_attention": "GroupQueryAttention",
    "preprocessing.rescaling": "Rescaling",
    "preprocessing.normalization": "Normalization",
    "preprocessing.discretization": "Discretization",
    "preprocessing.category_encoding": "CategoryEncoding",
    "preprocessing.string_lookup": "StringLookup",
    "preprocessing.integer_lookup": "IntegerLookup",
    "preprocessing.hashing": "HashedCrossing Hashing",
    "preprocessing.text_vectorization": "TextVectorization",
    "preprocessing.spectrograms": "MelSpectrogram STFTSpectrogram",
    "foreign.torch_module": "TorchModuleWrapper",
    "foreign.jax_layer": "FlaxLayer JaxLayer",
    "foreign.saved_model": "TFSMLayer",
    "preprocessing.image.resizing": "Resizing",
    "preprocessing.image.center_crop": "CenterCrop",
    "preprocessing.image.random_flip": "RandomFlip",
    "preprocessing.image.colors": (
        "RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomGrayscale RandomHue RandomSaturation"
    ),
    "preprocessing.image.tones": "AutoContrast Equalization RandomInvert RandomPosterization Solarization",
    "preprocessing.image.clahe": "ContrastLimitedAdaptiveHistogramEqualization",
    "preprocessing.image.filters": "RandomGaussianBlur RandomSharpness",
    "preprocessing.image.affine": "RandomRotation RandomShear RandomTranslation RandomZoom",
    "preprocessing.image.warps": "RandomElasticTransform RandomPerspective",
    "preprocessing.image.regions": "CutMix MixUp RandomCrop RandomErasing",
    "preprocessing.image.policies": "AugMix RandAugment",
    "preprocessing.image.max_num_bounding_boxes": "MaxNumBoundingBoxes",
    "preprocessing.pipeline": "Pipeline",
}
_PLACES = {name: f"{_HERE}.{module}" for module, names in _FAMILIES.items() for name in names.split()}
_PLACES.update({
    "GroupedQueryAttention": f"{_HERE}.attention.grouped_query_attention:GroupQueryAttention",
    "serialize": f"{_HERE}.serialization",
    "deserialize": f"{_HERE}.serialization",
})
for _new in ("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "SeparableConv1D",
             "SeparableConv2D"):  # fmt: skip
    _PLACES[_new.replace("Conv", "Convolution")] = f"{_PLACES[_new]}:{_new}"

__getattr__, __dir__, __all__ = attach(__name__, _PLACES, kind="layer")
