"""mode=project: what comes nearest to a picture, of all that a generator can make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor

from gansmith.atomic import replacing
from gansmith.errors import ConfigError
from gansmith.inference.counts import check_counts
from gansmith.metrics.perceptual import NETWORK, perceptual_distance
from gansmith.metrics.psnr import psnr
from gansmith.networks.modes import evaluating
from gansmith.noise import NoiseByIndex, mix_seed
from gansmith.objectives.feature_network import feature_network
from gansmith.ranges import to_uint8, to_unit_range
from gansmith.training.pictures import save_picture
from gansmith.training.sheets import sheet
from gansmith.walks import projection
from gansmith.walks.numbers import write_json
from gansmith.walks.settings import chosen_space
from gansmith.walks.targets import Targets, targets_of
from gansmith.walks.walker import Walker, bar

LAYERED = "w+"
"""A w for each layer."""
CODES = 10_000
"""That mean and deviation are taken of (appendix D)."""
LABELS = ("picture", "projected", "difference")


def project(walker: Walker, config: DictConfig, out: Path) -> list[Path]:
    """`projection.png`: pictures, what the generator makes of them, and the absolute difference of both;
    `projection.pt`: the codes; `projection.json`: how far both are apart, which is printed too.

    Raises:
        ConfigError: a count, space or weight that does not work.
        DataError: a picture that can't be had.
    """
    check_counts(config, steps=1)
    if not isinstance(config.perceptual, (int, float)) or config.perceptual < 0:
        raise ConfigError(f"perceptual={config.perceptual}: it weighs the perceptual distance, from 0 on")
    if walker.truncation is not None:
        raise ConfigError(f"truncation={walker.truncation}: mode=project finds codes wherever they are")
    spaces = walker.model.spaces
    layered = (LAYERED,) if "w" in spaces else ()
    space = chosen_space(config.space, (*spaces, *layered), walker.model.name)
    targets = targets_of(config.picture, config.n, walker)
    projector = Projector(walker, space, config.perceptual)
    chunks = torch.arange(len(targets.pictures)).split(config.batch_size)
    codes, pictures = zip(*(projector.project(targets, rows, config.steps) for rows in chunks))
    paths = [out / f"projection.{suffix}" for suffix in ("png", "pt", "json")]
    found, code = torch.cat(pictures), torch.cat(codes)
    save_picture(sheet([list(row) for row in rows_of(targets.pictures, found)], LABELS), paths[0])
    with replacing(paths[1]) as temporary:
        torch.save({"space": space, "code": code, "names": targets.names, "seed": walker.seed}, temporary)
    write_json({"space": space, "steps": config.steps, "pictures": measured(targets, found)}, paths[2])
    return paths


class Projector:
    """Finds the codes of pictures.

    Args:
        walker: whose generator is to make them. Noise that it adds is that of samples 0, 1, ...
        space: of the codes, one of the model's, or LAYERED.
        perceptual: weight of the perceptual distance beside the mean squared error of pixels in [-1, 1].
    """

    def __init__(self, walker: Walker, space: str, perceptual: float) -> None:
        self.walker, self.perceptual = walker, perceptual
        self.layered, self.space = space == LAYERED, "w" if space == LAYERED else space
        self._known: dict[int | None, tuple[Tensor, Tensor]] = {}

    def project(self, targets: Targets, rows: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """Codes (n, ...) and pictures, uint8 (n, C, H, W), both in memory, of the targets with the numbers `rows`."""
        model, seed = self.walker.model, self.walker.seed
        like = next(model.sampler.parameters())
        wanted = to_unit_range(targets.pictures[rows]).to(like)
        conditions = self._conditions(targets, rows)

        def decode(code: Tensor) -> Tensor:
            return model.decode(code, rows, seed, self.space, **conditions)

        draws = NoiseByIndex(mix_seed(seed, "projection"), rows, like.dtype, like.device)
        title = f"projecting {rows[0] + 1}-{rows[-1] + 1} of {len(targets.pictures)}"
        with evaluating(model.sampler):
            start, deviation = self._start(targets, rows)
            loss = self._loss(decode, wanted)
            code = projection.project(loss, start, deviation, draws, bar(range(steps), title), steps)
            with torch.no_grad():
                return code.cpu(), to_uint8(decode(code)).cpu()

    def _loss(self, decode: Callable[[Tensor], Tensor], wanted: Tensor) -> Callable[[Tensor], Tensor]:
        features = feature_network(NETWORK, device=wanted.device)

        def loss(code: Tensor) -> Tensor:
            pictures = decode(code)
            error = (pictures - wanted).square().mean((1, 2, 3))
            if not self.perceptual:
                return error
            return error + self.perceptual * perceptual_distance(pictures, wanted, features).to(error)

        return loss

    def _start(self, targets: Targets, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The mean of codes, for each of the targets, and their deviation from it."""
        labels = [None] * len(rows) if targets.labels is None else targets.labels[rows].tolist()
        self._known |= {label: self._mean_and_deviation(label) for label in set(labels) - set(self._known)}
        start = torch.stack([self._known[label][0] for label in labels])
        deviation = torch.stack([self._known[label][1] for label in labels])[:, None]
        if not self.layered:
            return start, deviation
        return start[:, None].repeat(1, len(self.walker.matrices()), 1), deviation[:, None]

    @torch.no_grad()
    def _mean_and_deviation(self, label: int | None) -> tuple[Tensor, Tensor]:
        given = {} if label is None else {"label": label}
        model = self.walker.model
        codes = model.code(torch.arange(CODES), self.walker.seed, self.space, **given)
        mean = codes.to(next(model.sampler.parameters())).mean(0)
        return mean, (codes.to(mean) - mean).square().sum(1).mean().sqrt()

    def _conditions(self, targets: Targets, rows: Tensor) -> dict[str, Any]:
        return {} if targets.labels is None else {"label": targets.labels[rows]}


def rows_of(pictures: Tensor, found: Tensor) -> Tensor:
    """Both (n, C, H, W) and their absolute difference as pictures of a sheet: (n, 3, 1, C, H, W)."""
    difference = (pictures.int() - found.int()).abs().to(torch.uint8)
    return torch.stack([pictures, found, difference], 1)[:, :, None]


def measured(targets: Targets, found: Tensor) -> list[dict[str, Any]]:
    """PSNR in decibels and perceptual distance of each picture, in 8 bits; printed."""
    with torch.no_grad():
        decibels = psnr(found, targets.pictures).tolist()
        distances = perceptual_distance(found, targets.pictures, feature_network(NETWORK)).tolist()
    for name, decibel, distance in zip(targets.names, decibels, distances):
        print(f"{name}  psnr {decibel:.2f}  perceptual {distance:.4f}")
    return [
        {"picture": name, "psnr": decibel, "perceptual": distance}
        for name, decibel, distance in zip(targets.names, decibels, distances)
    ]
