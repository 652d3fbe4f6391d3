from math import ceil, floor

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_sample_image
from torch import Tensor

from gansmith.data.degrade.resize import FILTERS, resize

PIL_FILTERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
SIZES = [((40, 56), (10, 14)), ((41, 57), (13, 11)), ((9, 7), (27, 28)), ((30, 20), (31, 3)), ((5, 4), (1, 1))]


def noise(height: int, width: int) -> NDArray[np.float32]:
    return np.random.default_rng(height * width).random((height, width), dtype=np.float32)


def matlab_imresize(picture: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """imresize(picture, [height width], 'bicubic') from its definition, one output pixel at a time."""

    def cubic(x: float) -> float:
        x = abs(x)
        if x <= 1:
            return 1.5 * x**3 - 2.5 * x**2 + 1
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x <= 2 else 0.0

    def lines(rows: NDArray[np.float64], length: int) -> NDArray[np.float64]:
        before = len(rows)
        scale = length / before
        shrink = min(scale, 1.0)
        mirrored = [*range(before), *range(before - 1, -1, -1)]
        result = np.zeros((length, *rows.shape[1:]))
        for x in range(1, length + 1):
            u = x / scale + 0.5 * (1 - 1 / scale)
            left = floor(u - 2 / shrink)
            taps = [left + k for k in range(ceil(4 / shrink) + 2)]
            weights = [shrink * cubic(shrink * (u - tap)) for tap in taps]
            for tap, weight in zip(taps, weights):
                result[x - 1] += weight / sum(weights) * rows[mirrored[(tap - 1) % (2 * before)]]
        return result

    return lines(lines(picture, height).T, width).T


@pytest.mark.parametrize(("before", "after"), SIZES)
@pytest.mark.parametrize("name", FILTERS)
def test_every_pixel_is_that_of_pil(name: str, before: tuple[int, int], after: tuple[int, int]) -> None:
    picture = noise(*before)
    expected = np.asarray(Image.fromarray(picture).resize(after[::-1], PIL_FILTERS[name]))
    resized = resize(torch.from_numpy(picture)[None, None], *after, filter=name)
    np.testing.assert_allclose(resized[0, 0].numpy(), expected, atol=2e-6)


@pytest.mark.parametrize(("before", "after"), SIZES)
def test_every_pixel_is_that_of_matlab_where_borders_are_mirrored(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    picture = noise(*before)
    resized = resize(torch.from_numpy(picture)[None, None], *after, border="mirror")
    np.testing.assert_allclose(resized[0, 0].numpy(), matlab_imresize(picture.astype(float), *after), atol=2e-6)


def test_the_two_borders_differ_at_the_border_alone() -> None:
    picture = torch.from_numpy(noise(64, 64))[None, None]
    difference = (resize(picture, 16, 16) - resize(picture, 16, 16, border="mirror")).abs()
    assert difference[..., 2:-2, 2:-2].max() < 1e-6
    assert difference.max() > 1 / 255


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("photograph", ["china.jpg", "flower.jpg"])
def test_a_photograph_is_that_of_pil_to_one_level(photograph: str, scale: int) -> None:
    # Within [50, 205] no overshoot has to be clamped, which PIL does between its two passes.
    picture = (load_sample_image(photograph)[:424, :640] * (155 / 255) + 50).astype(np.uint8)
    height, width = 424 // scale, 640 // scale
    expected = np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC))
    resized = resize(torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None], height, width)
    assert np.abs(resized[0].permute(1, 2, 0).round().numpy() - expected).max() <= 1


@pytest.mark.parametrize("border", ["clip", "mirror"])
@pytest.mark.parametrize("name", FILTERS)
def test_a_constant_stays_the_constant(name: str, border: str) -> None:
    constant = torch.full((2, 3, 13, 17), 0.37)
    for size in ((5, 40), (29, 3), (13, 17)):
        resized = resize(constant, *size, filter=name, border=border)
        torch.testing.assert_close(resized, torch.full((2, 3, *size), 0.37), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", FILTERS)
def test_the_same_size_is_the_same_picture(name: str) -> None:
    picture = torch.rand(1, 2, 11, 8)
    torch.testing.assert_close(resize(picture, 11, 8, filter=name), picture)


def test_without_antialiasing_a_kernel_keeps_its_width() -> None:
    picture = torch.rand(1, 1, 12, 12)
    torch.testing.assert_close(resize(picture, 4, 4, "box", antialias=False), picture[..., 1::3, 1::3])
    expected = torch.nn.functional.interpolate(picture, (5, 7), mode="bilinear")
    torch.testing.assert_close(resize(picture, 5, 7, "bilinear", antialias=False), expected)


def test_the_type_is_kept_and_rounded_once() -> None:
    picture = torch.rand(1, 1, 32, 32)
    expected = resize(picture, 8, 8).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(resize(picture, 8, 8).bfloat16(), expected)
    resized = resize(picture.bfloat16(), 8, 8)
    assert resized.dtype == torch.bfloat16
    torch.testing.assert_close(resized, resize(picture.bfloat16().float(), 8, 8).bfloat16(), rtol=0, atol=0)


def test_gradients_flow_through_weights_that_evaluation_has_cached() -> None:
    with torch.inference_mode():
        resize(torch.rand(1, 1, 19, 19), 6, 6)
    picture = torch.rand(1, 1, 19, 19, requires_grad=True)
    resized: Tensor = resize(picture, 6, 6)
    resized.sum().backward()
    assert picture.grad is not None
    torch.testing.assert_close(picture.grad.sum(), torch.tensor(36.0))
