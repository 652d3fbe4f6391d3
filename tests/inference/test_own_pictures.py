"""Pictures from a user's files."""

import pytest
import torch
from PIL import ExifTags, Image

from gansmith.errors import DataError
from gansmith.inference.own_pictures import check_mask_fits, mask_of, start_picture

DATA = {"resolution": 8, "channels": 3}


def test_a_picture_is_the_centre_square_in_the_size_of_the_data(tmp_path):
    wide = Image.new("RGB", (32, 16), "white")
    wide.paste("black", (8, 0, 24, 16))
    wide.save(tmp_path / "wide.png")
    found = start_picture(tmp_path / "wide.png", {**DATA, "source": {"filter": "box"}})
    assert torch.equal(found, torch.full((1, 3, 8, 8), -1.0))
    assert start_picture(tmp_path / "wide.png", {**DATA, "channels": 1}).shape == (1, 1, 8, 8)


def test_a_mask_is_black_and_white_whatever_its_size(tmp_path):
    halves = torch.zeros(8, 8)
    halves[:, 4:] = 1
    # Squares of any size, and the size of a wide picture, of which the centre is seen.
    for size, middle in (((8, 8), 4), ((2, 2), 1), ((50, 50), 25), ((32, 16), 16)):
        mask = Image.new("RGB", size, (20, 20, 20))
        mask.paste((230, 240, 250), (middle, 0, *size))
        mask.save(tmp_path / "mask.png")
        assert torch.equal(mask_of(tmp_path / "mask.png", DATA), halves)


def test_a_mask_has_the_proportions_of_the_picture_or_is_a_square(tmp_path):
    for name, size in {"picture": (60, 40), "large": (300, 200), "square": (7, 7), "tall": (40, 60)}.items():
        Image.new("L", size).save(tmp_path / f"{name}.png")
    for name in ("large", "square"):
        check_mask_fits(tmp_path / f"{name}.png", tmp_path / "picture.png")
    with pytest.raises(DataError, match=r"^mask=.*tall\.png has 40x60 pixels, and picture=.*\.png 60x40: a mask"):
        check_mask_fits(tmp_path / "tall.png", tmp_path / "picture.png")
    turned = Image.new("L", (60, 40))
    turned.getexif()[ExifTags.Base.Orientation] = 6
    turned.save(tmp_path / "turned.jpg", exif=turned.getexif())
    check_mask_fits(tmp_path / "tall.png", tmp_path / "turned.jpg")


def test_what_is_transparent_in_a_mask_is_drawn_anew(tmp_path):
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "mask.png")
    assert mask_of(tmp_path / "mask.png", DATA).all()


@pytest.mark.parametrize(("read", "key"), [(start_picture, "picture"), (mask_of, "mask")])
def test_a_file_that_can_not_be_read_is_named_by_its_key(tmp_path, read, key):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=rf"^{key}=.*broken\.png can't be read: is no JPEG"):
        read(tmp_path / "broken.png", DATA)
    with pytest.raises(DataError, match=rf"^{key}=.*nowhere can't be read: No such file"):
        read(tmp_path / "nowhere", DATA)
    with pytest.raises(DataError, match=rf"^{key}=.* can't be read: Is a directory"):
        read(tmp_path, DATA)
