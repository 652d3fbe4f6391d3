"""Batch norm of a class (Dumoulin et al., 2017, arXiv:1610.07629; de Vries et al., 2017, arXiv:1707.00683)."""

from __future__ import annotations

from torch import Tensor, nn


class ConditionalBatchNorm(nn.Module):
    """γ_y (x - μ) / σ + β_y: statistics of the whole batch, scale and shift of the picture's class.

    Scales start from one and shifts from zero, so that classes start alike.

    Args:
        width: channels.
        classes: 0 for ordinary batch norm, with one scale and shift for all.
    """

    def __init__(self, width: int, classes: int = 0) -> None:
        super().__init__()
        self.classes = classes
        self.norm = nn.BatchNorm2d(width, affine=not classes)
        if classes:
            self.scale, self.shift = nn.Embedding(classes, width), nn.Embedding(classes, width)
            nn.init.ones_(self.scale.weight)
            nn.init.zeros_(self.shift.weight)

    def forward(self, features: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, width, h, w), and labels (n,) where there are classes, to (n, width, h, w).

        Raises:
            ValueError: there are classes and no labels.
        """
        normed = self.norm(features)
        if not self.classes:
            return normed
        if label is None:
            raise ValueError(f"this network is conditioned on {self.classes} classes and needs a label")
        return self.scale(label)[:, :, None, None] * normed + self.shift(label)[:, :, None, None]
