import numpy as np
import pytest
import torch

from gansmith.data.degrade.lab import lab_to_rgb, luma, rgb_to_lab

# sRGB in [0, 1] and CIE Lab under D65 (2 degrees), as colour calculators give them.
KNOWN = [
    ((0, 0, 0), (0, 0, 0)),
    ((1, 1, 1), (100, 0, 0)),
    ((1, 0, 0), (53.2408, 80.0925, 67.2032)),
    ((0, 1, 0), (87.7347, -86.1827, 83.1793)),
    ((0, 0, 1), (32.2970, 79.1875, -107.8602)),
    ((0, 1, 1), (91.1132, -48.0875, -14.1312)),
    ((0.5, 0.5, 0.5), (53.3890, 0, 0)),
]


def all_colours(steps=17):
    ramp = torch.linspace(-1, 1, steps)
    return torch.cartesian_prod(ramp, ramp, ramp).T.reshape(1, 3, steps, -1)


@pytest.mark.parametrize(("rgb", "lab"), KNOWN)
def test_known_colours(rgb, lab):
    images = torch.tensor(rgb, dtype=torch.float64).view(1, 3, 1, 1) * 2 - 1
    expected = torch.tensor(lab, dtype=torch.float64).view(1, 3, 1, 1)
    torch.testing.assert_close(rgb_to_lab(images), expected, rtol=0, atol=2e-3)
    torch.testing.assert_close(lab_to_rgb(expected), images, rtol=0, atol=1e-4)


def test_agrees_with_scikit_image():
    color = pytest.importorskip("skimage.color")
    images = all_colours().double()
    array = images.add(1).div(2)[0].permute(1, 2, 0).numpy()
    expected = torch.from_numpy(color.rgb2lab(array)).permute(2, 0, 1)[None]
    # Its matrix has six digits, and its white is not quite that of its matrix.
    torch.testing.assert_close(rgb_to_lab(images), expected, rtol=0, atol=0.03)
    back = torch.from_numpy(np.ascontiguousarray(color.lab2rgb(rgb_to_lab(images)[0].permute(1, 2, 0).numpy())))
    torch.testing.assert_close(lab_to_rgb(rgb_to_lab(images))[0].permute(1, 2, 0), back * 2 - 1, rtol=0, atol=1e-3)


def test_there_and_back():
    torch.testing.assert_close(lab_to_rgb(rgb_to_lab(all_colours())), all_colours(), rtol=0, atol=1e-4)


def test_colours_stay_within_the_documented_limits():
    lightness, a, b = rgb_to_lab(all_colours()).unbind(1)
    assert lightness.min() > -1e-3
    assert lightness.max() < 100.001
    assert -87 < a.min() < a.max() < 99
    assert -108 < b.min() < b.max() < 95


def test_greys_have_no_chroma():
    greys = torch.linspace(-1, 1, 256, dtype=torch.float64).view(1, 1, 1, -1).expand(-1, 3, -1, -1)
    assert rgb_to_lab(greys)[:, 1:].abs().max() < 1e-9


def test_colours_outside_srgb_are_clamped():
    shown = lab_to_rgb(torch.tensor([[50.0, 110.0, -110.0], [100.0, 90.0, 90.0], [0.0, 0.0, 110.0]])[:, :, None, None])
    assert shown.isfinite().all()
    assert shown.abs().max() <= 1


def test_gradients_are_finite_everywhere():
    images = all_colours(5).requires_grad_()
    rgb_to_lab(images).sum().backward()
    assert images.grad.isfinite().all()
    lab = rgb_to_lab(all_colours(5)).requires_grad_()
    lab_to_rgb(lab).sum().backward()
    assert lab.grad.isfinite().all()


def test_luma_weighs_green_most_and_leaves_greys():
    primaries = torch.eye(3, dtype=torch.float64).mul(2).sub(1)[:, :, None, None]
    expected = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64) * 2 - 1
    torch.testing.assert_close(luma(primaries).flatten(), expected)
    grey = torch.rand(2, 1, 3, 3)
    assert luma(grey) is grey
    torch.testing.assert_close(luma(grey.expand(-1, 3, -1, -1)), grey)
