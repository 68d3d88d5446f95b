"""Recurrent layers, and layers that run a layer over time."""
