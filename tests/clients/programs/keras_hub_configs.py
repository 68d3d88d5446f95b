"""Small configurations of KerasHub's models, and what they are called with."""

import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 5, 8)).astype("float32")
TOKENS = {"token_ids": np.arange(10).reshape(2, 5) % 10, "padding_mask": np.array([[1] * 5, [1, 1, 1, 0, 0]])}
SEGMENTS = {**TOKENS, "segment_ids": np.array([[0, 0, 1, 1, 1], [0, 1, 1, 0, 0]])}

BACKBONES = {
    "BertBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16,
                      "max_sequence_length": 5}, SEGMENTS),
    "RobertaBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16,
                         "max_sequence_length": 5}, TOKENS),
    "DistilBertBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16,
                            "max_sequence_length": 5}, TOKENS),
    "AlbertBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "embedding_dim": 4, "hidden_dim": 8,
                        "intermediate_dim": 16, "max_sequence_length": 5}, SEGMENTS),
    "DebertaV3Backbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16,
                           "max_sequence_length": 5, "bucket_size": 4}, TOKENS),
    "GPT2Backbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16,
                      "max_sequence_length": 5}, TOKENS),
    "GPTNeoXBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 16,
                         "max_sequence_length": 5}, TOKENS),
    "OPTBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16,
                     "max_sequence_length": 5}, TOKENS),
    "BloomBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16}, TOKENS),
    "GemmaBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_query_heads": 2, "num_key_value_heads": 1, "hidden_dim": 8,
                       "intermediate_dim": 16, "head_dim": 4}, TOKENS),
    "Gemma3Backbone": ({"vocabulary_size": 10, "image_size": 16, "num_layers": 2, "num_query_heads": 2, "num_key_value_heads": 1,
                        "hidden_dim": 8, "intermediate_dim": 16, "head_dim": 4, "vision_encoder": None}, TOKENS),
    "LlamaBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_query_heads": 2, "num_key_value_heads": 1, "hidden_dim": 8,
                       "intermediate_dim": 16}, TOKENS),
    "MistralBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_query_heads": 2, "num_key_value_heads": 1, "hidden_dim": 8,
                         "intermediate_dim": 16}, TOKENS),
    "Qwen3Backbone": ({"vocabulary_size": 10, "num_layers": 2, "num_query_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
                       "hidden_dim": 8, "intermediate_dim": 16}, TOKENS),
    "FNetBackbone": ({"vocabulary_size": 10, "num_layers": 2, "hidden_dim": 8, "intermediate_dim": 16, "max_sequence_length": 5},
                     {k: SEGMENTS[k] for k in ("token_ids", "segment_ids")}),
    "T5Backbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16},
                   {f"{side}_{k}": v for side in ("encoder", "decoder") for k, v in TOKENS.items()}),
    "BartBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16,
                      "max_sequence_length": 5}, {f"{side}_{k}": v for side in ("encoder", "decoder") for k, v in TOKENS.items()}),
    "WhisperBackbone": ({"vocabulary_size": 10, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16,
                         "max_encoder_sequence_length": 6, "max_decoder_sequence_length": 6},
                        {"encoder_features": rng.normal(size=(2, 6, 80)).astype("float32"),
                         "decoder_token_ids": TOKENS["token_ids"], "decoder_padding_mask": TOKENS["padding_mask"]}),
    "ResNetBackbone": ({"input_conv_filters": [64], "input_conv_kernel_sizes": [7], "stackwise_num_filters": [64, 64],
                        "stackwise_num_blocks": [1, 1], "stackwise_num_strides": [1, 2], "block_type": "basic_block"}, 32),
    "ViTBackbone": ({"image_shape": (16, 16, 3), "patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 8,
                     "mlp_dim": 16}, 16),
    "DenseNetBackbone": ({"stackwise_num_repeats": [1, 1], "growth_rate": 4}, 32),
    "VGGBackbone": ({"stackwise_num_repeats": [1, 1], "stackwise_num_filters": [4, 8], "image_shape": (16, 16, 3)}, 16),
    "CSPNetBackbone": ({"stem_filters": 8, "stem_kernel_size": 3, "stem_strides": 1, "stackwise_depth": [1, 1],
                        "stackwise_strides": [1, 2], "stackwise_num_filters": [16, 16], "block_type": "dark_block", "stage_type": "dark"}, 16),
    "MiTBackbone": ({"layerwise_depths": [1, 1], "num_layers": 2, "layerwise_num_heads": [1, 2], "layerwise_sr_ratios": [2, 1],
                     "max_drop_path_rate": 0.1, "layerwise_patch_sizes": [7, 3], "layerwise_strides": [4, 2],
                     "hidden_dims": [4, 8], "image_shape": (32, 32, 3)}, 32),
    "EfficientNetBackbone": ({"stackwise_kernel_sizes": [3, 3], "stackwise_num_repeats": [1, 1],
                              "stackwise_input_filters": [8, 8], "stackwise_output_filters": [8, 8],
                              "stackwise_expansion_ratios": [1, 2], "stackwise_squeeze_and_excite_ratios": [0.0, 0.25],
                              "stackwise_strides": [1, 2], "stackwise_block_types": ["fused", "unfused"],
                              "stackwise_width_coefficients": [1.0] * 2, "stackwise_depth_coefficients": [1.0] * 2}, 32),
}  # fmt: skip


def data(x):
    return np.linspace(0, 1, 2 * x * x * 3).reshape(2, x, x, 3).astype("float32") if isinstance(x, int) else x
