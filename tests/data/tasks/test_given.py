from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from gansmith.config import instantiate
from gansmith.data.degrade.resize import resize
from gansmith.noise import Noise

CONF = Path(__file__).parents[3] / "conf/task/given.yaml"


def given(**data: Any) -> Any:
    return instantiate(OmegaConf.create({"data": data, "task": OmegaConf.load(CONF)}).task)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"channels": 3}, (3, 3, 1)),
        ({"channels": 3, "source_channels": 1, "target_channels": 3}, (1, 3, 1)),
        ({"channels": 1, "scale": 4}, (1, 1, 4)),
    ],
)
def test_channels_and_scale_are_those_of_the_data(data: dict[str, int], expected: tuple[int, int, int]) -> None:
    task = given(**data)
    assert (task.source_channels, task.target_channels, task.scale) == expected


def test_pairs_are_taken_as_they_are() -> None:
    fields = {"source": torch.rand(2, 1, 4, 4), "target": torch.rand(2, 3, 8, 8)}
    pair = given(channels=3, scale=2).derive(fields, Noise(0, 2, 0, torch.float32))
    assert pair["source"] is fields["source"]
    assert pair["target"] is fields["target"]


def test_the_baseline_is_the_source_at_the_size_of_the_target() -> None:
    source = torch.rand(1, 3, 6, 5)
    torch.testing.assert_close(given(channels=3).baseline(source), source)
    torch.testing.assert_close(
        given(channels=3, scale=2).baseline(source), resize(source, 12, 10, border="mirror").clamp(-1, 1)
    )
