"""What else than a caption is asked of a model that diffuses."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gansmith.diffusion.enlarging import known_at
from gansmith.diffusion.sampler import Known


@dataclass(frozen=True)
class Asked:
    """The conditions of its samples, as `sample.py` has them.

    Args:
        guidance: weight w in place of the model's.
        negative: what guidance leads away from; the empty caption where nothing is said.
        steps: calls of each network, in place of the model's.
        picture: (n, C, S, S) or (1, C, S, S) in [-1, 1] at the largest side, to begin from.
        strength: as in `Known`.
        mask: (S, S), 1 where the picture is drawn anew.
    """

    guidance: float | None = None
    negative: str = ""
    steps: int | None = None
    picture: Tensor | None = None
    strength: float = 1.0
    mask: Tensor | None = None

    def known(self, size: int, rows: int, like: Tensor) -> Known | None:
        """The picture to begin from for each of `rows` samples, at the side `size` and on the device of `like`."""
        return None if self.picture is None else known_at(size, self.picture.to(like), self.strength, self.mask, rows)


CONDITIONS = tuple(Asked.__dataclass_fields__)
