"""A discriminator that reads a picture from top to bottom, row by row."""

from __future__ import annotations

from torch import Tensor, nn

from gansmith.networks.conditioning import concatenate_label
from gansmith.networks.sizes import check_sizes


class Discriminator(nn.Module):
    """Picture to logit: a gated recurrent unit (Cho et al., 2014, arXiv:1406.1078) over rows, and its last state.

    The unit is called row by row, since cuDNN's fused loop can't be differentiated twice, as gradient penalties ask.

    Args:
        resolution: side of the picture.
        channels: of the picture.
        hidden: size of the state.
        classes: labels that are concatenated to the picture as channels; 0 for none.
    """

    def __init__(self, resolution: int, channels: int, hidden: int = 128, classes: int = 0) -> None:
        super().__init__()
        check_sizes(hidden=hidden)
        self.classes = classes
        self.cell = nn.GRUCell((channels + classes) * resolution, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] and labels (n,) to logits (n,)."""
        rows = concatenate_label(image, label, self.classes).permute(2, 0, 1, 3).flatten(2)
        state: Tensor | None = None
        for row in rows:
            state = self.cell(row, state)
        return self.output(state).flatten()
