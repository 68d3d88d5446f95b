"""Layers for images: resizing, cropping, and random changes during training."""
