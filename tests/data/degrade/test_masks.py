import pytest
import torch

from gansmith.data.degrade import masks
from gansmith.noise import Noise, NoiseByIndex


class Constant:
    """Draws that are all the same."""

    def __init__(self, value):
        self.value = value

    def uniform(self, rows, *shape):
        return torch.full((rows, *shape), self.value)

    normal = uniform


def drawn(kind, rows=200, height=32, width=48, channels=3):
    draws = Noise(0, rows, 0, torch.float32)
    return masks.MASKS[kind](draws, torch.zeros(rows, channels, height, width))


@pytest.mark.parametrize("kind", masks.MASKS)
@pytest.mark.parametrize(("height", "width"), [(32, 48), (7, 5), (8, 8)])
def test_every_picture_has_a_hole_and_something_known(kind, height, width):
    mask = drawn(kind, height=height, width=width)
    assert mask.shape == (200, 1, height, width)
    assert mask.unique().tolist() == [0, 1]
    assert (mask.amax((1, 2, 3)) == 1).all()
    assert (mask.amin((1, 2, 3)) == 0).all()


@pytest.mark.parametrize(("kind", "least", "most"), [("boxes", 0.1, 0.25), ("strokes", 0.1, 0.3), ("mixed", 0.1, 0.3)])
def test_a_fair_share_is_missing_at_any_size(kind, least, most):
    for height, width in ((32, 32), (64, 128)):
        assert least < drawn(kind, height=height, width=width).mean() < most


def test_the_center_is_the_middle_half_of_both_sides():
    mask = drawn("center", 2, 8, 12)
    assert mask[..., 2:6, 3:9].eq(1).all()
    assert mask.sum() == 2 * 4 * 6


def test_boxes_reach_from_corner_to_corner():
    least = masks.boxes(Constant(0.0), torch.zeros(1, 3, 20, 40))
    assert least[..., :2, :4].eq(1).all()
    assert least.sum() == 8
    most = masks.boxes(Constant(0.9999999), torch.zeros(1, 3, 20, 40))
    assert most[..., -9:, -18:].eq(1).all()
    assert most.sum() == 9 * 18


def test_a_box_alone_is_a_rectangle():
    class OneBox(NoiseByIndex):
        def uniform(self, rows, *shape):
            return super().uniform(rows, *shape) * (0 if shape == (1,) else 1)

    for mask in masks.boxes(OneBox(0, torch.arange(50)), torch.zeros(50, 1, 30, 20))[:, 0]:
        rows, columns = mask.amax(1), mask.amax(0)
        assert torch.equal(mask, rows[:, None] * columns[None])
        assert rows.diff().abs().sum() <= 2
        assert columns.diff().abs().sum() <= 2


def test_strokes_are_at_most_three_pieces():
    label = pytest.importorskip("scipy.ndimage").label
    pieces = [label(mask, structure=torch.ones(3, 3))[1] for mask in drawn("strokes")[:, 0].numpy()]
    assert set(pieces) == {1, 2, 3}


def test_a_stroke_covers_what_its_brush_touches():
    start, end = torch.tensor([[[4.0, 6.0]]]), torch.tensor([[[15.0, 11.0]]])
    mask = masks._capsules(start, end, torch.tensor([[9.0]]), 20, 30)[0, 0]
    y, x = torch.meshgrid(torch.arange(20.0), torch.arange(30.0), indexing="ij")
    points = start + (end - start) * torch.linspace(0, 1, 2001)[:, None]
    distance = torch.cdist(torch.stack([x, y], -1).view(-1, 2), points[0]).amin(1).view(20, 30)
    clear = (distance - 3).abs() > 1e-3
    assert torch.equal(mask[clear], (distance < 3).float()[clear])


def test_a_brush_below_zero_leaves_no_ink():
    start = torch.zeros(1, 1, 2)
    assert masks._capsules(start, start + 5, torch.tensor([[-1.0]]), 8, 8).sum() == 0
    assert masks._capsules(start, start, torch.tensor([[1.5]]), 8, 8).sum() == 3


def test_mixed_has_strokes_and_boxes():
    pictures = torch.zeros(40, 1, 32, 32)
    draws = NoiseByIndex(0, torch.arange(40))
    chance, strokes, boxes = draws.uniform(40), masks.strokes(draws, pictures), masks.boxes(draws, pictures)
    mixed = masks.mixed(NoiseByIndex(0, torch.arange(40)), pictures)
    is_stroke = chance < 0.5
    assert torch.equal(mixed[is_stroke], strokes[is_stroke])
    assert torch.equal(mixed[~is_stroke], boxes[~is_stroke])
    assert 10 < is_stroke.sum() < 30
