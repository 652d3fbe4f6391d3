"""The eight orientations of a picture, averaged."""

import torch
from torch import nn

from gansmith.translate.ensemble import self_ensemble


def test_the_result_turns_with_the_picture():
    torch.manual_seed(0)
    network = nn.Conv2d(2, 3, 3, 1, 1).requires_grad_(False)
    source = torch.randn(1, 2, 6, 9)
    result = self_ensemble(network, source)
    assert result.shape == (1, 3, 6, 9)
    for turned, back in [
        (source.flip(-1), lambda output: output.flip(-1)),
        (source.flip(-2), lambda output: output.flip(-2)),
        (source.mT, lambda output: output.mT),
        (source.rot90(1, (-2, -1)), lambda output: output.rot90(-1, (-2, -1))),
    ]:
        torch.testing.assert_close(back(self_ensemble(network, turned)), result)
    assert (network(source) - result).abs().max() > 0.01


def test_what_turns_with_the_picture_anyway_is_left_alone():
    source = torch.randn(2, 3, 5, 4, generator=torch.Generator().manual_seed(0))
    enlarged = self_ensemble(nn.Upsample(scale_factor=2), source)
    torch.testing.assert_close(enlarged, nn.Upsample(scale_factor=2)(source))


def test_each_orientation_is_seen_once():
    seen = []
    source = torch.arange(6.0).view(1, 1, 2, 3)
    self_ensemble(lambda turned: seen.append(turned) or turned, source)
    assert len({(tuple(picture.shape), tuple(picture.flatten().tolist())) for picture in seen}) == 8
