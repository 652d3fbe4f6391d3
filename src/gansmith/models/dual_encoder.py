"""Learning which captions belong to which pictures (CLIP: Radford et al., 2021, arXiv:2103.00020)."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from gansmith.models.generative import Batch, GenerativeModel
from gansmith.networks.dual_encoder import DualEncoder
from gansmith.networks.fingerprint import fingerprint
from gansmith.networks.modes import evaluating
from gansmith.objectives.info_nce import info_nce
from gansmith.ranges import to_unit_range


class DualEncoding(GenerativeModel):
    """Draws nothing: it conditions what does, or judges it.

    Args:
        network: pictures and captions to vectors of length 1.
        **steps: see `GenerativeModel`; there is no average.
    """

    sides: ClassVar[tuple[str, ...]] = ("encoder",)
    needs: ClassVar[tuple[str, ...]] = ("image", "caption")
    encoder: DualEncoder

    def __init__(self, network: DualEncoder, **steps: Any) -> None:
        super().__init__({"encoder": network}, **steps)

    @property
    def generator(self) -> nn.Module:  # type: ignore[override]
        """What a record counts and a checkpoint restores."""
        return self.encoder

    @property
    def fingerprint(self) -> str:
        """16 hex digits of the weights."""
        return fingerprint(self.encoder)

    def loss_terms(self, side: str, batch: Batch) -> dict[str, Tensor]:
        return {"contrastive": contrastive(self.encoder, batch["image"], batch["caption"])}

    @torch.inference_mode()
    def embed(self, images: Tensor) -> Tensor:
        """Pictures, uint8 (n, C, S, S), to vectors (n, d) of length 1; leaves modes as they were."""
        with evaluating(self.encoder):
            like = next(self.encoder.parameters())
            return self.encoder.image(to_unit_range(images).to(like))

    @torch.inference_mode()
    def read(self, captions: list[str]) -> Tensor:
        """n captions to vectors (n, d) of length 1."""
        with evaluating(self.encoder):
            return self.encoder.text(captions)


def contrastive(encoder: DualEncoder, image: Tensor, captions: list[str]) -> Tensor:
    """Symmetric InfoNCE of a batch, a scalar; pictures (n, C, S, S) in [-1, 1] and their n captions."""
    images, texts = encoder(image, captions)
    return info_nce(images, texts, encoder.scale())
