"""Pictures of every kind, as bytes of grey or RGB."""

import numpy as np
import pytest
from PIL import Image

from gansmith.data.decode import UnreadablePicture
from gansmith.translate.pictures import read_mask, read_picture

MANY = 10**6


@pytest.mark.parametrize(
    ("mode", "suffix", "channels", "has_alpha"),
    [
        ("1", "png", 1, False),
        ("L", "png", 1, False),
        ("L", "jpg", 1, False),
        ("LA", "png", 1, True),
        ("P", "png", 3, False),
        ("RGB", "webp", 3, False),
        ("RGBA", "png", 3, True),
        ("RGBA", "webp", 3, True),
        ("CMYK", "jpg", 3, False),
        ("I;16", "png", 1, False),
        ("F", "tif", 1, False),
    ],
)
def test_every_mode_has_its_channels(tmp_path, mode, suffix, channels, has_alpha):
    path = tmp_path / f"a.{suffix}"
    picture = Image.new("L", (5, 3), 1).convert(mode)
    if has_alpha:
        picture.putalpha(99)
    picture.save(path)
    picture = read_picture(path, MANY)
    assert picture.pixels.shape == (3, 5, channels)
    assert picture.pixels.dtype == np.uint8
    assert (picture.alpha is not None) == has_alpha
    assert picture.size == (3, 5)


def test_colours_and_transparency_are_apart(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 4), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png", MANY)
    np.testing.assert_array_equal(picture.pixels, pixels[..., :3])
    np.testing.assert_array_equal(picture.alpha, pixels[..., 3])


def test_one_transparent_colour_is_transparency(tmp_path):
    Image.fromarray(np.array([[0, 255]], np.uint8)).save(tmp_path / "a.png", transparency=255)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png", MANY).alpha, [[255, 0]])


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    Image.fromarray(np.array([[0, 257 * 100, 65535]], np.uint16)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png", MANY).pixels[..., 0], [[0, 100, 255]])


def test_the_camera_was_held_upright_in_the_end(tmp_path):
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png", MANY).pixels[..., 0], np.rot90(pixels, -1))


def test_a_profile_is_kept_where_it_describes_the_values(tmp_path):
    for mode, kept in (("RGB", b"profile"), ("CMYK", None)):
        Image.new(mode, (2, 2)).save(tmp_path / "a.jpg", icc_profile=b"profile")
        assert read_picture(tmp_path / "a.jpg", MANY).profile == kept


def test_what_is_no_picture_says_why(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    Image.effect_noise((64, 64), 50).save(tmp_path / "whole.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:1000])
    for name, reason in (("text.png", "is no JPEG"), ("half.png", "truncated"), ("none.png", "No such file")):
        with pytest.raises(UnreadablePicture, match=reason):
            read_picture(tmp_path / name, MANY)


def test_the_bound_is_ours_and_not_pillows(tmp_path, monkeypatch):
    Image.new("L", (20, 10)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    assert read_picture(tmp_path / "a.png", 200).size == (10, 20)
    assert Image.MAX_IMAGE_PIXELS == 50
    with pytest.raises(UnreadablePicture, match="20x10 pixels, more than max_pixels=199"):
        read_picture(tmp_path / "a.png", 199)


def test_a_mask_is_white_where_it_is_nearer_to_white(tmp_path):
    Image.fromarray(np.array([[0, 127, 128, 255]], np.uint8)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "a.png", (1, 4), MANY), [[False, False, True, True]])
    with pytest.raises(UnreadablePicture, match="mask of 4x1 for 4x2 pixels"):
        read_mask(tmp_path / "a.png", (2, 4), MANY)
