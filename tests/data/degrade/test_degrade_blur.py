from math import pi

import pytest
import torch
from scipy.ndimage import convolve
from torch import Tensor

from gansmith.data.degrade import blur

SIZE = 21


def moments(kernels: Tensor) -> Tensor:
    """Covariance (n, 2, 2) of kernels taken as densities of (x, y)."""
    place = torch.arange(kernels.shape[-1], dtype=kernels.dtype) - kernels.shape[-1] // 2
    x, y = place[None, :].expand_as(kernels[0]), place[:, None].expand_as(kernels[0])
    grid = torch.stack([x, y])
    return torch.einsum("nij,aij,bij->nab", kernels, grid, grid)


def every_kind() -> Tensor:
    sigma = torch.tensor([[0.2, 3.0], [2.0, 2.0], [1.0, 0.5]])
    angle, shape = torch.tensor([0.3, -2.0, 3.0]), torch.tensor([0.5, 4.0, 1.5])
    kernels = [
        blur.gaussian(sigma, angle, SIZE),
        blur.gaussian(sigma, angle, SIZE, shape),
        blur.plateau(sigma, angle, SIZE, shape),
        blur.sinc(torch.tensor([pi / 5, pi / 2, pi]), SIZE),
        blur.motion(torch.tensor([0.0, 7.5, 20.0]), angle, SIZE),
    ]
    return torch.cat([*kernels, *(blur.cropped(kind, torch.tensor([7, 13, 21])) for kind in kernels)])


def test_kernels_sum_to_one_and_are_centred() -> None:
    kernels = every_kind()
    torch.testing.assert_close(kernels.sum((1, 2)), torch.ones(len(kernels)))
    torch.testing.assert_close(kernels, kernels.flip(1, 2), rtol=0, atol=1e-6)


def test_a_gaussian_has_its_standard_deviations_along_its_axes() -> None:
    sigma, angle = torch.tensor([[3.0, 1.0], [1.5, 1.5]]), torch.tensor([pi / 6, 1.0])
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(-1, 2, 2)
    expected = turn @ torch.diag_embed(sigma.square()) @ turn.transpose(1, 2)
    torch.testing.assert_close(moments(blur.gaussian(sigma, angle, 41)), expected, rtol=0.01, atol=0.01)


def test_the_shape_of_one_is_the_gaussian_and_larger_ones_are_flatter() -> None:
    sigma, angle = torch.full((3, 2), 3.0), torch.zeros(3)
    kernels = blur.gaussian(sigma, angle, SIZE, torch.tensor([0.5, 1.0, 4.0]))
    torch.testing.assert_close(kernels[1], blur.gaussian(sigma[:1], angle[:1], SIZE)[0])
    peak = kernels[:, 10, 10] / kernels[:, 10, 12]
    assert peak[0] > peak[1] > peak[2]
    assert peak[2] < 1.05


def test_a_plateau_falls_to_half_at_its_standard_deviation() -> None:
    kernel = blur.plateau(torch.tensor([[4.0, 4.0]]), torch.zeros(1), SIZE, torch.tensor([2.0]))[0]
    torch.testing.assert_close(kernel[10, 14] / kernel[10, 10], torch.tensor(0.5))


def test_a_sinc_passes_low_frequencies_and_stops_high_ones() -> None:
    cutoff = pi / 2
    kernel = blur.sinc(torch.tensor([cutoff]), 101)[0]
    response = torch.fft.fftshift(torch.fft.fft2(torch.fft.ifftshift(kernel))).real
    frequency = 2 * pi * torch.arange(-50, 51) / 101
    radius = torch.hypot(frequency[None, :], frequency[:, None])
    assert (response[radius < cutoff - 0.3] - 1).abs().max() < 0.15
    assert response[radius > cutoff + 0.3].abs().max() < 0.15


def test_movement_is_a_line_of_its_length_and_angle() -> None:
    length, angle = torch.tensor([0.0, 16.0, 16.0]), torch.tensor([1.0, 0.0, pi / 4])
    kernels = blur.motion(length, angle, SIZE)
    still = torch.zeros(SIZE, SIZE)
    still[10, 10] = 1
    assert torch.equal(kernels[0], still)
    torch.testing.assert_close(kernels[1, 10, 2:19], torch.full((17,), 1 / 17))
    covariance = moments(kernels)
    torch.testing.assert_close(covariance[1, 0, 0], torch.tensor(16**2 / 12), rtol=0.15, atol=0)
    torch.testing.assert_close(covariance[2, 0, 1], torch.tensor(16**2 / 24), rtol=0.15, atol=0)


def test_a_cropped_kernel_ends_at_its_size() -> None:
    kernels = blur.cropped(torch.ones(2, 9, 9), torch.tensor([3, 7]))
    assert (kernels > 0).sum((1, 2)).tolist() == [9, 49]


def test_each_picture_is_convolved_with_its_own_kernel_and_mirrored_at_the_border() -> None:
    generator = torch.Generator().manual_seed(0)
    images, kernels = torch.rand(3, 2, 9, 12, generator=generator), torch.rand(3, 5, 5, generator=generator)
    blurred = blur.blur(images, kernels)
    for image, kernel, result in zip(images, kernels, blurred):
        for plane, outcome in zip(image, result):
            expected = convolve(plane.numpy(), kernel.numpy(), mode="mirror")
            torch.testing.assert_close(outcome, torch.from_numpy(expected), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (3, 40)])
def test_a_picture_smaller_than_the_kernel_is_blurred_as_well(size: tuple[int, int]) -> None:
    kernels = blur.gaussian(torch.tensor([[2.0, 2.0]]), torch.zeros(1), SIZE)
    blurred = blur.blur(torch.full((1, 3, *size), -0.5), kernels)
    torch.testing.assert_close(blurred, torch.full((1, 3, *size), -0.5))
