import base64
import io

import numpy as np
import pytest
from PIL import Image

from gansmith.results.leaderboard import collect
from gansmith.results.page.board import read_pictures
from gansmith.results.page.pictures import LEAST_BYTES, MOST_BYTES, PAGE_BYTES, bytes_each, read_picture


def decoded(picture):
    content = base64.b64decode(picture.uri.removeprefix("data:image/webp;base64,"))
    return Image.open(io.BytesIO(content)), len(content)


def noise(path, height, width, mode="RGB"):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 4), dtype=np.uint8)
    Image.fromarray(pixels, "RGBA").convert(mode).save(path)
    return path


@pytest.mark.parametrize("most_bytes", [6_000, 40_000])
@pytest.mark.parametrize("size", [(662, 662), (2000, 300), (300, 2000)])
def test_even_noise_is_made_small_enough(tmp_path, size, most_bytes):
    grid, thumbnail = read_picture(noise(tmp_path / "a.png", *size), most_bytes)
    image, content = decoded(grid)
    assert content <= most_bytes
    assert (grid.width, grid.height) == image.size
    assert grid.width / grid.height == pytest.approx(size[1] / size[0], rel=0.05)
    assert decoded(thumbnail)[0].size == (88, 88)


def test_a_small_picture_keeps_its_size_and_looks(tmp_path):
    x = np.linspace(0, 255, 200)[None, :] * np.ones((100, 1))
    Image.fromarray(x.astype(np.uint8)).save(tmp_path / "a.png")
    grid, _ = read_picture(tmp_path / "a.png", 40_000)
    seen = np.asarray(decoded(grid)[0].convert("L"), dtype=float)
    assert seen.shape == (100, 200)
    assert np.abs(seen - x).mean() < 3


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "RGB"])
def test_every_kind_of_png_is_read(tmp_path, mode):
    assert read_picture(noise(tmp_path / "a.png", 20, 20, mode), 40_000) is not None


def test_one_pixel_is_a_picture(tmp_path):
    grid, _ = read_picture(noise(tmp_path / "a.png", 1, 1), 40_000)
    assert (grid.width, grid.height) == (1, 1)


def test_what_can_not_be_read_is_no_picture(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    whole = noise(tmp_path / "a.png", 50, 50).read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    for name in ("text.png", "half.png", "absent.png", "."):
        assert read_picture(tmp_path / name, 40_000) is None


def test_pictures_are_looked_for_inside_the_run_alone(logs):
    logs.add("dcgan")
    noise(logs.folder / "outside.png", 20, 20)
    logs.add("gan", samples="../outside.png", picture=False)
    logs.add("lsgan", samples=None, picture=False)
    runs, _ = collect([logs.folder])
    assert [path.name for path in read_pictures(runs, 40_000)] == ["run_0"]


def test_many_pictures_share_the_room_of_a_page():
    assert bytes_each(0) == bytes_each(1) == MOST_BYTES
    assert 100 * bytes_each(100) <= PAGE_BYTES
    assert bytes_each(10**6) == LEAST_BYTES
