"""Pictures of any number of channels, as NumPy writes arrays."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

MAGIC = b"\x93NUMPY"


def planes(encoded: bytes, channels: int) -> list[Image.Image]:
    """The channels of a .npy file, each as a picture of mode L.

    Args:
        encoded: the file's bytes: uint8 (height, width, channels), or (height, width) for one channel.
        channels: that it must have.

    Raises ValueError that says what it is instead.
    """
    file = io.BytesIO(encoded)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("is no .npy file of version 1.0")
    # Nothing is believed of the header: what it claims is compared with what is there, and no memory is asked for.
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype != np.uint8 or len(shape) not in (2, 3):
        raise ValueError(f"holds {dtype} {shape}; expected uint8 (height, width, channels)")
    pixels: np.ndarray = np.frombuffer(encoded, np.uint8, offset=file.tell()).reshape(
        shape, order="F" if is_fortran else "C"
    )
    pixels = pixels if pixels.ndim == 3 else pixels[:, :, None]
    if pixels.shape[2] != channels:
        raise ValueError(f"has {pixels.shape[2]} channels, and not data.channels={channels}")
    return [Image.fromarray(np.ascontiguousarray(pixels[:, :, channel])) for channel in range(channels)]
