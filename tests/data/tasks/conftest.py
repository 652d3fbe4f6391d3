from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from torch import Tensor
from torch.nn.functional import interpolate

from gansmith.config import instantiate, register_resolvers
from gansmith.data.tasks.task import Task, eight_bits
from gansmith.noise import Noise, NoiseByIndex

CONF = Path(__file__).parents[3] / "conf/task"


@pytest.fixture
def configured() -> Callable[..., Task]:
    """The task of conf/task/<name>.yaml for pictures of so many channels, with other settings where given."""

    def build(name: str, channels: int = 3, **settings: Any) -> Task:
        register_resolvers()
        config = OmegaConf.create({"data": {"channels": channels}, "task": OmegaConf.load(CONF / f"{name}.yaml")})
        config.task.update(settings)
        return instantiate(config.task)

    return build


@pytest.fixture
def pictures() -> Callable[..., Tensor]:
    """Smooth pictures (rows, channels, height, width) of 8 bits, in [-1, 1]."""

    def draw(rows: int, channels: int = 3, height: int = 24, width: int = 40) -> Tensor:
        coarse = torch.rand(rows, channels, 5, 7, generator=torch.Generator().manual_seed(rows))
        return eight_bits(2 * interpolate(coarse, (height, width), mode="bicubic", align_corners=True) - 1)

    return draw


@pytest.fixture
def rows_stand_alone(pictures: Callable[..., Tensor]) -> Callable[..., None]:
    """Asserts that a pair is the same in the whole batch, in a rank's half of it, and alone."""

    def check(task: Task, channels: int = 3) -> None:
        images = pictures(6, channels)
        whole = task.derive({"image": images}, Noise(3, 6, 0, torch.float32))
        halves = [task.derive({"image": images[k : k + 3]}, Noise(3, 6, k, torch.float32)) for k in (0, 3)]
        among = task.derive({"image": images}, NoiseByIndex(3, torch.arange(6)))
        alone = [task.derive({"image": images[k : k + 1]}, NoiseByIndex(3, torch.tensor([k]))) for k in range(6)]
        for name in whole:
            torch.testing.assert_close(torch.cat([half[name] for half in halves]), whole[name], rtol=0, atol=0)
            torch.testing.assert_close(torch.cat([pair[name] for pair in alone]), among[name], rtol=0, atol=0)

    return check


@pytest.fixture
def has_eight_bits() -> Callable[[Tensor], bool]:
    """Whether all values in [-1, 1] are those of a file."""

    def check(images: Tensor) -> bool:
        levels = images.add(1).mul(127.5)
        return bool((levels - levels.round()).abs().max() < 1e-3 and levels.min() > -0.5 and levels.max() < 255.5)

    return check
