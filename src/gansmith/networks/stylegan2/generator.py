"""StyleGAN2's generator: mapping and synthesis, and truncation between them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gansmith.networks.sizes import check_sizes
from gansmith.networks.stylegan2.mapping import Mapping
from gansmith.networks.stylegan2.synthesis import Synthesis
from gansmith.networks.stylegan2.widths import widths_from_4x4
from gansmith.noise import Draws


class Generator(nn.Module):
    """Latent to picture (Karras et al., 2020, arXiv:1912.04958, configuration e or f).

    At 256 px with half the width, three channels and no labels it has 24,767,458 parameters; at 32 px with the whole
    width and a mapping of two layers 19,947,539.

    Args:
        resolution: side of the picture, a power of two from 8 on.
        channels: of the picture.
        latent: size of z and of w.
        width: of the stages, see `widths_from_4x4`.
        most: channels of a stage.
        mapping_layers: of the mapping.
        classes: labels that are embedded beside z; 0 for none.
        bounded: tanh at the end, which the paper does without. Where much of a picture is at the end of the range,
            as digits on black, an unbounded generator learns not to vary there, and varies nowhere.
    """

    mean: Tensor

    parts = ("mapping", "synthesis")
    """What a picture goes through, one after the other."""

    def __init__(
        self,
        resolution: int,
        channels: int,
        latent: int = 512,
        width: float = 1.0,
        most: int = 512,
        mapping_layers: int = 8,
        classes: int = 0,
        bounded: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(latent=latent, most=most, mapping_layers=mapping_layers)
        self.mapping = Mapping(latent, latent, mapping_layers, classes)
        self.synthesis = Synthesis(widths_from_4x4(resolution, width, most), channels, latent, bounded)
        self.register_buffer("mean", torch.zeros(latent))

    def forward(
        self, latent: Tensor, label: Tensor | None = None, draws: Draws | None = None, truncation: float = 1.0
    ) -> Tensor:
        """(n, latent) and, where there are classes, (n,) int64 to (n, channels, resolution, resolution).

        Pictures that nothing bounds learn to lie in [-1, 1].

        Args:
            draws: of the noise of these n rows; None leaves noise out.
            truncation: see `truncated`.
        """
        w = self.truncated(self.mapping(latent, label), truncation)
        return self.synthesis(self.repeated(w), draws)

    def latent_matrices(self) -> list[Tensor]:
        """For each layer the matrix (rows, latent) by which its w becomes styles."""
        return self.synthesis.latent_matrices()

    def repeated(self, w: Tensor) -> Tensor:
        """The same w (n, latent) for all layers: (n, layers, latent)."""
        return w[:, None].expand(-1, self.synthesis.layers, -1)

    def truncated(self, w: Tensor, truncation: float) -> Tensor:
        """w̄ + ψ (w - w̄) for the tracked mean w̄ (arXiv:1812.04948, appendix B); ψ = 1 changes nothing.

        Args:
            w: (..., latent).
            truncation: ψ; towards 0 pictures are better and more alike.
        """
        return w if truncation == 1 else self.mean.lerp(w, truncation)

    @torch.no_grad()
    def track(self, mean: Tensor, momentum: float) -> None:
        """w̄ moves towards the `mean` (latent,) of a batch: w̄ := momentum w̄ + (1 - momentum) mean."""
        self.mean.lerp_(mean.to(self.mean), 1 - momentum)
