"""The colours of shapes and backgrounds."""

from __future__ import annotations

import numpy as np

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 30, 45),
    "green": (40, 180, 80),
    "blue": (40, 90, 225),
    "yellow": (255, 235, 50),
    "purple": (150, 40, 185),
    "orange": (255, 140, 0),
}
"""RGB; far apart from one another, and from any grey."""

DARK, LIGHT = (20, 60), (200, 240)
"""The greys that a background has: from, and to below."""

RGB = np.array(list(COLOURS.values()), np.float32)
"""float32 (6, 3), in the order of their names."""
