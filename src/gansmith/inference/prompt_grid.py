"""Pictures of several prompts, or of several weights of guidance, beside each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from rich.console import Console
from rich.progress import track
from torch import Tensor

from gansmith.atomic import replacing
from gansmith.inference.folder_set import SHEET
from gansmith.inference.prompt_file import prompts_of
from gansmith.inference.prompting import PROMPTS, is_list
from gansmith.inference.sample_files import ON_SHEET, save_image
from gansmith.models.generative import GenerativeModel
from gansmith.training.caption_sheets import written_lines
from gansmith.training.pictures import save_picture
from gansmith.training.sheets import sheet

METADATA = "metadata.jsonl"
"""As `data=captioned_folder` reads it: what was drawn can be trained on."""


@dataclass(frozen=True)
class Cell:
    """A picture of the grid.

    place: of the prompt among all, from 0 on.
    number: of the sample, from 0 on; cells of one number begin from the same noise.
    guidance: where there are several weights; None leaves it to the model.
    """

    place: int
    prompt: str
    number: int
    guidance: float | None = None

    @property
    def name(self) -> str:
        weight = "" if self.guidance is None else f"-guidance{self.guidance:g}"
        return f"{self.place:03d}-{self.number:04d}{weight}.png"


def captions_of(asked: Mapping[str, Any]) -> list[str]:
    """The prompts of a grid; none where a single prompt, or nothing, is asked for.

    Raises:
        DataError: a file of prompts that can't be read.
    """
    if "prompts" in asked:
        return prompts_of(Path(str(asked["prompts"])).expanduser())
    return [str(asked["prompt"])] if "prompt" in asked and is_list(asked.get("guidance")) else []


def rows_of(prompts: Sequence[str], n: int, guidance: Any) -> list[list[Cell]]:
    """A row for each prompt with its `n` samples; with a list of `guidance`, one for each sample, of all weights."""
    if not is_list(guidance):
        return [[Cell(place, prompt, number) for number in range(n)] for place, prompt in enumerate(prompts)]
    return [
        [Cell(place, prompt, number, weight) for weight in guidance]
        for place, prompt in enumerate(prompts)
        for number in range(n)
    ]


def draw_grid(
    model: GenerativeModel,
    config: DictConfig,
    prompts: Sequence[str],
    asked: Mapping[str, Any],
    conditions: Mapping[str, Any],
) -> list[Path]:
    """PNG files in `config.out`, what each of them shows in METADATA, and a sheet of rows with titles, `grid.png`.

    Args:
        model: that samples.
        config: `n` samples of each prompt, the first `columns` of which are on the sheet; `seed`, `batch_size`, `out`.
        prompts: to draw.
        asked: what the user has typed for models of captions.
        conditions: keyword arguments of `sample_images` that it stands for.
    """
    rows, out = rows_of(prompts, config.n, conditions.get("guidance")), Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    on_sheet = rows_on_sheet(rows, config.columns)
    wanted = {cell for row in on_sheet for cell in row}
    shown: dict[Cell, Tensor] = {}
    batches = batches_of(rows, config.batch_size)
    for batch in track(batches, "sampling", console=Console(stderr=True), transient=True):
        for cell, image in zip(batch, drawn(model, batch, config.seed, conditions)):
            save_image(image, out / cell.name)
            if cell in wanted:
                shown[cell] = image
    cells = [cell for row in rows for cell in row]
    write_metadata([said_of(cell, config.seed, asked) for cell in cells], out / METADATA)
    save_picture(titled(on_sheet, shown), out / SHEET)
    print(f"{len(cells)} samples of {len(prompts)} prompts, {METADATA} and {SHEET} in {out}")
    return [out / cell.name for cell in cells]


def rows_on_sheet(rows: list[list[Cell]], columns: int) -> list[list[Cell]]:
    """The first rows, as many as ON_SHEET lets; of samples the first `columns`, of weights all."""
    wide = columns if rows[0][0].guidance is None else len(rows[0])
    return [row[:wide] for row in rows[: max(1, ON_SHEET // min(wide, len(rows[0])))]]


def batches_of(rows: list[list[Cell]], size: int) -> list[list[Cell]]:
    """At most `size` cells at a time, of one weight each."""
    alike: dict[float | None, list[Cell]] = {}
    for cell in (cell for row in rows for cell in row):
        alike.setdefault(cell.guidance, []).append(cell)
    return [some[first : first + size] for some in alike.values() for first in range(0, len(some), size)]


def drawn(model: GenerativeModel, cells: list[Cell], seed: int, conditions: Mapping[str, Any]) -> Tensor:
    """uint8 (n, C, H, W) in memory, of n cells of one weight."""
    given = {**conditions, "prompt": [cell.prompt for cell in cells]}
    if cells[0].guidance is not None:
        given["guidance"] = cells[0].guidance
    return model.sample_images(torch.tensor([cell.number for cell in cells]), seed, **given)


def said_of(cell: Cell, seed: int, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What METADATA says of a cell; no `guidance` means the model's own."""
    guidance = asked.get("guidance") if cell.guidance is None else cell.guidance
    others = {key: value for key, value in asked.items() if key not in (*PROMPTS, "guidance")}
    first = {"file_name": cell.name, "text": cell.prompt, "seed": seed, "sample": cell.number}
    return {**first, "guidance": guidance, **others}


def write_metadata(lines: Sequence[Mapping[str, Any]], path: Path) -> None:
    """A line of JSON for each, in letters of any language; a failure leaves the old file."""
    with replacing(path) as temporary:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        # A prompt from a command line can hold halves of characters.
        temporary.write_text(text, encoding="utf-8", errors="replace")


def titled(rows: Sequence[Sequence[Cell]], shown: Mapping[Cell, Tensor]) -> Tensor:
    """A row of cells behind its title, and above each column what its cells have in common: uint8 (3, H, W).

    Titles begin with numbers: letters that the font lacks become boxes, and numbers lead to METADATA.

    Args:
        rows: as many cells in each.
        shown: the picture of each, uint8 (C, h, w).
    """
    weights = rows[0][0].guidance is not None
    labels = [f"guidance {cell.guidance:g}" if weights else f"{cell.number:04d}" for cell in rows[0]]
    titles = [f"{row[0].place:03d}{f'-{row[0].number:04d}' if weights else ''} {row[0].prompt}" for row in rows]
    pictured = [[written_lines(title), *(shown[cell][None] for cell in row)] for title, row in zip(titles, rows)]
    return sheet(pictured, ["prompt", *labels])
