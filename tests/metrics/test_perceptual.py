"""The perceptual distance: its formula, its order of pictures, and its tiles."""

import pytest
import torch
import torch.nn.functional as F
from skimage.data import astronaut

from gansmith.metrics.perceptual import LAYERS, NETWORK, TILE, perceptual_distance, tiles
from gansmith.objectives.feature_network import feature_network


@pytest.fixture(scope="module")
def features():
    return feature_network(NETWORK)


@pytest.fixture(scope="module")
def face() -> torch.Tensor:
    return torch.from_numpy(astronaut()[:128, 150:278].copy()).permute(2, 0, 1)[None]


def blurred(pictures: torch.Tensor, side: int) -> torch.Tensor:
    return F.avg_pool2d(F.pad(pictures.float(), (side // 2,) * 4, mode="replicate"), side, 1).round().to(torch.uint8)


def by_pixels(pictures: torch.Tensor, layers) -> dict[str, torch.Tensor]:
    """The pixels themselves as the features of every layer."""
    return dict.fromkeys(layers, pictures.double())


def test_it_is_the_papers_sum_over_layers_of_the_mean_over_places():
    def features(pictures, layers):
        assert tuple(layers) == LAYERS
        size = pictures.shape[-1] // 2
        return {layer: F.adaptive_avg_pool2d(pictures, size) for layer in layers}

    output, truth = torch.randint(1, 255, (2, 1, 3, 8, 8), dtype=torch.uint8)
    expected = 0.0
    ours, theirs = (features(pictures / 127.5 - 1, LAYERS)["stage1"][0] for pictures in (output, truth))
    for row in range(4):
        for column in range(4):
            a, b = ours[:, row, column], theirs[:, row, column]
            expected += len(LAYERS) * float((a / a.norm() - b / b.norm()).square().sum()) / 16
    assert perceptual_distance(output, truth, features).item() == pytest.approx(expected, rel=1e-5)


def test_a_features_length_does_not_count():
    truth = torch.full((1, 3, 8, 8), 200, dtype=torch.uint8)
    assert perceptual_distance(truth + 20, truth, by_pixels).item() == pytest.approx(0, abs=1e-12)


def test_equal_pictures_have_no_distance_and_it_is_symmetric(face, features):
    soft = blurred(face, 5)
    assert perceptual_distance(face, face, features).item() == 0
    there, back = perceptual_distance(soft, face, features), perceptual_distance(face, soft, features)
    assert there.item() == pytest.approx(back.item(), rel=1e-5)
    assert there.dtype == torch.float64


def test_what_looks_worse_is_farther(face, features):
    distances = [perceptual_distance(blurred(face, side), face, features).item() for side in (3, 5, 9)]
    assert 0 < distances[0] < distances[1] < distances[2]


def test_blur_is_farther_than_noise_of_the_same_error(face, features):
    """What PSNR does not see, and the reason for the metric."""
    soft = blurred(face, 7)
    error = (soft.double() - face.double()).square().mean().sqrt()
    grain = torch.randn(face.shape, generator=torch.Generator().manual_seed(0)) * error * 1.05
    noisy = (face + grain).round().clamp(0, 255).to(torch.uint8)
    assert (noisy.double() - face.double()).square().mean().sqrt() >= error
    assert perceptual_distance(soft, face, features) > perceptual_distance(noisy, face, features)


def test_grey_is_colour_with_equal_channels(face, features):
    grey, soft = face[:, :1], blurred(face, 5)[:, :1]
    colour = perceptual_distance(soft.expand(-1, 3, -1, -1), grey.expand(-1, 3, -1, -1), features)
    assert perceptual_distance(soft, grey, features).item() == pytest.approx(colour.item(), rel=1e-6)


@pytest.mark.parametrize("size", [(28, 32), (TILE, TILE), (TILE + 1, 40), (600, 2 * TILE + 50)])
def test_tiles_cover_a_picture_once_and_are_alike(size):
    pictures = torch.arange(size[0] * size[1]).view(1, 1, *size)
    parts = tiles(pictures)
    assert sorted(torch.cat([part.flatten() for part in parts]).tolist()) == list(range(pictures.numel()))
    for axis in (-2, -1):
        sides = {part.shape[axis] for part in parts}
        assert max(sides) <= TILE
        assert max(sides) - min(sides) <= 1


def test_a_large_picture_is_the_mean_of_its_tiles_by_area(face, features):
    truth = face.tile(1, 1, 3, 2)[..., :300, :200]
    output = blurred(truth, 5)
    upper = perceptual_distance(output[..., :150, :], truth[..., :150, :], features)
    lower = perceptual_distance(output[..., 150:, :], truth[..., 150:, :], features)
    assert perceptual_distance(output, truth, features).item() == pytest.approx((upper + lower).item() / 2)


def test_each_picture_has_its_own(face, features):
    output, truth = torch.cat([blurred(face, 3), face]), torch.cat([face, face])
    near, none = perceptual_distance(output, truth, features).tolist()
    assert near == pytest.approx(perceptual_distance(output[:1], truth[:1], features).item(), rel=1e-5)
    assert none == 0
