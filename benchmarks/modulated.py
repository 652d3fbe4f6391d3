"""StyleGAN2's layers against the plainest form of the same: python benchmarks/modulated.py [--quick] [--markdown].

The same weights, A B A B ...; below one, gansmith is faster.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import count

import torch
from framework import moment
from plain import Numbers
from plain_recipes import path_length, r1
from plain_stylegan2 import made_plain
from rich.console import Console
from run import WIDTH, markdown, table
from timing import Row, Timed, in_turn
from torch import Tensor, nn

from gansmith.networks.stylegan2.discriminator import Discriminator
from gansmith.networks.stylegan2.generator import Generator

RESOLUTION, LATENT = 32, 64
SIZES = {"16 to 64 channels": (1 / 64, 64, 64), "128 channels": (1 / 8, 128, 16)}
"""Width, most channels, batch."""
SLOWEST = 1.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only the small size, three repeats in place of five")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--markdown", action="store_true", help="print a table for a document")
    return parser.parse_args()


def rows(names: list[str], repeats: int, device: torch.device) -> Iterator[Row]:
    for name in names:
        width, most, batch = SIZES[name]
        generator = Generator(RESOLUTION, 1, LATENT, width, most, mapping_layers=2).to(device)
        discriminator = Discriminator(RESOLUTION, 1, width, most).to(device)
        for what, network, step in (
            ("generator", generator, drawn),
            ("path length", generator, lengths),
            ("discriminator", discriminator, judged),
            ("R1", discriminator, gradients),
        ):
            plain = made_plain(deepcopy(network))
            pairs = in_turn(timed(step, network, batch, device), timed(step, plain, batch, device), repeats)
            yield Row(f"{what}, {name}", "plain layers", pairs, SLOWEST)


def drawn(generator: nn.Module, images: Tensor, numbers: Numbers) -> Tensor:
    return generator(numbers.normal(len(images), LATENT), None, numbers).square().mean()


def lengths(generator: nn.Module, images: Tensor, numbers: Numbers) -> Tensor:
    return path_length(generator, images, numbers, torch.zeros((), device=images.device), LATENT)


def judged(discriminator: nn.Module, images: Tensor, numbers: Numbers) -> Tensor:
    return discriminator(images).square().mean()


def gradients(discriminator: nn.Module, images: Tensor, numbers: Numbers) -> Tensor:
    return r1(discriminator, images, images, numbers)


def timed(
    step: Callable[[nn.Module, Tensor, Numbers], Tensor], network: nn.Module, batch: int, device: torch.device
) -> Timed:
    """Seconds of `step` and its backward pass, already warm."""
    runs = count()

    def run() -> float:
        numbers = Numbers(torch.Generator(device).manual_seed(next(runs)))
        images = numbers.normal(batch, 1, RESOLUTION, RESOLUTION)
        began = moment(device)
        step(network, images, numbers).backward()
        return moment(device) - began

    run()
    return run


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    names = list(SIZES)[: 1 if options.quick else None]
    measured, progress = [], Console(stderr=True)
    for row in rows(names, 3 if options.quick else 5, device):
        measured.append(row)
        progress.print("  ".join(row.cells()), highlight=False, soft_wrap=True)
    if options.markdown:
        print(markdown(measured))
    else:
        console = Console()
        console.print(table(measured), width=None if console.is_terminal else WIDTH)


if __name__ == "__main__":
    main()
