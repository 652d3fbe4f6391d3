"""ADA on several processes. They import this by its name, which a test module does not have."""

from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing

from gansmith.augment.ada import Ada

ROWS, STEPS = 6, 20


def levels(first: int, last: int) -> list[float]:
    """p after each step, of a process that sees rows `first` to `last` of each batch."""
    ada, generator = Ada(batch_size=ROWS, target=0.4, interval=2, images=60), torch.Generator().manual_seed(0)
    found = []
    for logits in torch.randn(STEPS, ROWS, generator=generator) + 0.5:
        ada.watch(logits[first:last])
        ada.after_step()
        found.append(ada.scalars()["augment/p"])
    return found


def on_rank(rank: int, world: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world)
    size = ROWS // world
    torch.save(levels(rank * size, (rank + 1) * size), folder / f"{rank}.pt")
    dist.destroy_process_group()


def run(world: int, folder: Path) -> list[list[float]]:
    multiprocessing.spawn(on_rank, (world, folder), nprocs=world)
    return [torch.load(folder / f"{rank}.pt") for rank in range(world)]
