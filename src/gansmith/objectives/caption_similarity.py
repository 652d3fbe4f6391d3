"""How little a dual encoder finds a caption in a picture, as a loss."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from gansmith.errors import ConfigError


class CaptionSimilarity:
    """weight · (1 - cos(picture, caption)), as GALIP adds it (Tao et al., 2023, arXiv:2301.12959, equation 2).

    The encoder is frozen and no part of the model, nor of its checkpoints: sampling needs none.

    Args:
        ckpt: a run of model=dual_encoder on pictures of the same side, or one of its checkpoints.
        weight: GALIP's is 4.

    Raises:
        ConfigError: a negative weight.
    """

    def __init__(self, ckpt: str, weight: float = 4.0) -> None:
        if weight < 0:
            raise ConfigError(f"model.similarity.weight is {weight}; it can't be negative")
        self.ckpt, self.weight = ckpt, weight

    @cached_property
    def judge(self) -> Any:
        """The dual encoder. Raises ConfigError or CheckpointError if there is none."""
        # Late, as runs are made of losses.
        from gansmith.metrics.judge import load_judge

        return load_judge(self.ckpt, "cpu", "model.similarity.ckpt").requires_grad_(False)

    def __call__(self, image: Tensor, captions: Sequence[str]) -> Tensor:
        """A scalar, differentiable in the pictures (n, C, S, S) in [-1, 1]."""
        encoder = self.judge.to(image.device).encoder
        with torch.autocast(image.device.type, enabled=False):
            shown = encoder.image(image.to(next(encoder.parameters()).dtype))
            return self.weight * (1 - (shown * encoder.text(captions)).sum(1).mean())
