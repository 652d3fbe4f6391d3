import pytest
import torch
from torch import Tensor, nn

from gansmith.errors import ConfigError
from gansmith.networks.patchgan import MultiScale, PatchDiscriminator, PixelDiscriminator


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def support(logits: Tensor, picture: Tensor) -> tuple[int, int]:
    """Height and width of the pixels that the middle logit depends on, all of which must count."""
    middle = logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2]
    (gradient,) = torch.autograd.grad(middle, picture, retain_graph=True)
    rows, columns = gradient[0, 0].nonzero().unbind(1)
    height, width = int(rows.max() - rows.min()) + 1, int(columns.max() - columns.min()) + 1
    assert 0 < rows.min() <= rows.max() < picture.shape[2] - 1
    assert len(rows) == height * width
    return height, width


@pytest.mark.parametrize(
    ("network", "receptive_field"),
    [
        (PixelDiscriminator(1, features=4), 1),
        (PatchDiscriminator(1, features=2, layers=1), 16),
        (PatchDiscriminator(1, features=2, layers=2), 34),
        (PatchDiscriminator(1, features=2, layers=3), 70),
        (PatchDiscriminator(1, features=2, layers=5), 286),
    ],
)
def test_one_logit_depends_on_a_patch_of_the_published_size(network, receptive_field):
    # In eval mode batch norm does not mix places.
    network.eval().double()
    side = 2 * receptive_field + 100
    picture = torch.randn(1, 1, side, side, dtype=torch.float64, requires_grad=True)
    assert support(network(picture), picture) == (receptive_field, receptive_field)
    assert network.receptive_field == receptive_field


def test_imagegan_judges_all_of_a_picture_of_256_px():
    network = PatchDiscriminator(1, features=2, layers=5).eval().double()
    picture = torch.randn(1, 1, 256, 256, dtype=torch.float64, requires_grad=True)
    logits = network(picture)
    (gradient,) = torch.autograd.grad(logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2], picture)
    # 286 pixels are placed by steps of 32; at most one line at the edge is left over.
    assert (gradient[..., 1:, 1:] != 0).all()


def test_the_papers_size_has_the_published_number_of_parameters():
    with torch.device("meta"):
        assert parameters(PatchDiscriminator(6, norm="batch")) == 2_768_705


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("layers", [1, 3, 5])
def test_the_smallest_picture_has_one_logit_and_a_smaller_one_is_refused(layers, norm):
    network = PatchDiscriminator(3, features=2, layers=layers, norm=norm)
    side = network.smallest
    assert network(torch.randn(2, 3, side, side)).shape == (2, 1, 1, 1)
    with pytest.raises(ConfigError, match=f"takes {side} px or more"):
        network(torch.randn(2, 3, side, side - 1))


def test_the_same_patch_has_the_same_logit_everywhere():
    network = PatchDiscriminator(3, features=4, norm="none")
    picture = torch.randn(1, 3, 160, 160)
    moved = picture.roll((8, 16), dims=(2, 3))
    logits, moved_logits = network(picture), network(moved)
    torch.testing.assert_close(logits[..., 9:11, 8:10], moved_logits[..., 10:12, 10:12])


@pytest.mark.parametrize(
    "network", [PixelDiscriminator(3, features=4), PatchDiscriminator(3, features=4, layers=1, norm="instance")]
)
def test_features_are_those_on_the_way_to_the_logits(network):
    picture = torch.randn(2, 3, 32, 32)
    features = network.features(picture)
    assert len(features) == len(network.stages)
    torch.testing.assert_close(features[-1], network(picture))
    torch.testing.assert_close(network.stages[-1](features[-2]), features[-1])


def test_multiscale_judges_the_picture_and_its_halves_with_networks_of_their_own():
    torch.manual_seed(0)
    network = MultiScale(1, scales=3, features=2, layers=1, norm="none").double()
    picture = torch.randn(1, 1, 256, 256, dtype=torch.float64, requires_grad=True)
    logits = network(picture)
    assert [support(map, picture)[0] for map in logits] == [16, 33, 67]
    assert network.receptive_field == 67
    halved = nn.functional.avg_pool2d(picture, 3, 2, 1, count_include_pad=False)
    torch.testing.assert_close(network.discriminators[1](halved), logits[1])


def test_multiscale_has_features_at_each_scale():
    network = MultiScale(3, scales=2, features=4, layers=1)
    picture = torch.randn(1, 3, 32, 32)
    features = network.features(picture)
    assert [len(maps) for maps in features] == [3, 3]
    for maps, logits in zip(features, network(picture)):
        assert torch.equal(maps[-1], logits)
