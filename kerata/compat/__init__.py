"""Running programs that were written for Keras."""
