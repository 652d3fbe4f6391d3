"""A model measured on several processes. They import this by its name, which a test module does not have."""

import json
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from torch import Tensor

from gansmith.metrics import classifier
from gansmith.metrics.agreement import label_agreement
from gansmith.metrics.class_features import classifier_extractor
from gansmith.metrics.classification import classification_accuracy
from gansmith.metrics.path_length import perceptual_path_length
from gansmith.noise import NoiseByIndex

SAMPLES = 11
"""Of no number of ranks a multiple."""


class Squares:
    """Noise around a square, which is larger in class 1 and moves along a path."""

    name, classes = "squares", 2

    def labels_of(self, indices: Tensor) -> Tensor:
        return indices % 2

    def pictures(self, indices: Tensor, seed: int, shift: float = 0.0) -> Tensor:
        noise = 0.3 * NoiseByIndex(seed, indices).normal(len(indices), 1, 16, 16).clamp(-2, 2)
        noise[:, :, 4:12, 4:12] += 0.3 + 0.3 * self.labels_of(indices).view(-1, 1, 1, 1) + shift
        return noise.clamp(-1, 1)

    def sample_images(self, indices: Tensor, seed: int) -> Tensor:
        return ((self.pictures(indices, seed) + 1) * 127.5).to(torch.uint8)

    def sample_path(self, indices: Tensor, seed: int, epsilon: float) -> tuple[Tensor, Tensor]:
        return self.pictures(indices, seed), self.pictures(indices, seed, epsilon)


def measure(folder: Path) -> dict[str, float]:
    classifier.STEPS = (20, 20)
    model, indices = Squares(), torch.arange(60)
    images = model.sample_images(indices, seed=9)
    real = SimpleNamespace(labels=indices % 2, batch=images.__getitem__, classes=2, fingerprint="squares")
    data = SimpleNamespace(classes=2, split=lambda name: real)
    features, _ = classifier_extractor(real, folder, "cpu")(images)
    return {
        "path": perceptual_path_length(model, SAMPLES, 0, "cpu", batch_size=4),
        "agreement": label_agreement(model, data, SAMPLES, 0, "cpu", folder, batch_size=4),
        "accuracy": classification_accuracy(model, data, SAMPLES, 0, "cpu", batch_size=4),
        "features": features.double().sum().item(),
    }


def on_rank(rank: int, world: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world)
    (folder / f"{rank}.json").write_text(json.dumps(measure(folder / "cache")))
    dist.destroy_process_group()


def run(world: int, folder: Path) -> list[dict[str, float]]:
    multiprocessing.spawn(on_rank, (world, folder), nprocs=world)
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(world)]
