"""The contrastive loss on several processes. They import this by its name, which a test module does not have."""

from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from torch import Tensor
from torch.nn.functional import normalize

from gansmith.objectives.info_nce import info_nce

PAIRS, WIDTH = 6, 4


def draw() -> tuple[Tensor, Tensor, Tensor]:
    """Two matrices and the factor on similarities, which all processes share, and what they are applied to."""
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(2, WIDTH, 5, generator=generator, dtype=torch.float64).requires_grad_()
    inputs = torch.randn(2, PAIRS, 5, generator=generator, dtype=torch.float64)
    return weights, torch.tensor(3.0, dtype=torch.float64, requires_grad=True), inputs


def loss_and_gradients(first: int, last: int) -> list[Tensor]:
    """Of pairs `first` to `last`: the loss, and its gradients in what is shared."""
    weights, scale, inputs = draw()
    images, texts = (normalize(rows[first:last] @ weight.T, dim=1) for weight, rows in zip(weights, inputs))
    loss = info_nce(images, texts, scale)
    return [loss.detach(), *torch.autograd.grad(loss, (weights, scale))]


def on_rank(rank: int, world: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world)
    size = PAIRS // world
    torch.save(loss_and_gradients(rank * size, (rank + 1) * size), folder / f"{rank}.pt")
    dist.destroy_process_group()


def run(world: int, folder: Path) -> list[list[Tensor]]:
    multiprocessing.spawn(on_rank, (world, folder), nprocs=world)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(world)]
