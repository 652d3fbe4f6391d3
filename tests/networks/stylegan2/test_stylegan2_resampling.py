"""Three boxes against the filter [1, 3, 3, 1] written as a convolution with zeros beyond the edges."""

import pytest
import torch
from torch.nn.functional import conv2d, conv_transpose2d

from gansmith.networks.stylegan2.resampling import blurred, doubled, halved

LINE = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8
KERNEL = torch.outer(LINE, LINE)[None, None].expand(2, -1, -1, -1)


def features(side: int) -> torch.Tensor:
    return torch.randn(3, 2, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("padding", [1, 2])
def test_blurring_is_the_filter(padding):
    expected = 4 * conv2d(features(5), KERNEL, padding=padding, groups=2)
    torch.testing.assert_close(blurred(features(5), padding, gain=4.0), expected)


def test_doubling_is_the_filter_over_zeros_between_the_pixels():
    expected = conv_transpose2d(features(4), 4 * KERNEL, stride=2, padding=1, groups=2)
    torch.testing.assert_close(doubled(features(4)), expected)


def test_halving_is_the_filter_at_every_second_pixel():
    torch.testing.assert_close(halved(features(6)), conv2d(features(6), KERNEL, padding=1, stride=2, groups=2))
