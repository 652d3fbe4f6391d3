"""DINOv2 on random weights in the published layout, against torch's own transformer."""

import urllib.error

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

from gansmith.errors import WeightsError
from gansmith.metrics import dinov2
from gansmith.metrics.dinov2 import VisionTransformer
from gansmith.metrics.extractors import build_extractor


def published(
    width: int = 128, depth: int = 2, patch: int = 14, side: int = 5, gated: bool = False
) -> dict[str, Tensor]:
    """Random weights under their authors' names; the picture of their training has `side` patches a side."""
    hidden = 3 * width
    shapes = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, 1 + side**2, width),
        "mask_token": (1, width),
        "patch_embed.proj.weight": (width, 3, patch, patch),
        "patch_embed.proj.bias": (width,),
        "norm.weight": (width,),
        "norm.bias": (width,),
    }
    into, out = ("w12", "w3") if gated else ("fc1", "fc2")
    for block in range(depth):
        for name, shape in {
            **{f"norm{number}.{kind}": (width,) for number in (1, 2) for kind in ("weight", "bias")},
            "attn.qkv.weight": (3 * width, width),
            "attn.qkv.bias": (3 * width,),
            "attn.proj.weight": (width, width),
            "attn.proj.bias": (width,),
            "ls1.gamma": (width,),
            "ls2.gamma": (width,),
            f"mlp.{into}.weight": ((2 if gated else 1) * hidden, width),
            f"mlp.{into}.bias": ((2 if gated else 1) * hidden,),
            f"mlp.{out}.weight": (width, hidden),
            f"mlp.{out}.bias": (width,),
        }.items():
            shapes[f"blocks.{block}.{name}"] = shape
    draw = torch.Generator().manual_seed(0)
    return {name: torch.randn(shape, generator=draw) * shape[-1] ** -0.5 for name, shape in shapes.items()}


def reference(weights: dict[str, Tensor], pictures: Tensor, patch: int = 14, heads: int = 2) -> Tensor:
    """The class token through torch's attention and layer norm, block by block."""

    def normal(name: str, tokens: Tensor) -> Tensor:
        parameters = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return nn.functional.layer_norm(tokens, tokens.shape[-1:], *parameters, eps=1e-6)

    def linear(name: str, tokens: Tensor) -> Tensor:
        return tokens @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    width = weights["cls_token"].shape[-1]
    cut = nn.functional.unfold(pictures, patch, stride=patch).mT
    tokens = cut @ weights["patch_embed.proj.weight"].flatten(1).T + weights["patch_embed.proj.bias"]
    tokens = torch.cat([weights["cls_token"].expand(len(tokens), -1, -1), tokens], 1)
    places, rows = weights["pos_embed"], pictures.shape[-1] // patch
    side = int((places.shape[1] - 1) ** 0.5)
    if rows != side:
        square = places[:, 1:].reshape(1, side, side, width).permute(0, 3, 1, 2)
        scale = (float((rows + 0.1) / side),) * 2
        square = interpolate(square, scale_factor=scale, mode="bicubic").permute(0, 2, 3, 1)
        places = torch.cat([places[:, :1], square.reshape(1, -1, width)], 1)
    tokens = tokens + places
    attention = nn.MultiheadAttention(width, heads, batch_first=True)
    for block in range(2):
        own = f"blocks.{block}."
        attention.in_proj_weight.data = weights[own + "attn.qkv.weight"]
        attention.in_proj_bias.data = weights[own + "attn.qkv.bias"]
        attention.out_proj.weight.data = weights[own + "attn.proj.weight"]
        attention.out_proj.bias.data = weights[own + "attn.proj.bias"]
        seen = normal(own + "norm1", tokens)
        tokens = tokens + weights[own + "ls1.gamma"] * attention(seen, seen, seen, need_weights=False)[0]
        seen = normal(own + "norm2", tokens)
        if own + "mlp.w12.weight" in weights:
            gate, values = linear(own + "mlp.w12", seen).chunk(2, -1)
            out = linear(own + "mlp.w3", silu(gate) * values)
        else:
            out = linear(own + "mlp.fc2", nn.functional.gelu(linear(own + "mlp.fc1", seen)))
        tokens = tokens + weights[own + "ls2.gamma"] * out
    return normal("norm", tokens)[:, 0]


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("patches", [5, 3])
def test_it_is_the_transformer_of_the_paper(gated, patches):
    weights = published(gated=gated)
    pictures = torch.randn(2, 3, 14 * patches, 14 * patches, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        ours, expected = VisionTransformer(weights)(pictures), reference(weights, pictures)
    assert ours.shape == (2, 128)
    assert torch.allclose(ours, expected, atol=1e-5)


def test_a_file_of_weights_is_an_extractor(tmp_path, monkeypatch):
    monkeypatch.setitem(dinov2.WIDTHS, "dinov2-vit-s-14", 128)
    path = tmp_path / "dinov2_vits14_pretrain.pth"
    torch.save(published(), path)
    before = torch.get_rng_state()
    extractor = build_extractor("dinov2-vit-s-14", str(path))
    images = torch.randint(0, 256, (2, 1, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    features, logits = extractor(images)
    assert features.shape == (2, 128)
    assert logits is None
    assert torch.equal(torch.get_rng_state(), before)
    with pytest.raises(WeightsError, match="does not fit dinov2-vit-b-14"):
        build_extractor("dinov2-vit-b-14", str(path))


def test_weights_with_other_names_do_not_fit(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"features.0.weight": torch.zeros(3)}, path)
    with pytest.raises(WeightsError, match="does not fit dinov2-vit-s-14: its layers have other names"):
        build_extractor("dinov2-vit-s-14", str(path))


def test_published_weights_are_asked_for_where_their_authors_have_them(monkeypatch):
    asked: list[str] = []

    def offline(url: str, **_: object) -> None:
        asked.append(url)
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(dinov2, "load_state_dict_from_url", offline)
    with pytest.raises(WeightsError, match=r"dinov2_vits14_pretrain\.pth"):
        build_extractor("dinov2-vit-s-14")
    assert asked == ["https://dl.fbaipublicfiles.com/dinov2/dinov2_vits14/dinov2_vits14_pretrain.pth"]
