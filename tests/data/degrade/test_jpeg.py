from io import BytesIO

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_sample_image

from gansmith.data.degrade.jpeg import CHROMINANCE, LUMINANCE, cosines, jpeg, tables

QUALITIES = [10, 30, 60, 90]
CROPS = {
    "multiples of 16": np.s_[96:224, 160:320],
    "any size": np.s_[101:214, 203:330],
    "less than a block": np.s_[150:155, 200:211],
}


def photograph(crop: str, mode: str) -> NDArray[np.uint8]:
    picture = np.ascontiguousarray(load_sample_image("flower.jpg")[CROPS[crop]])
    return np.asarray(Image.fromarray(picture).convert(mode))


def by_file(picture: NDArray[np.uint8], quality: int) -> NDArray[np.float64]:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer)).astype(float)


def by_tensor(picture: NDArray[np.uint8], quality: int) -> NDArray[np.float64]:
    planes = torch.from_numpy(np.atleast_3d(picture).transpose(2, 0, 1).astype(np.float32))[None]
    result = jpeg(planes / 127.5 - 1, torch.tensor([quality]))[0].add(1).mul(127.5)
    return result.permute(1, 2, 0).numpy().astype(float).reshape(picture.shape)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("quality", QUALITIES)
def test_the_round_trip_is_that_of_a_file(quality: int, crop: str, mode: str) -> None:
    picture = photograph(crop, mode)
    expected, result = by_file(picture, quality), by_tensor(picture, quality)
    assert np.abs(result - expected).mean() < (0.25 if mode == "RGB" else 0.1)
    assert np.abs(result - expected).mean() < np.abs(picture - expected).mean() / 4


@pytest.mark.parametrize("quality", [1, 25, 50, 77, 100])
def test_the_tables_are_those_in_a_file(quality: int) -> None:
    buffer = BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, "JPEG", quality=quality)
    written = Image.open(buffer).quantization
    for number, base in enumerate((LUMINANCE, CHROMINANCE)):
        assert tables(base, torch.tensor([quality]))[0].flatten().int().tolist() == list(written[number])


def test_each_picture_has_its_own_quality() -> None:
    images = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)).mul(2).sub(1).expand(3, -1, -1, -1)
    quality = torch.tensor([20.0, 60.0, 95.0])
    together = jpeg(images, quality)
    alone = torch.cat([jpeg(images[:1], q) for q in quality.split(1)])
    torch.testing.assert_close(together, alone, rtol=0, atol=0)
    error = (together - images).square().mean((1, 2, 3))
    assert error[0] > error[1] > error[2]


def test_flat_pictures_of_mid_grey_stay() -> None:
    grey = torch.full((1, 3, 20, 20), 128 / 127.5 - 1)
    torch.testing.assert_close(jpeg(grey, torch.tensor([10])), grey)


def test_channels_that_are_no_colours_are_grey_pictures() -> None:
    images = torch.rand(1, 2, 16, 24, generator=torch.Generator().manual_seed(1)).mul(2).sub(1)
    planes = torch.cat([jpeg(images[:, k : k + 1], torch.tensor([40])) for k in (0, 1)], 1)
    torch.testing.assert_close(jpeg(images, torch.tensor([40])), planes, rtol=0, atol=0)


def test_the_cosines_are_orthonormal() -> None:
    dct = cosines(torch.device("cpu"))
    torch.testing.assert_close(dct @ dct.T, torch.eye(8), rtol=0, atol=1e-6)
