"""mode=mix: some layers of StyleGAN2 with the style of another sample."""

from __future__ import annotations

from pathlib import Path

import torch
from omegaconf import DictConfig
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.training.pictures import save_picture
from gansmith.training.samples import WHITE, image_grid
from gansmith.walks.settings import chosen_layers
from gansmith.walks.walker import Walker


def mix(walker: Walker, config: DictConfig, out: Path) -> list[Path]:
    """`mix.png`: on the left `n` samples, above others, and between them what the left ones become with `layers`
    of those above (Karras et al., 2019, arXiv:1812.04948, figure 3).

    Raises:
        ConfigError: a model without styles, or layers that it does not have.
    """
    model = walker.model
    if "w" not in model.spaces:
        raise ConfigError(f"mode=mix: model={model.name} has no styles; stylegan2 has")
    rows, columns = torch.arange(config.n), config.n + torch.arange(config.columns)
    w = walker.code(torch.cat([rows, columns]), "w")
    sources = walker.show(w, torch.cat([rows, columns]), "w", "sources")
    count = len(walker.matrices())
    layers = chosen_layers("coarse" if config.layers is None else config.layers, count)
    styles = w[:, None].expand(-1, count, -1)
    mixed = mixed_styles(styles[: config.n], styles[config.n :], layers)
    pictures = walker.show(mixed.flatten(0, 1), rows.repeat_interleave(config.columns), "w", "mixing")
    left, above = sources[: config.n], sources[config.n :]
    corner = torch.full_like(above[:1], WHITE)
    lines = [torch.cat([corner, above])]
    lines += [torch.cat([source[None], line]) for source, line in zip(left, pictures.split(config.columns))]
    path = out / "mix.png"
    save_picture(image_grid(torch.cat(lines), config.columns + 1), path)
    return [path]


def mixed_styles(rows: Tensor, columns: Tensor, layers: list[int]) -> Tensor:
    """Each of `rows` (r, layers, d) with the `layers` of each of `columns` (c, layers, d): (r, c, layers, d)."""
    mixed = rows[:, None].repeat(1, len(columns), 1, 1)
    mixed[:, :, layers] = columns[None, :, layers]
    return mixed
