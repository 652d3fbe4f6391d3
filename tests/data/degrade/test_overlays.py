import pytest
import torch

from gansmith.data.degrade.overlays import GAP, MARK_HEIGHT, MARK_WIDTH, MARKS, TILE, atlas, lay_over
from gansmith.noise import NoiseByIndex

CPU = torch.device("cpu")
SINGLE = {"opacity": (0.5, 0.5), "size": (0.6, 0.6), "rotation": 0.0, "tiled": 0.0}


def laid(images, seed=0, **settings):
    return lay_over(images, NoiseByIndex(seed, torch.arange(len(images))), **{**SINGLE, **settings})


def test_the_marks_are_always_the_same():
    first = atlas(CPU, torch.float32)
    atlas.cache_clear()
    assert all(torch.equal(one, other) for one, other in zip(first, atlas(CPU, torch.float32)))


def test_marks_are_drawn_within_their_frames():
    marks = atlas(CPU, torch.float32)[0]
    assert marks.shape == (MARKS, 1, MARK_HEIGHT, MARK_WIDTH)
    assert marks.min() == 0
    assert marks.max() == 1
    assert (marks.mean((1, 2, 3)) > 0.02).all()
    for edge in (marks[..., 0, :], marks[..., -1, :], marks[..., 0], marks[..., -1]):
        assert edge.max() == 0


def test_levels_of_detail_have_the_same_ink():
    levels = atlas(CPU, torch.float32)
    assert [level.shape[-1] for level in levels] == [MARK_WIDTH >> k for k in range(len(levels))]
    for level in levels:
        torch.testing.assert_close(level.mean((1, 2, 3)), levels[0].mean((1, 2, 3)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(96, 96), (40, 150), (8, 8)])
def test_no_opacity_leaves_the_picture_and_some_bounds_the_change(channels, height, width):
    images = torch.rand(12, channels, height, width) * 2 - 1
    assert torch.equal(laid(images, opacity=(0.0, 0.0)), images)
    change = (laid(images, opacity=(0.2, 0.3)) - images).abs()
    assert change.amax() <= 0.3 * 2 + 1e-6
    assert (change.amax((1, 2, 3)) > 0.005).all()


def test_ink_is_white_black_or_coloured():
    inked = laid(torch.zeros(300, 3, 24, 24), opacity=(1.0, 1.0), size=(2.0, 2.0), tiled=1.0).mean((2, 3))
    neutral = (inked - inked.mean(1, keepdim=True)).abs().amax(1) < 1e-4
    white, black = neutral & (inked[:, 0] > 0), neutral & (inked[:, 0] < 0)
    assert 0.25 < white.float().mean() < 0.42
    assert 0.25 < black.float().mean() < 0.42


def test_a_single_mark_has_its_size_and_lies_inside():
    change = laid(torch.zeros(100, 1, 100, 160), rotation=0.0).ne(0)[:, 0]
    columns, rows = change.any(1).sum(1), change.any(2).sum(1)
    assert columns.max() <= 0.6 * 100 + 2
    assert rows.max() <= 0.6 * 100 * MARK_HEIGHT / MARK_WIDTH + 2
    assert columns.max() > 50
    assert rows.min() > 3
    assert columns.min() > 9


def test_turned_marks_are_higher():
    flat = laid(torch.zeros(60, 1, 128, 128)).ne(0)[:, 0].any(2).sum(1).float().mean()
    turned = laid(torch.zeros(60, 1, 128, 128), rotation=90.0).ne(0)[:, 0].any(2).sum(1).float().mean()
    assert turned > 1.3 * flat


def test_a_tiling_repeats_over_the_whole_picture():
    # 48 pixels a frame: every 56 across, and every other row of 24 moved by half of that.
    frame = 96 * TILE
    period, height = round(frame * (1 + GAP * MARK_HEIGHT / MARK_WIDTH)), round(frame * (1 + GAP) / 3)
    assert (period, height) == (56, 24)
    tiled = laid(torch.zeros(20, 1, 96, 200), size=(1.0, 1.0), tiled=1.0)
    torch.testing.assert_close(tiled[..., period:], tiled[..., :-period], rtol=0, atol=1e-3)
    torch.testing.assert_close(
        tiled[..., height:, : -period // 2], tiled[..., :-height, period // 2 :], rtol=0, atol=1e-3
    )
    assert (tiled[..., :period] != 0).any(3).any(2).all()


def test_small_marks_keep_their_ink():
    # Bilinear samples of the finest level alone would hit or miss thin strokes.
    large, small = (laid(torch.full((40, 1, side, side), -1.0), opacity=(1.0, 1.0)) for side in (256, 32))
    assert torch.corrcoef(torch.stack([large.mean((1, 2, 3)), small.mean((1, 2, 3))]))[0, 1] > 0.98
