"""FD and KD of real digits against other real digits, at several numbers of pictures.

    python benchmarks/real_against_real.py [--draws 10] [--markdown] [--ckpt=CKPT]

What a perfect generator would score, and how much of a difference is luck of the draw. The 5,000 pictures of mnist5k
through the extractor of metrics=fast; each draw takes 2n of them at random and splits them in two. At n=2500 all draws
share all pictures, so their deviation is that of the split alone. With --ckpt the same generator at all these numbers:
n of its samples against n real pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from rich.console import Console
from rich.table import Table
from torch import Tensor

from gansmith.config import instantiate, register_resolvers
from gansmith.data.module import ImageData
from gansmith.experiment import load_model
from gansmith.metrics.distances import frechet_distance, gaussian_statistics, kernel_distance
from gansmith.metrics.extractors import build_extractor
from gansmith.metrics.features import extract
from gansmith.metrics.protocol import Protocol

NUMBERS = (100, 250, 500, 1000, 2500)
HEADINGS = ("pictures a side", "FD", "deviation", "KD", "deviation")
SPLITS = ("train", "test")
CONF = Path(__file__).parents[1] / "conf"

Draw = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]
"""Two sets of n features each."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10, help="at each number of pictures, at least 2")
    parser.add_argument("--markdown", action="store_true", help="print a table for a document")
    parser.add_argument("--ckpt", type=Path, help="a generator of digits")
    return parser.parse_args()


def parts() -> tuple[ImageData, Protocol]:
    """mnist5k and metrics=fast."""
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", ["data=mnist5k", "metrics=fast", "run_dir=."])
    data: ImageData = instantiate(config.data)
    data.prepare_data()
    return data, instantiate(config.metrics)


def features(images: Callable[[Tensor], Tensor], number: int, protocol: Protocol) -> Tensor:
    """(number, d), of pictures 0..number-1."""
    extractor: Any = build_extractor(protocol.extractor, protocol.weights, protocol.resize, torch.device("cpu"))
    with torch.inference_mode():
        return extract(images, number, extractor, protocol.batch_size)[0]


def real_features(data: ImageData, protocol: Protocol) -> Tensor:
    sets = [data.split(name) for name in SPLITS]
    return torch.cat([features(images.batch, len(images), protocol) for images in sets])


def halves(real: Tensor) -> Draw:
    """Different real pictures on both sides."""

    def draw(number: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.randperm(len(real), generator=random)[: 2 * number]
        return real[chosen[:number]], real[chosen[number:]]

    return draw


def samples_and_real(fake: Tensor, real: Tensor) -> Draw:
    def draw(number: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        sides = [side[torch.randperm(len(side), generator=random)[:number]] for side in (fake, real)]
        return sides[0], sides[1]

    return draw


def rows(draw: Draw, draws: int, protocol: Protocol) -> Iterator[list[str]]:
    random = torch.Generator().manual_seed(0)
    for number in NUMBERS:
        pairs = [draw(number, random) for _ in range(draws)]
        size = min(protocol.kd_subset_size, number)
        fd = [frechet_distance(gaussian_statistics(a), gaussian_statistics(b)) for a, b in pairs]
        kd = [kernel_distance(a, b, protocol.kd_subsets, size)[0] for a, b in pairs]
        yield [str(number), *(f"{part(values):.3g}" for values in (fd, kd) for part in (fmean, stdev))]


def show(title: str, found: list[list[str]], is_markdown: bool) -> None:
    if is_markdown:
        lines = [HEADINGS, ["---:"] * len(HEADINGS), *found]
        print(f"{title}\n", *(f"| {' | '.join(cells)} |" for cells in lines), "", sep="\n")
        return
    table = Table(*HEADINGS, title=title)
    for cells in found:
        table.add_row(*cells)
    Console().print(table)


def main() -> None:
    options = arguments()
    data, protocol = parts()
    with Console(stderr=True).status("features"):
        real = real_features(data, protocol)
    draws = {"real against real": halves(real)}
    if options.ckpt:
        model: Any = load_model(options.ckpt)[0]
        fake = features(lambda indices: model.sample_images(indices, protocol.seed), len(real), protocol)
        draws[f"{model.name} against real"] = samples_and_real(fake, real)
    for title, draw in draws.items():
        show(title, list(rows(draw, options.draws, protocol)), options.markdown)


if __name__ == "__main__":
    main()
