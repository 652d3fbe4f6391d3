"""Walks through the latent space of a trained generator, to see what it has learned; one file a `mode`."""
