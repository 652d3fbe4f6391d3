from pathlib import Path

import pytest
import yaml

from gansmith.results.record import Record, Scores

PROTOCOL = {
    "name": "fast",
    "hash": "0123456789ab",
    "extractor": "vgg16",
    "metrics": ["fd", "psnr"],
    "primary_metric": "fd_vgg16",
    "direction": "min",
}
RECORD = {
    "model": "dcgan",
    "data": "digits",
    "resolution": 8,
    "protocol": PROTOCOL,
    "steps": 5000,
    "images": 320_000,
    "seconds": 800.0,
    "device": "cpu",
    "peak_memory": None,
    "parameters": {"generator": 1_000_000, "discriminator": 2_000_000},
    "seed": 0,
    "versions": {"torch": "2.6.0"},
    "commit": None,
    "dirty": None,
    "config_hash": "aaaaaaaaaaaa",
    "samples": None,
    "checkpoints": {},
    "flops": {"generator": 4_000_000, "discriminator": 3_000_000},
}


@pytest.fixture
def write_run(tmp_path):
    """Writes the record of a run with these metrics of its last checkpoint (half of them in the best), its folder."""

    def write(name, metrics, *, config=None, **changes) -> Path:
        best = {key: None if value is None else value / 2 for key, value in metrics.items()}
        content = {"variant": changes.get("model", "dcgan").ljust(12, "0"), **RECORD, **changes}
        scores = (
            {"last": Scores(5000, metrics), "best": Scores(4000, best)} if metrics else dict.fromkeys(("last", "best"))
        )
        Record(**content, **scores).write(tmp_path / name / "result.json")
        if config is not None:
            (tmp_path / name / "config.yaml").write_text(yaml.safe_dump(config))
        return tmp_path / name

    return write


@pytest.fixture
def protocol():
    """The protocol of those runs with these fields changed."""
    return lambda **changes: {**PROTOCOL, **changes}
