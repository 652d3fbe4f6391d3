"""Files of the three formats, whole or not there."""

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError
from gansmith.translate.writers import check_fits, write_picture


@pytest.mark.parametrize(
    ("format", "channels", "kind"),
    [
        ("png", 1, "PNG"),
        ("png", 4, "PNG"),
        ("jpg", 1, "JPEG"),
        ("jpg", 3, "JPEG"),
        ("webp", 3, "WEBP"),
        ("webp", 4, "WEBP"),
    ],
)
def test_the_picture_is_in_the_file(tmp_path, photograph, format, channels, kind):
    pixels = np.dstack([photograph(40, 30), np.full((40, 30), 250, np.uint8)])[..., :channels]
    path = tmp_path / "deep" / f"a.{format}"
    write_picture(path, format, (40, 30), channels, iter(np.split(pixels, [7, 30])), b"profile")
    with Image.open(path) as image:
        assert image.format == kind
        assert image.info["icc_profile"] == b"profile"
        difference = np.abs(np.asarray(image).reshape(pixels.shape).astype(int) - pixels)
    assert difference.mean() < (6 if format != "png" else 1e-9)


@pytest.mark.parametrize("format", ["png", "jpg"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, format):
    def broken():
        yield np.zeros((1, 4, 3), np.uint8)
        raise OSError("disk full")

    path = tmp_path / f"a.{format}"
    path.write_text("old")
    with pytest.raises(OSError, match="disk full"):
        write_picture(path, format, (2, 4), 3, broken(), None)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_format_can_not_hold_is_said_before_any_work():
    check_fits("png", 10**6, 10**6, has_alpha=True)
    check_fits("webp", 16383, 10, has_alpha=True)
    with pytest.raises(DataError, match="becomes 10x70000, and format=jpg ends at 65500"):
        check_fits("jpg", 70000, 10, has_alpha=False)
    with pytest.raises(DataError, match="transparency"):
        check_fits("jpg", 10, 10, has_alpha=True)
