"""Pairs measured on several processes. They import this by its name, which a test module does not have."""

import json
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from torch import Tensor, nn

from gansmith.data.base import DataModule
from gansmith.data.tasks.task import Task
from gansmith.metrics.paired import PairedProtocol
from gansmith.noise import Draws

PROTOCOL = PairedProtocol(
    "test",
    metrics=(*PairedProtocol.metrics, "fd", "kd"),
    resize=32,
    kd_subsets=4,
    kd_subset_size=5,
    batch_size=4,
)


class Rectangles:
    """Coloured noise of three sizes; picture i is a function of i."""

    fingerprint = "rectangles"
    paired = True
    SIZES = ((16, 16), (20, 13), (300, 280))

    def __init__(self, count: int = 11) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        draw = torch.Generator().manual_seed(index)
        size = self.SIZES[index % 2 if index else 2]
        return {"image": torch.randint(0, 256, (3, *size), generator=draw, dtype=torch.uint8)}


class Noisy(Task):
    """Adds noise of its own to each picture."""

    def __init__(self) -> None:
        super().__init__(3, 3)

    def derive(self, fields: dict[str, Tensor], draws: Draws) -> dict[str, Tensor]:
        image = fields["image"]
        return {"source": (image + 0.3 * draws.normal(*image.shape)).clamp(-1, 1), "target": image}


class Data(DataModule):
    name = "rectangles"
    fields = ("image",)

    def __init__(self, count: int = 11, task: Task | None = None) -> None:
        super().__init__()
        self.count, self.task = count, task or Noisy()

    def examples(self, split: str) -> Rectangles:
        assert split == "test"
        return Rectangles(self.count)


class Convolution(nn.Module):
    """The smallest model that translates, with a direction of its own for the way back."""

    name, device, dtype = "convolution", "cpu", torch.float32

    def __init__(self, directions: tuple[str, ...] = ("forward",)) -> None:
        super().__init__()
        self.directions, self.seen = directions, []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.there, self.back = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(2))

    def translate(self, source: Tensor, direction: str = "forward", seed: int = 0) -> Tensor:
        self.seen.append((tuple(source.shape), direction, seed))
        return (self.there if direction == "forward" else self.back)(source)


def measure(count: int) -> dict[str, float]:
    return PROTOCOL.measure(Convolution(("forward", "reverse")), Data(count), device="cpu", cache_dir="nowhere")


def on_rank(rank: int, world: int, folder: Path, count: int) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world)
    (folder / f"{rank}.json").write_text(json.dumps(measure(count)))
    dist.destroy_process_group()


def run(world: int, folder: Path, count: int) -> list[dict[str, float]]:
    multiprocessing.spawn(on_rank, (world, folder, count), nprocs=world)
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(world)]
