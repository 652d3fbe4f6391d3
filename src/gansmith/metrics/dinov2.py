"""DINOv2 (Oquab et al., 2023, arXiv:2304.07193) from a file of its published weights.

torch-fidelity's own way runs whatever code its authors have on GitHub at the moment; here only weights are read.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.hub import load_state_dict_from_url
from torch.nn.functional import gelu, interpolate, scaled_dot_product_attention, silu
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.feature_extractor_dinov2 import MODEL_METADATA, FeatureExtractorDinoV2

URL = "https://dl.fbaipublicfiles.com/dinov2/{0}/{0}_pretrain.pth"
WIDTHS = {"dinov2-vit-s-14": 384, "dinov2-vit-b-14": 768, "dinov2-vit-l-14": 1024, "dinov2-vit-g-14": 1536}
HEAD = 64
"""Channels of an attention head."""
OFFSET = 0.1
"""Of a patch: by so much more than needed its authors stretch the table of places."""

Weights = Mapping[str, Tensor]


class DinoV2(FeatureExtractorDinoV2):
    """torch-fidelity's extractor of that name: pictures at 224 pixels to the class token, normalised.

    Args:
        name: of WIDTHS.
        features_list: ["dinov2"].
        feature_extractor_weights_path: a state dict under its authors' names; by default it is downloaded.
    """

    def __init__(
        self, name: str, features_list: list[str], feature_extractor_weights_path: str | None = None, **_: object
    ) -> None:
        FeatureExtractorBase.__init__(self, name, features_list)
        self.feature_extractor_internal_dtype = torch.float32
        if feature_extractor_weights_path is None:
            url = URL.format(MODEL_METADATA[name])
            weights = load_state_dict_from_url(url, map_location="cpu", progress=False, weights_only=True)
        else:
            weights = torch.load(feature_extractor_weights_path, map_location="cpu", weights_only=True)
        self.model = VisionTransformer(weights)
        if self.model.width != WIDTHS[name]:
            raise ValueError(f"weights of {self.model.width} channels, not {WIDTHS[name]}")
        self.eval().requires_grad_(False)


class VisionTransformer(nn.Module):
    """Dosovitskiy et al., 2021, arXiv:2010.11929, with LayerScale; its sizes are those of the weights.

    Pictures (n, 3, H, W) whose sides are multiples of a patch's to the class token (n, d). Raises KeyError or
    RuntimeError for weights that do not fit.
    """

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        kernel = weights["patch_embed.proj.weight"]
        self.width, self.patch = kernel.shape[0], kernel.shape[-1]
        gated = "blocks.0.mlp.w12.weight" in weights
        hidden = weights["blocks.0.mlp.w3.weight" if gated else "blocks.0.mlp.fc2.weight"].shape[1]
        depth = len({key.split(".")[1] for key in weights if key.startswith("blocks.")})
        with torch.device("meta"):
            self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, self.width, self.patch, self.patch)})
            self.cls_token = nn.Parameter(torch.empty(1, 1, self.width))
            self.pos_embed = nn.Parameter(torch.empty(weights["pos_embed"].shape))
            self.blocks = nn.Sequential(*(Block(self.width, hidden, gated) for _ in range(depth)))
            self.norm = nn.LayerNorm(self.width, eps=1e-6)
        used = {key: value for key, value in weights.items() if key != "mask_token"}
        self.load_state_dict(used, assign=True)

    def forward(self, pictures: Tensor) -> Tensor:
        patches = self.patch_embed["proj"](pictures)
        rows, columns = patches.shape[-2:]
        tokens = torch.cat([self.cls_token.expand(len(pictures), -1, -1), patches.flatten(2).mT], 1)
        return self.norm(self.blocks(tokens + self.places(rows, columns)))[:, 0]

    def places(self, rows: int, columns: int) -> Tensor:
        """What says where a token is, (1, 1 + rows * columns, d): the table, stretched to this many patches."""
        own, table = self.pos_embed[:, :1], self.pos_embed[:, 1:]
        side = round(table.shape[1] ** 0.5)
        if (rows, columns) == (side, side):
            return self.pos_embed
        square = table.mT.unflatten(2, (side, side))
        scale = [(count + OFFSET) / side for count in (rows, columns)]
        stretched = interpolate(square, scale_factor=scale, mode="bicubic")
        return torch.cat([own, stretched.flatten(2).mT], 1)


class Block(nn.Module):
    """Attention and feed-forward layer, each normalised before and scaled by channel after."""

    def __init__(self, width: int, hidden: int, gated: bool) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width)
        self.mlp = GatedFeedForward(width, hidden) if gated else FeedForward(width, hidden)
        self.ls1, self.ls2 = LayerScale(width), LayerScale(width)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.ls1(self.attn(self.norm1(tokens)))
        return tokens + self.ls2(self.mlp(self.norm2(tokens)))


class Attention(nn.Module):
    """Every token looks at all, in heads of 64 channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        queries, keys, values = self.qkv(tokens).unflatten(2, (3, -1, HEAD)).permute(2, 0, 3, 1, 4)
        return self.proj(scaled_dot_product_attention(queries, keys, values).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.fc2(gelu(self.fc1(tokens)))


class GatedFeedForward(nn.Module):
    """SwiGLU (Shazeer, 2020, arXiv:2002.05202), of the largest one alone."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.w12, self.w3 = nn.Linear(width, 2 * hidden), nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        gate, values = self.w12(tokens).chunk(2, dim=-1)
        return self.w3(silu(gate) * values)


class LayerScale(nn.Module):
    """Touvron et al., 2021, arXiv:2103.17239, equation 4."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.empty(width))

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens * self.gamma
