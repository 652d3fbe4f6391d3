"""Rows of restoration.py's table: one way to do a task, and its scores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from omegaconf import OmegaConf
from problems import Problem

from gansmith.config import instantiate
from gansmith.data.base import DataModule
from gansmith.data.held_out import held_out_pairs
from gansmith.experiment import build_data, load_model
from gansmith.metrics.paired import PairedProtocol
from gansmith.metrics.restoration import measure_pairs

COLUMNS = ("psnr", "psnr_y", "ssim", "ssim_y", "perceptual_efficientnet_lite0", "fd_efficientnet_lite0")


@dataclass(frozen=True)
class Row:
    """Scores of one way; columns that its protocol does not have stay empty."""

    HEADINGS: ClassVar[tuple[str, ...]] = (
        "problem", "by", "PSNR, dB", "PSNR Y, dB", "SSIM", "SSIM Y", "perceptual", "FD",
    )  # fmt: skip
    problem: str
    way: str
    scores: dict[str, float]
    is_last: bool = False

    def cells(self) -> list[str]:
        return [self.problem, self.way, *(self._cell(name) for name in COLUMNS)]

    def _cell(self, name: str) -> str:
        return f"{self.scores[name]:.4g}" if name in self.scores else ""


def rows(problem: Problem, run_dir: Path) -> list[Row]:
    """The input as it is, the classical ways and the run's checkpoints, in both directions where there are two."""
    config = OmegaConf.load(run_dir / "config.yaml")
    data, protocol = build_data(config), instantiate(config.metrics)  # type: ignore[arg-type]
    data.prepare_data()
    ways = classical(problem, data, protocol) | trained(problem, data, protocol, run_dir)
    names = [problem.name, *("" for _ in ways)]
    return [
        Row(name, way, scores, is_last=way == list(ways)[-1])
        for name, (way, scores) in zip(names, ways.items(), strict=False)
    ]


def classical(problem: Problem, data: DataModule, protocol: PairedProtocol) -> dict[str, dict[str, float]]:
    pairs = held_out_pairs(data, protocol.split, protocol.seed)
    found = {"input as it is": measure_pairs(pairs.baseline, pairs, protocol, "cpu")}
    for name, baseline in problem.baselines.items():
        found[name] = measure_pairs(baseline(data), pairs, protocol, "cpu")
    return found


def trained(problem: Problem, data: DataModule, protocol: PairedProtocol, run_dir: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for way, file in problem.checkpoints.items():
        model: Any = load_model(run_dir / "checkpoints" / file)[0]
        scores = protocol.measure(model, data, device="cpu", cache_dir=run_dir)
        found[way] = {name: value for name, value in scores.items() if not name.endswith("_reverse")}
        if len(model.directions) > 1:
            found[f"{way}, reverse"] = {
                name.removesuffix("_reverse"): value for name, value in scores.items() if name.endswith("_reverse")
            }
    return found
