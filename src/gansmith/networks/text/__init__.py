"""Captions as tensors: a trainable encoder that needs no weights, published ones that stay as they are, and both."""
