"""Orthogonal weights to start from (Saxe et al., 2014, arXiv:1312.6120, section 3)."""

from __future__ import annotations

from torch import nn


def orthogonal_weights(module: nn.Module) -> None:
    """Weights, as matrices of outputs by everything else, with singular values of one, and no bias; for `apply`.

    Of convolutions, linear layers and embeddings, as in BigGAN (Brock et al., 2019, arXiv:1809.11096, appendix C).
    Spectral norm has nothing to do at the start, whatever its u: σ is one in every direction.
    """
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.Embedding)):
        nn.init.orthogonal_(module.weight)
        bias = getattr(module, "bias", None)
        if bias is not None:
            nn.init.zeros_(bias)
