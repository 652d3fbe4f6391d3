"""The parts of DALL-E 2 (unCLIP: Ramesh et al., 2022, arXiv:2204.06125) that know both captions and embeddings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gansmith.networks.diffusion_unet import UNet
from gansmith.networks.dual_encoder import DualEncoder
from gansmith.networks.text.encoder import TextEncoder
from gansmith.networks.text.text import Text

EXTRA_TOKENS = 4

Builders = Mapping[str, Callable[..., nn.Module]]


@dataclass(frozen=True)
class Shown:
    """What n pictures are to show: the embedding (n, d) of each, zeros for none, and its caption."""

    embedding: Tensor
    text: Text

    def followed_by(self, other: Shown) -> Shown:
        """These n, and those of `other` behind them."""
        return Shown(torch.cat([self.embedding, other.embedding]), self.text.followed_by(other.text))


class Decoder(nn.Module):
    """A U-Net that is told an embedding beside the caption (section 2.1).

    The embedding is projected and added to that of the time, and into four more tokens behind the caption's.

    Args:
        channels: of the picture.
        condition: size of the caption's tokens and of the whole.
        embedding: size of the embedding.
        **unet: see `UNet`.
    """

    def __init__(self, channels: int, condition: int, embedding: int, **unet: object) -> None:
        super().__init__()
        self.channels = channels
        self.tokens = nn.Linear(embedding, EXTRA_TOKENS * condition)
        self.unet = UNet(channels, condition=condition, embedding=embedding, **unet)  # type: ignore[arg-type]

    def forward(self, noisy: Tensor, time: Tensor, shown: Shown) -> Tensor:
        """(n, channels, S, S), times (n,) in [0, 1] and what n pictures show to predictions of the same shape."""
        text, extra = shown.text, self.tokens(shown.embedding).unflatten(1, (EXTRA_TOKENS, -1))
        mask = torch.cat([text.mask, text.mask.new_ones(len(extra), EXTRA_TOKENS)], dim=1)
        both = Text(torch.cat([text.tokens, extra], dim=1), mask, text.pooled)
        return self.unet(noisy, time, both, embedding=shown.embedding)


class Unclip(nn.ModuleDict):
    """`text`, maybe `encoder`, and networks that are built for the sizes of both, by name.

    Args:
        text: captions to tokens and wholes, for all parts but the encoder.
        embedding: size of an embedding.
        encoder: pictures and captions to embeddings; None where another side has it.
        pairs: callables from `embedding` and `condition`, the size of the text encoder's vectors.
        sums: callables from `condition`, which is both sizes together: an embedding and a caption side by side.
        embeddings: callables from `condition`, which is the size of an embedding.
        others: networks that know neither.
    """

    def __init__(
        self,
        text: TextEncoder,
        embedding: int,
        encoder: DualEncoder | None = None,
        pairs: Builders | None = None,
        sums: Builders | None = None,
        embeddings: Builders | None = None,
        others: Mapping[str, nn.Module] | None = None,
    ) -> None:
        built = {name: build(condition=text.size, embedding=embedding) for name, build in (pairs or {}).items()}
        built |= {name: build(condition=embedding + text.size) for name, build in (sums or {}).items()}
        built |= {name: build(condition=embedding) for name, build in (embeddings or {}).items()}
        encoders = {"text": text} if encoder is None else {"text": text, "encoder": encoder}
        super().__init__({**encoders, **built, **(others or {})})
