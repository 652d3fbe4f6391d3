"""From a caption to the embedding of a picture of it: the prior of DALL-E 2 (Ramesh et al., 2022, arXiv:2204.06125)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, silu

from gansmith.errors import ConfigError
from gansmith.networks.diffusion_unet import HEAD, Caption, TimeEncoding
from gansmith.networks.initial import zeroed
from gansmith.networks.sizes import check_sizes


class Block(nn.Module):
    """A perceptron with one hidden layer; the condition scales and shifts its normed input.

    As the blocks of Peebles & Xie (2023, arXiv:2212.09748, section 3.2). The last layer starts at zero.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.affine = nn.Linear(width, 2 * width)
        self.first, self.second = nn.Linear(width, 2 * width), zeroed(nn.Linear(2 * width, width))

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """(n, width) and (n, width), behind its activation, to (n, width)."""
        scale, shift = self.affine(condition).chunk(2, dim=1)
        hidden = torch.addcmul(shift, self.norm(features), 1 + scale)
        return features + self.second(silu(self.first(hidden)))


class Reading(nn.Module):
    """A vector asks the tokens of its caption; the answer is added. Starts at zero."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.heads = width // HEAD
        self.query = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width))
        self.tokens = nn.Sequential(nn.LayerNorm(condition), nn.Linear(condition, 2 * width))
        self.last = zeroed(nn.Linear(width, width))

    def forward(self, features: Tensor, text: Caption) -> Tensor:
        """(n, width) to the same."""
        query = self.query(features).unflatten(1, (self.heads, 1, HEAD))
        key, value = self.tokens(text.tokens).unflatten(2, (2, self.heads, HEAD)).permute(2, 0, 3, 1, 4)
        answer = scaled_dot_product_attention(query, key, value, attn_mask=text.mask[:, None, None])
        return features + self.last(answer.flatten(1))


class EmbeddingPrior(nn.Module):
    """Noisy embedding, time and caption to the embedding without noise (section 2.2).

    The paper's is a causal transformer over the caption's tokens, its embedding, the time and the noisy embedding. In
    this one a single vector passes residual blocks, each of which is told the time and the caption as a whole; it
    reads the tokens once. It predicts the embedding, not the noise, as there (equation 2).

    Embeddings are best scaled so that their values have a variance about 1: √embedding times a vector of length 1.

    Args:
        embedding: its size.
        condition: size of the caption's tokens and of the whole.
        width: of the blocks, a multiple of 32.
        blocks: how many.
        tokens: whether it reads them; without, the whole is all that it knows of a caption.

    Raises:
        ConfigError: a size that does not work.
    """

    def __init__(self, embedding: int, condition: int, width: int = 512, blocks: int = 4, tokens: bool = True) -> None:
        super().__init__()
        check_sizes(embedding=embedding, condition=condition, width=width, blocks=blocks)
        if width % HEAD:
            raise ConfigError(f"model.width is {width}; the prior takes multiples of {HEAD}")
        self.time = TimeEncoding(width)
        self.text = nn.Sequential(nn.LayerNorm(condition), nn.Linear(condition, width))
        self.first = nn.Linear(embedding, width)
        self.reading = Reading(width, condition) if tokens else None
        self.blocks = nn.ModuleList(Block(width) for _ in range(blocks))
        self.norm, self.last = nn.LayerNorm(width), zeroed(nn.Linear(width, embedding))

    def forward(self, noisy: Tensor, time: Tensor, text: Caption) -> Tensor:
        """(n, embedding), times (n,) in [0, 1] and n captions to (n, embedding)."""
        condition = self.time(time) + self.text(text.pooled)
        features = self.first(noisy) + condition
        if self.reading is not None:
            features = self.reading(features, text)
        condition = silu(condition)
        for block in self.blocks:
            features = block(features, condition)
        return self.last(self.norm(features))
