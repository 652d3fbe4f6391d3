"""The text tower of a dual encoder as a frozen text encoder: what CLIP is to who has its weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch

from gansmith.errors import CheckpointError, WeightsError
from gansmith.networks.dual_encoder import TextTower
from gansmith.networks.fingerprint import fingerprint
from gansmith.networks.text.encoder import TextEncoder, digest
from gansmith.networks.text.text import Text


class DualText(TextEncoder):
    """A caption as one token, which is also its whole: its embedding, of length √d, so that values vary by about 1.

    It knows what of a caption can be seen in pictures: a diffusion loss alone teaches that far later. It loses words
    that it was not taught to tell apart, so it stands beside words that are learnt (`WithWords`).

    The weights are part of the model's checkpoints, which need no `ckpt` from then on.

    Args:
        tower: of the form that the run's encoder has.
        ckpt: a run of model=dual_encoder, or one of its checkpoints.

    Raises:
        WeightsError: the run has an encoder of another form; when it is first asked, that there is no such run.
        ConfigError: it is a run of another model.
    """

    is_frozen = True

    def __init__(self, tower: TextTower, ckpt: str) -> None:
        super().__init__()
        self.tower, self.ckpt = tower.eval().requires_grad_(False), str(ckpt)
        self.size, self.max_tokens = tower.size, tower.text.max_tokens
        # Not in a tensor: to ask one on a GPU would wait for it in each step.
        self.is_taken = self._take()
        self.register_load_state_dict_post_hook(_is_taken)

    @property
    def fingerprint(self) -> str:
        return digest(kind="dual encoder", weights=fingerprint(self.tower))

    def forward(self, captions: Sequence[str]) -> Text:
        """Text of n captions, L = 1."""
        if not self.is_taken:
            raise WeightsError(f"model.text.frozen.ckpt={self.ckpt} is no run of model=dual_encoder with a checkpoint")
        whole = math.sqrt(self.size) * self.tower(captions)
        return Text(whole[:, None], torch.ones(len(whole), 1, dtype=torch.bool, device=whole.device), whole)

    def train(self, mode: bool = True) -> DualText:
        """The tower stays in evaluation, as the dropout that it may have learnt with would blur what it says."""
        super().train(mode)
        self.tower.eval()
        return self

    def _take(self) -> bool:
        """Whether the run is there; a model that is built to load its own checkpoint does without."""
        # Late, as runs are made of networks.
        from gansmith.metrics.judge import load_judge

        try:
            weights = load_judge(Path(self.ckpt), "cpu", "model.text.frozen.ckpt").encoder.text.state_dict()
        except CheckpointError:
            return False
        try:
            self.tower.load_state_dict(weights)
        except RuntimeError as error:
            raise WeightsError(
                f"model.text.frozen.ckpt={self.ckpt} holds a text tower of another form than model.text.frozen.tower"
            ) from error
        return True


def _is_taken(encoder: DualText, keys: object) -> None:
    encoder.is_taken = True
