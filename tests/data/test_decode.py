import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gansmith.data.decode import UPRIGHT, Decoder, SquareDecoder, UnreadablePicture
from gansmith.errors import ConfigError

RAMP = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4


def encoded(image, format="PNG", **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def decode(image, format="PNG", channels=3, resolution=8, **options):
    save = options.pop("save", {})
    return SquareDecoder(resolution=resolution, channels=channels, **options)(encoded(image, format, **save))


def colour(red, green, blue, alpha=None):
    values = (red, green, blue) if alpha is None else (red, green, blue, alpha)
    return Image.new("RGB" if alpha is None else "RGBA", (8, 8), values)


def uniform(picture):
    """The one colour of a picture of one colour."""
    assert (picture == picture[:, :1, :1]).all()
    return picture[:, 0, 0].tolist()


def test_grey_keeps_its_values():
    picture = decode(Image.fromarray(RAMP), channels=1)
    assert picture.shape == (1, 8, 8)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture[0], RAMP)
    assert np.array_equal(decode(Image.fromarray(RAMP)), np.stack([RAMP] * 3))


def test_colour_becomes_luma_where_grey_is_wanted():
    assert uniform(decode(colour(200, 100, 50), channels=1)) == [round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)]


def test_palette_shows_its_colours():
    assert uniform(decode(colour(10, 200, 30).quantize(4))) == [10, 200, 30]


def test_one_bit_pictures_are_black_and_white():
    assert np.unique(decode(Image.fromarray(RAMP).convert("1"))).tolist() == [0, 255]


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bits_are_scaled_not_clipped(format):
    image = Image.fromarray(RAMP.astype(np.uint16) * 257)
    assert np.array_equal(decode(image, format, channels=1)[0], RAMP)


def test_floating_point_is_scaled_from_the_unit_interval():
    assert np.array_equal(decode(Image.fromarray(RAMP / np.float32(255)), "TIFF", channels=1)[0], RAMP)


@pytest.mark.parametrize("value", [-0.5, 37.0, np.nan])
def test_floating_point_without_an_agreed_range_is_refused(value):
    with pytest.raises(UnreadablePicture, match="expected 0 to 1"):
        decode(Image.fromarray(np.full((8, 8), value, np.float32)), "TIFF")


def test_32_bit_integers_are_read_as_16_bits_if_they_fit():
    values = RAMP.astype(np.int32) * 257
    assert np.array_equal(decode(Image.fromarray(values), "TIFF", channels=1)[0], RAMP)
    with pytest.raises(UnreadablePicture, match="expected 0 to 65535"):
        decode(Image.fromarray(values * 2), "TIFF")


@pytest.mark.parametrize(("background", "expected"), [("white", 255), ("#000000", 0), ("#ff0000", None)])
def test_transparency_shows_the_background(background, expected):
    hidden = uniform(decode(colour(1, 2, 3, 0), background=background))
    assert hidden == ([255, 0, 0] if expected is None else [expected] * 3)


def test_half_transparency_mixes():
    mixed = uniform(decode(colour(200, 100, 0, 128), background="#0000ff"))
    assert mixed == pytest.approx([200 * 128 / 255, 100 * 128 / 255, 255 * 127 / 255], abs=1)


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_transparent_colour_shows_the_background(mode):
    key = (9, 9, 9) if mode == "RGB" else 9
    image = Image.new(mode, (8, 8), key)
    if mode == "P":
        image.putpalette(range(48))
    assert uniform(decode(image, save={"transparency": key}, background="#00ff00")) == [0, 255, 0]


def test_grey_with_alpha_shows_the_background():
    assert uniform(decode(Image.new("LA", (8, 8), (50, 0)), channels=1, background="white")) == [255]


@pytest.mark.parametrize("format", ["TIFF", "JPEG"])
def test_cmyk_is_ink_not_light(format):
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    assert uniform(decode(cyan, format)) == pytest.approx([0, 255, 255], abs=2)


@pytest.mark.parametrize("orientation", [1, *UPRIGHT])
def test_exif_orientation_is_undone(orientation):
    upright = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 16, 3), dtype=np.uint8))
    # What a camera stores: the picture turned back by the opposite of what the tag asks for.
    opposite = {6: UPRIGHT[8], 8: UPRIGHT[6]}.get(orientation, UPRIGHT.get(orientation))
    stored = upright if opposite is None else upright.transpose(opposite)
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(decode(stored, save={"exif": exif}), decode(upright))


def test_a_camera_held_upright():
    """Orientation 6, as phones write it: the first row of the file is the right edge of the scene."""
    stored = np.zeros((8, 8), np.uint8)
    stored[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decode(Image.fromarray(stored), channels=1, save={"exif": exif})[0]
    assert (picture[:, -1] == 255).all()
    assert picture[:, :-1].sum() == 0


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("size", [(8, 8), (40, 24), (5, 3), (1, 30)])
def test_any_format_and_shape_becomes_the_same_square(format, size):
    picture = decode(Image.new("RGB", size, (60, 120, 180)), format)
    assert picture.shape == (3, 8, 8)
    assert np.abs(picture - np.array([60, 120, 180.0])[:, None, None]).max() <= 3


def test_a_camera_that_stores_two_pictures_shows_its_first():
    file = encoded(colour(200, 0, 0), "MPO", save_all=True, append_images=[colour(0, 0, 200)])
    assert uniform(SquareDecoder(resolution=8, channels=3)(file)) == pytest.approx([200, 0, 0], abs=3)


@pytest.mark.parametrize(("side", "tolerance"), [(1200, 0.5), (1201, 0.0)])
def test_large_jpegs_look_as_if_decoded_in_full(side, tolerance):
    rough = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8))
    file = encoded(rough.resize((side, side), Image.Resampling.BICUBIC), "JPEG", quality=95)
    full = np.asarray(Image.open(io.BytesIO(file)).resize((64, 64), Image.Resampling.LANCZOS)).astype(float)
    assert np.abs(SquareDecoder(resolution=64, channels=3)(file).transpose(1, 2, 0) - full).mean() <= tolerance


def huge_png(side):
    """A valid header that claims side x side pixels, over a few bytes of data."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("side", "reason"), [(12_000, "claims 12000x12000 pixels"), (60_000, "decompression bomb")])
def test_a_decompression_bomb_is_refused_by_its_header(side, reason):
    with pytest.raises(UnreadablePicture, match=reason):
        SquareDecoder(resolution=8, channels=3)(huge_png(side))


def test_the_bound_on_pixels_can_be_set():
    with pytest.raises(UnreadablePicture, match=r"data\.source\.max_pixels=63"):
        decode(colour(1, 2, 3), max_pixels=63)
    assert uniform(decode(colour(1, 2, 3), max_pixels=64)) == [1, 2, 3]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
def test_a_truncated_picture_is_unreadable(format):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    whole = encoded(noise, format)
    with pytest.raises(UnreadablePicture) as caught:
        SquareDecoder(resolution=8, channels=3)(whole[: len(whole) // 2])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"GIF89a" + bytes(50), b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_unreadable(content):
    with pytest.raises(UnreadablePicture):
        SquareDecoder(resolution=8, channels=3)(content)


@pytest.mark.parametrize(
    "options", [{"filter": "sharp"}, {"background": "greenish"}, {"max_pixels": 0}, {"max_pixels": 10**12}]
)
def test_settings_that_do_not_work_name_their_key(options):
    (key,) = options
    with pytest.raises(ConfigError, match=rf"^data\.source\.{key}="):
        SquareDecoder(resolution=8, channels=3, **options)


@pytest.mark.parametrize(("channels", "shape"), [(1, (1, 6, 9)), (3, (3, 6, 9))])
def test_a_whole_picture_keeps_its_size(channels, shape):
    values = np.arange(54, dtype=np.uint8).reshape(6, 9)
    picture = Decoder(channels=channels)(encoded(Image.fromarray(values)))
    assert picture.shape == shape
    assert (picture == values).all()


@pytest.mark.parametrize(("channels", "expected"), [(4, [200, 100, 50, 128]), (2, [124, 128]), (3, [227, 177, 152])])
def test_opacity_is_a_channel_where_it_is_asked_for(channels, expected):
    assert uniform(decode(colour(200, 100, 50, 128), channels=channels)) == pytest.approx(expected, abs=1)


def test_what_has_no_transparency_is_opaque():
    assert uniform(decode(colour(200, 100, 50), channels=4)) == [200, 100, 50, 255]
    assert (decode(Image.fromarray(RAMP), channels=2) == np.stack([RAMP, np.full_like(RAMP, 255)])).all()
