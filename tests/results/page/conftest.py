"""Folders of made-up runs: records, sample grids and metrics as a training leaves them."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gansmith.results.record import Record, Scores

FD, KD = "fd_efficientnet_lite0", "kd_efficientnet_lite0_mean"
PROTOCOL = {
    "name": "fast",
    "metrics": ["fd", "kd"],
    "extractor": "efficientnet_lite0",
    "primary": "fd",
    "samples": 2500,
    "split": "train",
    "resize": 64,
    "seed": 0,
    "hash": "0123456789ab",
    "primary_metric": FD,
    "direction": "min",
}
# model: the FD it ends at, its seconds, parameters of the generator, further overrides.
MODELS = {
    "dcgan": (38.2, 780, 1_180_000, []),
    "wgan_gp": (31.4, 2460, 1_180_000, []),
    "lsgan": (44.9, 765, 1_180_000, []),
    "gan": (97.3, 240, 530_000, []),
    "cgan": (35.8, 905, 1_310_000, ["model/loss=hinge", "model.ema.half_life=20000"]),
}


class Logs:
    """A folder of logs that runs can be added to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def add(self, model: str, seed: int = 0, fd: float | None = 40.0, picture: bool = True, **changes) -> Path:
        run_dir = self.folder / f"run_{len(list(self.folder.glob('run_*')))}"
        run_dir.mkdir(parents=True)
        record = record_of(model, seed, fd, **changes)
        record.write(run_dir / "result.json")
        (run_dir / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in training(record, seed)))
        if picture:
            (run_dir / "samples").mkdir()
            grid(seed, fd or 100.0).save(run_dir / record.samples, compress_level=1)
        return run_dir

    def add_suite(self, seeds: int = 2, **changes) -> None:
        """Five models, so many seeds each; seeds of a model differ a little."""
        for place, (model, (fd, seconds, size, overrides)) in enumerate(MODELS.items()):
            for seed in range(seeds):
                words = [f"model={model}", *overrides, f"seed={seed}", "run_dir=/somewhere/else"]
                self.add(
                    model,
                    seed,
                    fd * (1 + 0.03 * math.sin(7 * place + 3 * seed)),
                    seconds=float(seconds + 11 * seed),
                    parameters={"generator": size, "discriminator": size * 2},
                    overrides=words,
                    **changes,
                )


def record_of(model: str, seed: int, fd: float | None, **changes) -> Record:
    metrics = {FD: fd, KD: None if fd is None else fd / 400, "kd_efficientnet_lite0_std": 0.004}
    content = {
        "model": model,
        "data": "mnist5k",
        "resolution": 32,
        "protocol": PROTOCOL,
        "best": Scores(4000, metrics),
        "last": Scores(5000, metrics),
        "steps": 5000,
        "images": 320_000,
        "seconds": 800.0,
        "device": "cpu",
        "peak_memory": None,
        "parameters": {"generator": 1_000_000, "discriminator": 2_000_000},
        "flops": {"generator": 24_000_000, "discriminator": 31_000_000},
        "seed": seed,
        "versions": {"python": "3.11.9", "torch": "2.6.0"},
        "commit": "a" * 40,
        "dirty": seed == 1,
        "config_hash": "0123456789ab",
        "samples": "samples/step_00005000.png",
        "checkpoints": {},
        "variant": model.encode().hex()[:12].ljust(12, "0"),
        "overrides": [f"model={model}", f"seed={seed}"],
    }
    return Record(**(content | changes))


def training(record: Record, seed: int, lines: int = 100) -> list[dict]:
    """Losses at every line, an evaluation at every tenth, as `Watch` and `Evaluation` write them."""
    end = (record.last.metrics if record.last else {}).get(FD) or 60.0
    written = []
    for i in range(1, lines + 1):
        at = {"step": 50 * i, "images": record.images * i // lines, "seconds": record.seconds * i / lines}
        losses = {"loss/generator": 2 + math.sin(i + seed) / i, "loss/discriminator": 1 / i, "images_per_second": 400.0}
        written.append(at | losses)
        if i % 10 == 0:
            fall = 6 * math.exp(-5 * i / lines) + 0.1 * math.sin(2.3 * i + seed)
            written.append(at | {FD: end * (1 + fall), KD: end * (1 + fall) / 400})
    return written


def grid(seed: int, noise: float, rows: int = 10, side: int = 64) -> Image.Image:
    """A grid of blobs on white, rougher the worse the run, in the size that trainings draw."""
    random = np.random.default_rng(seed + int(noise * 10))
    sheet = np.full((rows * (side + 2) + 2, rows * (side + 2) + 2), 255, np.uint8)
    y, x = np.mgrid[0:32, 0:32]
    for place in range(rows * rows):
        strokes = random.uniform(8, 24, (4, 2))
        ink = sum(np.exp(-((x - a) ** 2 + (y - b) ** 2) / 14) for a, b in strokes) * 200
        tile = np.clip(ink + random.normal(0, noise / 3, (32, 32)), 0, 255).astype(np.uint8)
        top, left = 2 + place // rows * (side + 2), 2 + place % rows * (side + 2)
        sheet[top : top + side, left : left + side] = tile.repeat(side // 32, 0).repeat(side // 32, 1)
    return Image.fromarray(sheet)


@pytest.fixture
def logs(tmp_path) -> Logs:
    return Logs(tmp_path / "logs")


@pytest.fixture(scope="module")
def suite(tmp_path_factory) -> Logs:
    """One seed of each of five models, for tests that do not change it."""
    logs = Logs(tmp_path_factory.mktemp("suite") / "logs")
    logs.add_suite(seeds=1)
    return logs
