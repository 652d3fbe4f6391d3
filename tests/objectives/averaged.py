"""Gradients of a loss on several processes. They import this by its name, which a test module does not have."""

from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from torch import Tensor

from gansmith.objectives.adversarial import RelativisticAverage

ROWS = 6


def weight_and_inputs() -> tuple[Tensor, Tensor, Tensor]:
    """The weights of a linear critic, and real and fake inputs (n, 4) for it."""
    generator = torch.Generator().manual_seed(0)
    weight, real, fake = (torch.randn(rows, 4, generator=generator, dtype=torch.float64) for rows in (1, ROWS, ROWS))
    return weight.requires_grad_(), real, fake


def losses_and_gradients(first: int, last: int) -> list[Tensor]:
    """Both losses of rows `first` to `last`, each with its gradient in the critic's weights."""
    loss, (weight, real, fake) = RelativisticAverage(), weight_and_inputs()
    results = []
    for side in (loss.discriminator, loss.generator):
        value = side(real[first:last] @ weight[0], fake[first:last] @ weight[0])
        results += [value.detach(), *torch.autograd.grad(value, weight)]
    return results


def on_rank(rank: int, world: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world)
    size = ROWS // world
    torch.save(losses_and_gradients(rank * size, (rank + 1) * size), folder / f"{rank}.pt")
    dist.destroy_process_group()


def run(world: int, folder: Path) -> list[list[Tensor]]:
    multiprocessing.spawn(on_rank, (world, folder), nprocs=world)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(world)]
