"""What steps cost and what guidance gains when pictures are drawn from captions: two curves and their numbers.

    python benchmarks/sampling.py RUN_DIR [RUN_DIR ...] [--steps 5 10 25 50] [--guidance 1 2 3 5] [--samples 200]

Each run's checkpoint draws pictures for captions of its data. Steps are measured at the model's own guidance, guidance
at its own steps; a model that has neither is one point. Quality is what is right of data=scenes, else the Fréchet
distance. Times are of the same pictures, in the protocol's batches.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from rich.console import Console
from rich.progress import track
from rich.table import Table

from gansmith.config import register_resolvers
from gansmith.experiment import build_data
from gansmith.inference.checkpoints import Trained, find_checkpoint, load_trained
from gansmith.metrics.captions import CaptionProtocol

RESULTS = ("right_shape", "right_colour")


@dataclass(frozen=True)
class Point:
    """A model under one setting: steps or guidance, seconds an image, and its results by name."""

    model: str
    key: str
    value: float
    seconds: float
    results: dict[str, float]


@dataclass
class Under:
    """A model whose samples are always drawn under the same conditions, and how long that took."""

    model: Any
    conditions: dict[str, Any]
    seconds: float = 0.0
    images: int = 0

    def sample_images(self, indices: torch.Tensor, seed: int, prompt: Any = None) -> torch.Tensor:
        begun = time.perf_counter()
        drawn = self.model.sample_images(indices, seed, prompt=prompt, **self.conditions)
        self.seconds += time.perf_counter() - begun
        self.images += len(indices)
        return drawn

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN_DIR", help="runs, or checkpoints")
    parser.add_argument("--steps", nargs="+", type=int, default=[5, 10, 25, 50])
    parser.add_argument("--guidance", nargs="+", type=float, default=[1.0, 2.0, 3.0, 5.0])
    parser.add_argument("--samples", type=int, default=200, help="pictures a point (default: 200)")
    parser.add_argument("--out", type=Path, default=Path("logs/sampling"), help="folder of curves.png and points.json")
    return parser.parse_args()


def settings(model: Any, options: argparse.Namespace) -> list[tuple[str, float]]:
    """The values of each key that the model takes; its own way of sampling where it takes none."""
    wanted = {"steps": options.steps, "guidance": options.guidance}
    found = [(key, value) for key, values in wanted.items() if key in model.conditions for value in values]
    return found or [("steps", 1)]


def measured(trained: Trained, key: str, value: float, samples: int) -> Point:
    data = build_data(OmegaConf.create(trained.config))
    data.prepare_data()
    data.setup("fit")
    model = Under(trained.model, {key: value} if key in trained.model.conditions else {})
    is_known = hasattr(data.split("train"), "statements")
    metrics = ("statements",) if is_known else ("fd",)
    protocol = CaptionProtocol("captions", metrics=metrics, samples=samples, reference_samples=samples)
    results = protocol.measure(model, data, device="cpu", cache_dir=trained.config.get("cache_dir", "data/.features"))
    return Point(trained.model.name, key, value, model.seconds / model.images, results)


def shown(points: list[Point]) -> list[str]:
    """Names of the results that are drawn."""
    named = [name for name in RESULTS if name in points[0].results]
    return named or list(points[0].results)[:1]


def draw(points: list[Point], path: Path) -> None:
    """Quality over milliseconds an image on the left, over guidance on the right."""
    # No pyplot: it looks for a display, and keeps a state of its own.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    by_time, by_guidance = figure.subplots(1, 2)
    for model in dict.fromkeys(point.model for point in points):
        for name in shown(points):
            timed = [point for point in points if point.model == model and point.key == "steps"]
            (line,) = by_time.plot(
                [1000 * point.seconds for point in timed], [point.results[name] for point in timed], marker="o"
            )
            line.set_label(f"{model} {name}")
            for point in timed:
                by_time.annotate(f"{point.value:g}", (1000 * point.seconds, point.results[name]), fontsize=8)
            guided = [point for point in points if point.model == model and point.key == "guidance"]
            by_guidance.plot(
                [point.value for point in guided],
                [point.results[name] for point in guided],
                marker="o",
                color=line.get_color(),
            )
    by_time.set(xscale="log", xlabel="milliseconds an image (numbers: steps)", ylabel="quality")
    by_time.xaxis.set_major_formatter("{x:g}")
    shortest, longest = by_time.get_xlim()
    # Labels of the minor ticks lie over each other where there are several decades.
    by_time.xaxis.set_minor_formatter("{x:g}" if longest < 10 * shortest else "")
    by_guidance.set(xlabel="guidance")
    for axes in (by_time, by_guidance):
        axes.grid(alpha=0.3)
    by_time.legend()
    figure.savefig(path, dpi=150)


def table(points: list[Point]) -> Table:
    names = shown(points)
    found = Table("model", "setting", "ms an image", *names)
    for point in points:
        values = [f"{point.results[name]:.3g}" for name in names]
        found.add_row(point.model, f"{point.key} {point.value:g}", f"{1000 * point.seconds:.3g}", *values)
    return found


def main() -> None:
    options = arguments()
    register_resolvers()
    points = []
    for run in options.runs:
        trained = load_trained(find_checkpoint(run), torch.device("cpu"))
        if not hasattr(trained.model, "sample_stages"):
            raise SystemExit(f"{run} holds model={trained.model.name}, which draws nothing from captions")
        each = settings(trained.model, options)
        for key, value in track(each, description=trained.model.name, console=Console(stderr=True)):
            points.append(measured(trained, key, value, options.samples))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "points.json").write_text(json.dumps([asdict(point) for point in points], indent=1))
    draw(points, options.out / "curves.png")
    Console().print(table(points))


if __name__ == "__main__":
    main()
