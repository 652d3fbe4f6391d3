"""An evaluation on several processes. They import this by its name, which a test module does not have."""

import json
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing

from gansmith.errors import WeightsError
from gansmith.metrics.evaluate import evaluate
from gansmith.metrics.protocol import Protocol

# Neither shares nor last batches are full.
PROTOCOL = Protocol(
    "test",
    metrics=("fd", "kd", "prc", "dc", "authenticity", "ifd"),
    samples=101,
    reference_samples=70,
    batch_size=16,
    kd_subsets=10,
    kd_subset_size=50,
)


class Squares:
    """Grey squares of random size and place; picture i is a function of i."""

    fingerprint = "squares"
    labels, classes = torch.arange(90) % 3, 3

    def __len__(self) -> int:
        return 90

    def batch(self, indices: torch.Tensor, seed: int = 0) -> torch.Tensor:
        images = torch.zeros(len(indices), 1, 16, 16, dtype=torch.uint8)
        for image, index in zip(images, indices.tolist(), strict=True):
            draw = torch.Generator().manual_seed(1000 * seed + index)
            top, left, side, grey = torch.randint(1, 9, (4,), generator=draw).tolist()
            image[0, top : top + side, left : left + side] = 28 * grey
        return images


def measure(folder: Path, protocol: Protocol = PROTOCOL) -> dict[str, float]:
    squares = Squares()
    return evaluate(
        lambda indices: squares.batch(indices, seed=1),
        squares,
        protocol,
        device="cpu",
        cache_dir=folder,
        labels=lambda indices: indices % 3,
    )


def on_rank(rank: int, world: int, folder: Path, weights: str | None) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world)
    protocol = Protocol(**{**vars(PROTOCOL), "weights": weights}) if weights else PROTOCOL
    try:
        results = [measure(folder / "cache", protocol), measure(folder / "cache", protocol)]
    except WeightsError as error:
        results = [{"error": str(error)}]
    (folder / f"{rank}.json").write_text(json.dumps(results))
    dist.destroy_process_group()


def run(world: int, folder: Path, weights: str | None = None) -> list[list[dict]]:
    multiprocessing.spawn(on_rank, (world, folder, weights), nprocs=world)
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(world)]
