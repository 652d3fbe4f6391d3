import pytest
import torch

from gansmith.data.degrade.edges import draw_lines

PEN = {"sigma": 1.0, "sharpness": 12.0, "threshold": 0.02}


def step(contrast=1.0, height=20, width=40):
    picture = torch.full((1, 1, height, width), -contrast / 2)
    picture[..., width // 2 :] = contrast / 2
    return picture


@pytest.mark.parametrize("tone", [-1.0, -0.3, 0.0, 1.0])
@pytest.mark.parametrize("channels", [1, 3])
def test_flat_areas_are_white_paper(tone, channels):
    lines = draw_lines(torch.full((2, channels, 9, 13), tone), **PEN)
    assert lines.shape == (2, 1, 9, 13)
    torch.testing.assert_close(lines, torch.ones_like(lines))


def test_an_edge_is_a_dark_line_on_its_dark_side():
    line = draw_lines(step(), **PEN)[0, 0, 10]
    assert line[17:20].min() < -0.5
    assert (line[20:] == 1).all()
    assert (line[:12] == 1).all()


def test_stronger_edges_are_darker_and_faint_ones_are_left_out():
    ink = [draw_lines(step(contrast), **PEN).min() for contrast in (0.05, 0.3, 0.8)]
    assert ink[0] == 1
    assert ink[0] > ink[1] > ink[2] > -1.0001


def test_only_differences_count():
    picture = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0)) - 1
    torch.testing.assert_close(draw_lines(picture + 0.7, **PEN), draw_lines(picture, **PEN), rtol=0, atol=1e-4)


def test_wider_pens_draw_wider_lines():
    widths = [(draw_lines(step(), **{**PEN, "sigma": sigma})[0, 0, 10] < 0.5).sum() for sigma in (0.7, 2.0, 4.0)]
    assert widths[0] < widths[1] < widths[2]


def test_a_turned_picture_has_turned_lines():
    picture = torch.rand(2, 3, 18, 18, generator=torch.Generator().manual_seed(1)) * 2 - 1
    turned = draw_lines(picture.rot90(1, (2, 3)).flip(3), **PEN)
    torch.testing.assert_close(turned, draw_lines(picture, **PEN).rot90(1, (2, 3)).flip(3), rtol=0, atol=1e-4)


def test_pictures_may_be_smaller_than_the_pen():
    assert draw_lines(torch.zeros(1, 1, 3, 2), **{**PEN, "sigma": 5.0}).shape == (1, 1, 3, 2)
