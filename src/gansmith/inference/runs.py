"""All checkpoints of a run by one protocol: how good it was, when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.table import Table

from gansmith.inference.checkpoints import Trained, find_checkpoints, load_trained
from gansmith.inference.curve import draw_curve
from gansmith.inference.devices import on_ranks
from gansmith.inference.evaluation import Judge, folder_for, place
from gansmith.inference.results import Result, Results
from gansmith.metrics.base import BaseProtocol
from gansmith.metrics.collective import from_rank_zero
from gansmith.ranks import is_first_process

WIDE = 10_000  # characters: a line that nobody looks at on a terminal is not cut


def evaluate_run(config: DictConfig) -> list[Result]:
    """Measures the checkpoints of `config.run_dir` that `config.which` names and that were not measured before.

    Results are kept after each checkpoint, in the run or in `config.out`; a table is printed, and a curve drawn
    over the images seen where there are several.

    Returns:
        the results, in the order of the steps.

    Raises:
        CheckpointError: there are no such checkpoints, or one can't be read.
        ConfigError: the protocol measures nothing, or nothing that this model makes of these data.
    """
    run_dir = Path(config.run_dir)
    paths = find_checkpoints(run_dir, config.which)
    with on_ranks(config.device) as device:
        judge = Judge.of(config, load_trained(paths[0], device))
        folder = folder_for(config.get("out"), run_dir)
        assert folder is not None
        results = from_rank_zero(lambda: Results(folder, judge.protocol), device)
        found = [
            measured(judge, results, load_trained(path, device), f"{number}/{len(paths)} {path.stem}")
            for number, path in enumerate(paths, start=1)
        ]
        if is_first_process():
            report(run_dir, judge, found, results.path)
    return found


def measured(judge: Judge, results: Results, trained: Trained, description: str) -> Result:
    """The result for a checkpoint: the one of earlier, also of another checkpoint with the same weights, or a new."""
    known = results.find(trained.weights, judge.reference, judge.protocol.metrics)
    if known is None:
        result = judge.measure(trained, description)
    else:
        result = replace(known, source=place(trained.path), step=trained.step, images=trained.images)
    if is_first_process():
        results.add(result)
    else:
        results.entries.append(result)
    return result


def report(run_dir: Path, judge: Judge, found: list[Result], path: Path) -> None:
    """The table on the terminal and, for several steps, the curve beside the file of results."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    protocol = judge.protocol
    title = f"{run_dir}  {judge.data.name}  protocol {protocol.name} ({protocol.hash})"
    console.print(title, markup=False, highlight=False, soft_wrap=True)
    console.print(table(found, protocol))
    print(f"results in {path}")
    if len({result.step for result in found}) > 1:
        picture = path.with_suffix(".png")
        draw_curve(found, protocol, f"{run_dir.name} on {judge.data.name}", picture)
        print(f"curve in {picture}")


def table(found: list[Result], protocol: BaseProtocol) -> Table:
    """A row a checkpoint; the best one in bold."""
    primary = protocol.primary_metric
    assert primary is not None
    columns = [primary, *(name for name in found[0].metrics if name != primary)]
    best = best_of(found, primary, protocol.direction)
    shown = Table("checkpoint", box=box.SIMPLE_HEAD)
    for column in ("step", "images", *columns):
        shown.add_column(column, justify="right")
    for result in found:
        counts = ["" if count is None else f"{count:,}" for count in (result.step, result.images)]
        numbers = [number(result.metrics.get(column)) for column in columns]
        shown.add_row(Path(result.source).stem, *counts, *numbers, style="bold" if result is best else None)
    return shown


def best_of(found: list[Result], primary: str, direction: str) -> Result | None:
    """The result with the best primary metric; None where none has a finite one."""
    finite = [result for result in found if result.metrics.get(primary) is not None]
    choose = min if direction == "min" else max
    return choose(finite, key=lambda result: result.metrics[primary], default=None)


def number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.5g}"
