"""StyleGAN2's discriminator (Karras et al., 2020, arXiv:1912.04958, section 4.1)."""

from __future__ import annotations

import math
from itertools import pairwise

from torch import Tensor, nn

from gansmith.networks.sizes import check_sizes
from gansmith.networks.stylegan2.equalized import EqualizedConv2d, EqualizedLinear, activated
from gansmith.networks.stylegan2.mapping import Mapping
from gansmith.networks.stylegan2.minibatch_deviation import MinibatchDeviation
from gansmith.networks.stylegan2.widths import widths_from_4x4


class Stage(nn.Module):
    """Half the side: two 3x3 convolutions and, in a residual network, a 1x1 convolution beside them.

    The sum is divided by √2, which keeps the variance (appendix B).
    """

    def __init__(self, width: int, following: int, residual: bool) -> None:
        super().__init__()
        self.convolution = EqualizedConv2d(width, width, 3)
        self.down = EqualizedConv2d(width, following, 3, down=True)
        self.skip = EqualizedConv2d(width, following, 1, bias=False, down=True) if residual else None

    def forward(self, features: Tensor) -> Tensor:
        judged = activated(self.down(activated(self.convolution(features))))
        return judged if self.skip is None else (judged + self.skip(features)) / math.sqrt(2)


class Discriminator(nn.Module):
    """Picture to logit.

    At 256 px with half the width, three channels and no labels it has 24,001,089 parameters; at 32 px with the whole
    width 21,507,073. With classes, the logit is the product of features and the label's embedding (Miyato & Koyama,
    2018, arXiv:1802.05637), which a mapping of eight layers makes (arXiv:2006.06676, appendix on CIFAR-10).

    Args:
        resolution: side of the picture, a power of two from 8 on.
        channels: of the picture.
        width: of the stages, see `widths_from_4x4`.
        most: channels of a stage.
        residual: the paper's; False leaves out the skips.
        group: of the minibatch standard deviation.
        classes: of labels; 0 for none.
    """

    def __init__(
        self,
        resolution: int,
        channels: int,
        width: float = 1.0,
        most: int = 512,
        residual: bool = True,
        group: int = 4,
        classes: int = 0,
    ) -> None:
        super().__init__()
        check_sizes(most=most, group=group)
        widths = widths_from_4x4(resolution, width, most)[::-1]
        last = widths[-1]
        self.from_picture = EqualizedConv2d(channels, widths[0], 1)
        self.stages = nn.Sequential(*(Stage(*pair, residual) for pair in pairwise(widths)))
        self.deviation = MinibatchDeviation(group)
        self.convolution = EqualizedConv2d(last + 1, last, 3)
        self.hidden = EqualizedLinear(16 * last, last)
        self.output = EqualizedLinear(last, last if classes else 1)
        self.embedding = Mapping(0, last, classes=classes) if classes else None

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        """(n, channels, resolution, resolution) in [-1, 1] and labels (n,) to logits (n,)."""
        features = self.stages(activated(self.from_picture(image)))
        features = activated(self.convolution(self.deviation(features)))
        answer = self.output(activated(self.hidden(features.flatten(1))))
        if self.embedding is None:
            return answer.squeeze(1)
        return (answer * self.embedding(None, label)).sum(1) / math.sqrt(answer.shape[1])
