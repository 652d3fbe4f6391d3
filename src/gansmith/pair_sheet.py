"""What a task makes of a data set, to look at before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch
from omegaconf import DictConfig
from torch import Tensor

from gansmith.config import instantiate
from gansmith.data.held_out import HeldOutPairs, held_out_pairs
from gansmith.errors import ConfigError
from gansmith.ranges import to_uint8
from gansmith.training.pictures import save_picture
from gansmith.training.sheets import sheet

LABELS = ("input", "truth")
EMPTY = torch.full((1, 1, 1, 1), 255, dtype=torch.uint8)


def write_pair_sheet(config: DictConfig) -> Path:
    """`pairs.png` in `config.out`: `config.n` examples of a split, or all there are, spread evenly over them.

    They are those that a model is judged by: functions of the seed and the example's place alone.

    Raises:
        ConfigError: no task or no data, or a checkpoint beside them; a task that these data can't have; a number
            below one.
        DataError: the split has no pictures.
    """
    if config.ckpt is not None or config.get("task") is None or config.get("data") is None:
        raise ConfigError("either ckpt=RUN_DIR|CKPT for samples, or task=… data=… for the pairs that a task makes")
    for key in ("n", "columns"):
        if config[key] < 1:
            raise ConfigError(f"{key}={config[key]}: it counts from 1")
    data = instantiate(config.data)
    data.set_task(instantiate(config.task))
    data.prepare_data()
    pairs = held_out_pairs(data, config.split, config.seed)
    count = min(config.n, len(pairs))
    pairs_in_row = min(count, max(1, config.columns // len(LABELS)))
    pictures = shown(pairs, [place * len(pairs) // count for place in range(count)])
    rows = [list(islice(pictures, pairs_in_row * len(LABELS))) for _ in range(-(-count // pairs_in_row))]
    rows[-1] += [EMPTY] * (len(rows[0]) - len(rows[-1]))
    path = Path(config.out) / "pairs.png"
    save_picture(sheet(rows, LABELS * pairs_in_row), path)
    print(f"{count} of {len(pairs)} pictures of {data.name} in {path}")
    return path


@torch.no_grad()
def shown(pairs: HeldOutPairs, places: list[int]) -> Iterator[Tensor]:
    """Input, as one would show it without a model, and truth of each of the `places`, uint8 (1, C, H, W)."""
    for place in places:
        source, target = pairs[place]
        for picture in (pairs.baseline(source), pairs.render(source, target)):
            yield to_uint8(picture)
