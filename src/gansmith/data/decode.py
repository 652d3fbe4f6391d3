"""One's own pictures come in every mode, size and orientation; a training picture in one."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from PIL import Image, ImageColor

from gansmith.data.arrays import MAGIC, planes
from gansmith.data.pixels import fit, resampling, to_array
from gansmith.errors import ConfigError, DataError

# Only these are tried: some of Pillow's other formats call programs outside.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".npy")

# Pillow's, by the number of channels.
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}

# EXIF tag 0x0112: what to do to see the picture upright.
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# A JPEG may be decoded at 1/2, 1/4 or 1/8 (ten times faster) as long as it stays this many times larger than
# what is wanted. On photographs of 10 megapixels that changes a value by 0.1 to 0.2 of 255 on average; with a
# margin of 2 it would be 0.4, without one 1.6.
DRAFT_MARGIN = 4

# Pillow refuses what exceeds twice its own bound; up to there `max_pixels` decides, and no warning is needed.
LARGEST_BOUND = 2 * (Image.MAX_IMAGE_PIXELS or 2**62)
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class UnreadablePicture(DataError):
    """A picture that is broken, too large, or of a kind without an agreed range of values."""


@dataclass(frozen=True, kw_only=True)
class Decoder:
    """From the bytes of a picture file to uint8 (channels, height, width) of the picture's own size.

    The picture is turned upright, laid on `background` where transparent, and brought to 8 bits. Arrays (.npy) are
    taken as they are.

    channels: 1 (grey), 2 (grey and opacity), 3 (RGB), 4 (RGB and opacity); any other number in arrays alone.
    background: a colour name or #rrggbb.
    max_pixels: larger pictures are refused by their header, before any memory is spent on them.
    own_size: whether pictures come out in the size they have in their files.
    Raises ConfigError for values that do not work.
    """

    own_size: ClassVar[bool] = True

    channels: int
    background: str = "white"
    max_pixels: int = 2**27
    _colour: tuple[int, int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not 1 <= self.max_pixels <= LARGEST_BOUND:
            raise ConfigError(f"data.source.max_pixels={self.max_pixels} must lie in 1 to {LARGEST_BOUND}")
        try:
            red, green, blue, *_ = ImageColor.getrgb(self.background)
        except ValueError as error:
            raise ConfigError(
                f"data.source.background={self.background} is no colour; take a name or '#rrggbb'"
            ) from error
        object.__setattr__(self, "_colour", (red, green, blue))

    @property
    def max_bytes(self) -> int:
        """The largest encoded picture that is read: what `max_pixels` take up as uncompressed RGBA."""
        return 4 * self.max_pixels

    def __call__(self, encoded: bytes) -> np.ndarray:
        """Decode one picture. Raises UnreadablePicture with the reason."""
        # Broken files make Pillow raise nearly anything: OSError, SyntaxError, struct.error, IndexError, ...
        try:
            return self._decode(encoded)
        except UnreadablePicture:
            raise
        except Image.UnidentifiedImageError as error:
            raise UnreadablePicture(f"is no {', '.join(FORMATS)} picture") from error
        except Exception as error:
            raise UnreadablePicture(" ".join(str(error).split()) or type(error).__name__) from error

    def _decode(self, encoded: bytes) -> np.ndarray:
        if encoded.startswith(MAGIC):
            return np.concatenate([to_array(self._sized(plane)) for plane in planes(encoded, self.channels)])
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as image:
            width, height = image.size
            if width * height > self.max_pixels:
                raise UnreadablePicture(
                    f"claims {width}x{height} pixels, more than data.source.max_pixels={self.max_pixels}"
                )
            self._draft(image)
            image.load()
            turn = UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
            flat = self._flat(to_eight_bits(image))
        upright = flat if turn is None else flat.transpose(turn)
        return to_array(self._sized(upright))

    def _draft(self, image: Image.Image) -> None:
        """Let a JPEG be decoded smaller than it is, where that is enough."""

    def _sized(self, image: Image.Image) -> Image.Image:
        """The upright picture in the size that is wanted."""
        return image

    def _flat(self, image: Image.Image) -> Image.Image:
        """The same picture in the mode that is wanted; without transparency where that is L or RGB."""
        if self.channels not in MODES:
            raise UnreadablePicture(f"has 4 channels at most; with data.channels={self.channels}, take .npy files")
        mode = MODES[self.channels]
        if mode.endswith("A"):
            return image.convert("RGBA").convert(mode)
        if image.mode not in ("RGBA", "RGBa", "LA", "La", "PA") and "transparency" not in image.info:
            return image.convert(mode)
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (*self._colour, 255))
        return Image.alpha_composite(ground, layer).convert("RGB").convert(mode)


@dataclass(frozen=True, kw_only=True)
class SquareDecoder(Decoder):
    """From the bytes of a picture file to uint8 (channels, resolution, resolution).

    The picture is decoded as by `Decoder`, resized so that its short side is `resolution`, and cropped to the
    centre square.

    filter: of the resizing (see `gansmith.data.pixels`).
    """

    own_size: ClassVar[bool] = False

    resolution: int
    filter: str = "lanczos"
    _kernel: Image.Resampling = field(init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "_kernel", resampling(self.filter))

    def _draft(self, image: Image.Image) -> None:
        # Only where the scale divides its size: else its edges would shift.
        width, height = image.size
        for scale in (8, 4, 2):
            enough = min(width, height) >= scale * DRAFT_MARGIN * self.resolution
            if enough and width % scale == height % scale == 0:
                image.draft(None, (width // scale, height // scale))
                return

    def _sized(self, image: Image.Image) -> Image.Image:
        return fit(image, self.resolution, self._kernel)


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale grey pictures of 16 bits or floating point in [0, 1] to 8 bits; others are left alone."""
    if image.mode == "F":
        return _scaled(np.asarray(image), 1.0)
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _scaled(np.asarray(image), 65535.0)
    return image


def _scaled(values: np.ndarray, brightest: float) -> Image.Image:
    low, high = float(values.min()), float(values.max())
    # Written so that NaN fails too.
    if not (low >= 0 and high <= brightest):
        raise UnreadablePicture(f"has values from {low:g} to {high:g}; expected 0 to {brightest:g}")
    return Image.fromarray(np.rint(values * (255.0 / brightest)).astype(np.uint8))
