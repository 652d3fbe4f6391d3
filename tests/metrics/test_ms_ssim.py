"""Structural similarity at five scales, as its authors define it."""

import pytest
import torch
from skimage.metrics import structural_similarity
from torch.nn.functional import avg_pool2d
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure as theirs

from gansmith.errors import DataError
from gansmith.metrics.ms_ssim import SMALLEST, WEIGHTS, halved, ms_ssim
from gansmith.metrics.ssim import C1, SIDE


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def distorted(truth: torch.Tensor) -> torch.Tensor:
    change = torch.randint(-60, 61, truth.shape, generator=torch.Generator().manual_seed(1))
    return (truth + change).clamp(0, 255).to(torch.uint8)


def coarsest(output: torch.Tensor, truth: torch.Tensor) -> float:
    """The similarity of pictures (h, w) at a sixteenth, which torchmetrics also counts beyond the border."""
    small = [avg_pool2d(picture.double()[None], 16)[0].numpy() for picture in (output, truth)]
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    return structural_similarity(*small, **options)


def test_grey_pictures_have_the_contrasts_of_torchmetrics_and_the_similarity_of_scikit_image():
    truth = noise(2, 1, 192, 176)
    output = distorted(truth)
    for a, b, ours in zip(output, truth, ms_ssim(output, truth).tolist()):
        fine = theirs(a[None].double(), b[None].double(), data_range=255.0, betas=(*WEIGHTS[:4], 0.0)).item()
        assert ours == pytest.approx(fine * coarsest(a[0], b[0]) ** WEIGHTS[4], abs=1e-6)


def test_a_colours_score_is_the_mean_of_its_channels():
    truth = noise(1, 3, 176, 176)
    output = distorted(truth)
    channels = torch.cat([ms_ssim(output[:, [c]], truth[:, [c]]) for c in range(3)])
    assert ms_ssim(output, truth).item() == pytest.approx(channels.mean().item())


def test_flat_pictures_differ_in_luminance_at_the_coarsest_scale_alone():
    first, second = (torch.full((1, 1, 180, 180), value, dtype=torch.uint8) for value in (50, 200))
    luminance = (2 * 50 * 200 + C1) / (50**2 + 200**2 + C1)
    assert ms_ssim(first, second).item() == pytest.approx(luminance ** WEIGHTS[-1], abs=1e-9)


def test_equal_pictures_score_one_and_opposite_ones_nothing_below_zero():
    truth = noise(1, 1, 181, 177)
    assert ms_ssim(truth, truth).item() == pytest.approx(1)
    assert ms_ssim(255 - truth, truth).item() == 0


def test_half_of_an_odd_side_keeps_its_last_row():
    picture = torch.tensor([[1.0, 3, 5], [1, 3, 5], [7, 9, 20]])[None, None]
    assert halved(picture)[0, 0].tolist() == [[2, 5], [8, 20]]


def test_the_smallest_side_is_a_window_at_the_coarsest_scale():
    coarsest = torch.zeros(1, 1, SMALLEST, SMALLEST)
    for _ in WEIGHTS[1:]:
        coarsest = halved(coarsest)
    assert coarsest.shape[-2:] == (SIDE, SIDE)
    with pytest.raises(DataError, match="ms_ssim needs pictures of at least 176 pixels a side, not 300 x 175"):
        ms_ssim(noise(1, 1, 300, 175), noise(1, 1, 300, 175))
