"""mode=variations, blend, edit: pictures drawn from embeddings of others (DALL-E 2, arXiv:2204.06125, section 3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor
from torch.nn.functional import normalize

from gansmith.errors import ConfigError
from gansmith.inference.checkpoints import Trained
from gansmith.inference.counts import check_counts
from gansmith.inference.own_pictures import start_picture
from gansmith.inference.prompting import asked_of, is_list
from gansmith.models.latents import slerp
from gansmith.networks.modes import evaluating
from gansmith.ranges import to_uint8
from gansmith.training.pictures import save_picture
from gansmith.training.sheets import sheet

FURTHEST = 0.5
"""Of an edit's arc: section 3.3 goes from 0.25 to 0.5."""


def embedding_walk(trained: Trained, config: DictConfig) -> list[Path]:
    """The picture `config.mode`, in `config.out`.

    Raises:
        ConfigError: a model without embeddings, or a key that is missing.
        DataError: a picture that can't be read.
    """
    check_counts(config, n=1, columns=2, batch_size=1)
    if not hasattr(trained.model, "from_embedding"):
        raise ConfigError(
            f"mode={config.mode} draws from embeddings, and model={trained.model.name} does not: "
            "dalle2 and dalle2_gan do"
        )
    asked = asked_of(config)
    if is_list(asked.get("guidance")):
        raise ConfigError(f"guidance={asked['guidance']}: mode={config.mode} takes one number")
    for key in ("guidance", "steps"):
        if key in asked and key not in trained.model.conditions:  # type: ignore[operator]
            raise ConfigError(f"{key}={asked[key]}: model={trained.model.name} has none; dalle2 has")
    with torch.inference_mode(), evaluating(trained.model.sampler):
        pictures, headings = MODES[config.mode](trained, config)
    path = Path(config.out) / f"{config.mode}.png"
    save_picture(sheet(pictures, headings), path)
    print(f"{path.name} in {config.out}")
    return [path]


def variations(trained: Trained, config: DictConfig) -> tuple[list[list[Tensor]], list[str]]:
    """The picture, and n others that have its embedding (section 3.1)."""
    given = picture_of(trained, config, "picture")
    drawn = draw(trained, config, embedded(trained, given).expand(config.n, -1), torch.arange(config.n))
    return [[to_uint8(given), *drawn.split(1)]], ["picture", *map(str, range(config.n))]


def blend(trained: Trained, config: DictConfig) -> tuple[list[list[Tensor]], list[str]]:
    """Between two pictures: `columns` places on the arc between their embeddings, a row a noise (section 3.2)."""
    ends = [embedded(trained, picture_of(trained, config, key)) for key in ("picture", "other")]
    return along(trained, config, ends[0], ends[1], torch.linspace(0, 1, config.columns))


def edit(trained: Trained, config: DictConfig) -> tuple[list[list[Tensor]], list[str]]:
    """From the picture's embedding towards what its new caption has beyond its old one (section 3.3)."""
    for key in ("prompt", "caption"):
        if config[key] is None:
            raise ConfigError(f'mode=edit takes caption="what the picture shows" and prompt="what it should": no {key}')
    start = embedded(trained, picture_of(trained, config, "picture"))
    if str(config.prompt) == str(config.caption):
        raise ConfigError(f"mode=edit: caption and prompt are both {config.prompt}, which leaves nothing to change")
    sampler: Any = trained.model.sampler
    new, old = sampler.encoder.text([str(config.prompt), str(config.caption)])
    difference = normalize(new - old, dim=0)[None]
    return along(trained, config, start, difference, torch.linspace(0, FURTHEST, config.columns))


MODES = {"variations": variations, "blend": blend, "edit": edit}
USED = {"variations": (), "blend": ("other",), "edit": ("prompt", "caption")}
"""Keys of each that are not those of all."""
OF_OTHERS = ("prompt", "prompts", "negative", "strength", "mask")
"""Keys of other modes, of which these have some."""


def check_used(config: DictConfig) -> None:
    """Raises ConfigError for a key that `config.mode` has no use for."""
    for key in ("other", "caption", *OF_OTHERS):
        if config.get(key) is not None and key not in USED.get(config.mode, OF_OTHERS):
            modes = [mode for mode, keys in USED.items() if key in keys]
            where = f"mode={modes[0]} has it" if modes else "leave it out"
            raise ConfigError(f"{key}={config[key]}: mode={config.mode} has no use for it; {where}")


def along(
    trained: Trained, config: DictConfig, start: Tensor, end: Tensor, shares: Tensor
) -> tuple[list[list[Tensor]], list[str]]:
    """Rows of one noise each, columns at `shares` of the arc from `start` (1, d) to `end` (1, d)."""
    arc = slerp(start.expand(len(shares), -1), end.expand(len(shares), -1), shares[:, None].to(start))
    places = normalize(arc, dim=1)
    rows = []
    for index in range(config.n):
        drawn = draw(trained, config, places, torch.full((len(shares),), index))
        rows.append(list(drawn.split(1)))
    return rows, [f"{share:.2g}" for share in shares.tolist()]


def picture_of(trained: Trained, config: DictConfig, key: str) -> Tensor:
    """The picture in the file that the user named: floats (1, C, S, S)."""
    if config[key] is None:
        raise ConfigError(f"mode={config.mode} begins from a file: {key}=FILE")
    return start_picture(Path(config[key]).expanduser(), trained.config["data"], key)


def embedded(trained: Trained, picture: Tensor) -> Tensor:
    """(1, C, S, S) to (1, d) of length 1."""
    sampler: Any = trained.model.sampler
    return sampler.encoder.image(picture.to(next(sampler.parameters())))


def draw(trained: Trained, config: DictConfig, embedding: Tensor, indices: Tensor) -> Tensor:
    """uint8 (n, C, S, S), without a caption."""
    conditions = {key: config[key] for key in ("guidance", "steps") if config[key] is not None}
    model: Any = trained.model
    parts = [
        list(model.from_embedding(some, numbers, config.seed, **conditions).values())[-1]
        for some, numbers in zip(embedding.split(config.batch_size), indices.split(config.batch_size))
    ]
    return to_uint8(torch.cat(parts)).cpu()
