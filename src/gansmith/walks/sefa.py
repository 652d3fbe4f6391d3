"""mode=sefa: the directions that a generator's first layers answer most (Shen & Zhou, 2021, arXiv:2007.06600)."""

from __future__ import annotations

from pathlib import Path

import torch
from omegaconf import DictConfig
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.inference.counts import check_counts
from gansmith.training.pictures import save_picture
from gansmith.training.sheets import sheet, written
from gansmith.walks.numbers import write_json
from gansmith.walks.settings import chosen_layers
from gansmith.walks.walker import Walker

TITLE_WIDTH = 80  # pixels


def sefa(walker: Walker, config: DictConfig, out: Path) -> list[Path]:
    """`sefa.png`: for each direction and each sample a row, from -reach to +reach; and `sefa.json`: the eigenvalues.

    Raises:
        ConfigError: a count or a reach that does not work, layers that the generator does not have, or a generator
            that does not say how latents enter it.
    """
    check_counts(config, directions=1)
    if not isinstance(config.reach, (int, float)) or config.reach <= 0:
        raise ConfigError(f"reach={config.reach}: it is how far to go along a direction, above 0")
    matrices = walker.matrices()
    layers = chosen_layers("all" if config.layers is None else config.layers, len(matrices))
    values, directions = factors(torch.cat([matrices[layer] for layer in layers]))
    if config.directions > len(values):
        raise ConfigError(f"directions={config.directions}: a latent of {len(values)} numbers has no more than these")
    rows, space = torch.arange(config.n), walker.model.spaces[0]
    codes = walker.code(rows, space)
    if len(matrices) > 1:
        codes = codes[:, None].repeat(1, len(matrices), 1)
    # Of one column the middle.
    reach = config.reach if config.columns > 1 else 0.0
    steps = torch.linspace(-reach, reach, config.columns)
    moved = torch.stack([walked(codes, direction, steps, layers) for direction in directions[: config.directions]])
    indices = rows.repeat_interleave(config.columns).repeat(config.directions)
    pictures = walker.show(moved.flatten(0, 2), indices, space, "walking").split(config.columns)
    titles = [f"{direction + 1}, sample {row}" for direction in range(config.directions) for row in range(config.n)]
    lines = [[written(title, TITLE_WIDTH)[None], *line[:, None]] for title, line in zip(titles, pictures)]
    save_picture(sheet(lines, ["direction", *(f"{step:+.2g}" for step in steps.tolist())]), out / "sefa.png")
    found = {"space": space, "layers": layers, "eigenvalues": values.tolist()}
    return [out / "sefa.png", write_json(found, out / "sefa.json")]


def factors(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (d,) of AᵀA for A (rows, d), the largest first, and its unit eigenvectors (d, d), a row each.

    Those are the directions n that maximise |A n|² one after the other (equation 5). The largest entry of each is
    positive, which settles its sign.
    """
    matrix = matrix.cpu().double()
    values, vectors = torch.linalg.eigh(matrix.t() @ matrix)
    directions = vectors.t().flip(0)
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    return values.flip(0).clamp(min=0), directions * largest.sign()


def walked(codes: Tensor, direction: Tensor, steps: Tensor, layers: list[int]) -> Tensor:
    """Codes (n, d), or the `layers` of codes (n, layers, d), at each of the steps (k,): (n, k, ...)."""
    moved = codes[:, None].repeat(1, len(steps), *[1] * (codes.ndim - 1))
    along = (steps[:, None] * direction.float()).to(codes)
    if codes.ndim == 2:
        return moved + along
    moved[:, :, layers] += along[:, None]
    return moved
