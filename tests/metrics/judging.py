"""Untrained dual encoders as checkpoints, and one that knows the truth about greys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import one_hot

from gansmith.data.captioned.captions import CaptionedImages
from gansmith.data.imageset import MemoryImages
from gansmith.experiment import build_model

WORDS = {"_target_": "gansmith.networks.text.bag_of_words.BagOfWords", "size": 8, "buckets": 64}
PICTURES = {
    "_target_": "gansmith.networks.dual_encoder.ImageEncoder",
    "channels": 3,
    "resolution": 32,
    "features": 4,
    "size": 6,
}
MODEL = {
    "_target_": "gansmith.models.dual_encoder.DualEncoding",
    "name": "dual_encoder",
    "network": {
        "_target_": "gansmith.networks.dual_encoder.DualEncoder",
        "image": PICTURES,
        "text": {"_target_": "gansmith.networks.dual_encoder.TextTower", "size": 6, "text": WORDS},
    },
    "optimizer": {},
    "schedule": {},
}
LATENTS = {
    "_target_": "gansmith.models.gan.GAN",
    "name": "gan",
    **{
        side: {
            "_target_": f"gansmith.networks.mlp.{side.title()}",
            "resolution": 8,
            "channels": 1,
            "hidden": [4],
            **({"latent": 4} if side == "generator" else {}),
        }
        for side in ("generator", "discriminator")
    },
    "loss": {"_target_": "gansmith.objectives.adversarial.CrossEntropy"},
    "latent": 4,
    "optimizer": {},
    "schedule": {},
}
"""Of a model that reads no captions."""


def saved(run_dir: Path, seed: int = 0, model: dict[str, Any] = MODEL) -> Any:
    """The model whose last checkpoint is now in the run's folder, with the weights that `seed` draws."""
    config = {"model": model, "data": {"name": "scenes"}, "seed": seed}
    torch.manual_seed(seed)
    built = build_model(config)
    (run_dir / "checkpoints").mkdir(parents=True)
    torch.save({"config": config, "state_dict": built.state_dict()}, run_dir / "checkpoints" / "last.ckpt")
    return built


def shades(first: int, count: int) -> CaptionedImages:
    """`count` pictures of one grey each, whose captions say which; all differ."""
    greys = torch.arange(first, first + count)
    images = greys.to(torch.uint8)[:, None, None, None].expand(-1, 3, 32, 32).contiguous()
    return CaptionedImages(MemoryImages(images), [(f"{grey}", f"{grey} too") for grey in greys.tolist()])


class Knowing:
    """Knows greys by sight and by name, and remembers what it was asked."""

    name, device = "dual_encoder", torch.device("cpu")

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.heard: list[str] = []

    def embed(self, images: torch.Tensor) -> torch.Tensor:
        self.seen += images[:, 0, 0, 0].tolist()
        return one_hot(images[:, 0, 0, 0].long(), 256).float()

    def read(self, captions: list[str]) -> torch.Tensor:
        self.heard += captions
        return one_hot(torch.tensor([int(caption.split()[0]) for caption in captions]), 256).float()
