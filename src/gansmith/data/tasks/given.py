"""Pairs that need no deriving."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from gansmith.data.degrade.resize import resize
from gansmith.data.tasks.task import Task
from gansmith.noise import Draws


class Given(Task):
    """Pairs that the data hold already; arguments as for `Task`."""

    needs: ClassVar[tuple[str, ...]] = ("source", "target")

    def derive(self, fields: dict[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        return {name: fields[name] for name in self.needs}

    def baseline(self, source: Tensor) -> Tensor:
        """The source itself, enlarged bicubically where the target is larger."""
        height, width = (self.scale * side for side in source.shape[-2:])
        return resize(source, height, width, border="mirror").clamp(-1, 1)
