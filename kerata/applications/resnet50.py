"""ResNet50, under the name of earlier versions; see `kerata.applications.resnet`."""

from kerata.applications.resnet import ResNet50, decode_predictions, preprocess_input

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]
