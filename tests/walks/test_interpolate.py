"""Paths from sample to sample."""

import math

import pytest
import torch
import walking
from PIL import Image
from torch.nn.functional import normalize

from gansmith.errors import ConfigError
from gansmith.models.latents import lerp, slerp
from gansmith.walks.animation import save_animation
from gansmith.walks.interpolate import closed_path, interpolate


def points(count=3, rows=2):
    return torch.randn(count, rows, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("between", [lerp, slerp])
def test_a_path_passes_through_its_points_and_is_closed(between):
    path = closed_path(points(), 5, between)
    assert path.shape == (15, 2, 6)
    torch.testing.assert_close(path[::5], points())
    # What would come next is the start.
    torch.testing.assert_close(between(points()[2], points()[0], torch.ones(1, 1).double()), path[0])


def test_a_spherical_path_keeps_the_norm_of_its_ends_and_one_angular_speed():
    sphere = normalize(points(2), dim=2) * 2
    path = closed_path(sphere, 8, slerp)
    torch.testing.assert_close(path.norm(dim=2), torch.full((16, 2), 2.0).double())
    units = path / 2
    angles = (units * units.roll(-1, 0)).sum(2).acos()
    whole = (sphere[0] * sphere[1] / 4).sum(1).acos()
    torch.testing.assert_close(angles, (whole / 8).expand(16, 2))


def test_a_linear_path_is_halfway_in_the_middle():
    path = closed_path(points(2), 2, lerp)
    torch.testing.assert_close(path[1], points(2).mean(0))


def decoded(path):
    with Image.open(path) as film:
        frames = []
        for frame in range(film.n_frames):
            film.seek(frame)
            frames.append((film.convert("RGB").copy(), film.info.get("duration")))
    return frames


@pytest.mark.parametrize("format", ["gif", "webp"])
def test_the_film_starts_from_the_samples_and_the_strip_shows_its_frames(format, tmp_path):
    model = walking.conditional_model()
    config = walking.settings(n=2, columns=6, points=3, frames=2, format=format)
    film, strip = interpolate(walking.walker(model), config, tmp_path)
    frames = decoded(film)
    assert len(frames) == 6
    assert all(duration == 50 for _, duration in frames)
    sample = model.sample_images(torch.tensor([1]), 3)[0, 0].repeat_interleave(8, 0).repeat_interleave(8, 1)
    with Image.open(strip) as picture:
        assert picture.size == (2 + 6 * 66, 2 + 2 * 66)
        assert list(picture.convert("L").crop((2, 68, 66, 132)).getdata()) == sample.flatten().tolist()
    first = torch.tensor(list(frames[0][0].convert("L").crop((68, 2, 132, 66)).getdata()))
    assert (first - sample.flatten()).abs().float().mean() <= (0 if format == "gif" else 3)


def test_all_of_a_row_have_its_class_and_noise(tmp_path, monkeypatch):
    model, seen = walking.stylegan2_model(classes=3), []
    walker = walking.walker(model)
    monkeypatch.setattr(
        type(walker),
        "show",
        lambda self, code, indices, space, title: (
            seen.append((code, indices)) or torch.zeros(len(code), 1, 8, 8, dtype=torch.uint8)
        ),
    )
    interpolate(walker, walking.settings(n=4, points=2, frames=1, space="w"), tmp_path)
    ((codes, indices),) = seen
    assert indices.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    with torch.no_grad():
        later = model.eval().code(torch.arange(4, 8), 3, "w", label=torch.arange(4) % 3)
    torch.testing.assert_close(codes[4:].float(), later)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": 1}, "points=1: it counts from 2"),
        ({"frames": 0}, "frames=0: it counts from 1"),
        ({"path": "round"}, "path=round is unknown; known are spherical, linear"),
        ({"space": "w"}, "space=w: model=cgan has z here"),
        ({"format": "mp4"}, "format=mp4 is unknown; known are gif, webp"),
        ({"fps": 0}, "fps=0: it lies in 1 to 50"),
    ],
)
def test_what_does_not_work_is_named(changes, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        interpolate(walking.walker(walking.conditional_model()), walking.settings(**changes), tmp_path)


def test_a_film_has_the_time_that_it_was_given(tmp_path):
    frames = [torch.full((3, 4, 4), value, dtype=torch.uint8) for value in (0, 100, 200)]
    save_animation(frames, tmp_path / "a.gif", fps=10)
    found = decoded(tmp_path / "a.gif")
    assert [frame.getpixel((0, 0)) for frame, _ in found] == [(0,) * 3, (100,) * 3, (200,) * 3]
    assert math.fsum(duration for _, duration in found) == 300
