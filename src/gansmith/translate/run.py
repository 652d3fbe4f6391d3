"""The command: every picture of a file or folder through a trained model."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from gansmith.errors import ConfigError, DataError
from gansmith.ranks import is_first_process
from gansmith.training.checkpoints import first_few
from gansmith.training.distributed import gather_objects
from gansmith.translate.files import find_jobs
from gansmith.translate.load import load_translator
from gansmith.translate.pipeline import Pipeline
from gansmith.translate.report import Counts, Report
from gansmith.translate.side_by_side import own_share, together
from gansmith.translate.tiles import spans
from gansmith.translate.workers import pick_devices, working
from gansmith.translate.writers import FORMATS


def translate_pictures(config: DictConfig) -> None:
    """Writes the result of every picture in `config.input` to `config.out` (conf/translate.yaml says the rest).

    Raises:
        ConfigError: a key has a value that does not work.
        DataError: there is nothing to translate; or, once all others are written, some pictures failed.
        CheckpointError, WeightsError: the model can't be loaded.
    """
    if config.input is None:
        raise ConfigError("input=FILE|FOLDER says what is translated")
    if config.format not in FORMATS:
        raise ConfigError(f"format={config.format}: it can be {', '.join(FORMATS)}")
    mask = None if config.mask is None else Path(config.mask)
    jobs, others = find_jobs(Path(config.input), Path(config.out), config.format, mask)
    devices = pick_devices(config.device, config.processes)
    pipeline = _pipeline(config)
    with together():
        mine = own_share(jobs)
        todo = [job for job in mine if config.overwrite or not job.target.exists()]
        with Report(len(todo), len(mine) - len(todo)) as report, working(pipeline.translator, devices) as mapper:
            if others and is_first_process():
                report.say(f"left out what is no picture by its name: {first_few(others)}")
            pipeline.run(todo, mapper, report)
        counts = Counts.total(gather_objects(report.counts))
    if is_first_process():
        print(f"{config.out}: {counts}", flush=True)
        if counts.failed:
            raise DataError(f"{counts.failed} of {len(jobs)} pictures were left out, for the reasons above")


def _pipeline(config: DictConfig) -> Pipeline:
    """Raises ConfigError for values that would fail with each picture."""
    if config.max_pixels < 1:
        raise ConfigError(f"max_pixels={config.max_pixels}: it counts from 1")
    translator = load_translator(config)
    if config.mask is not None and not translator.task.fills_holes:
        raise ConfigError(f"mask={config.mask} is for models trained with task=inpaint")
    tile = translator.usual_tile if config.tile == "auto" else config.tile or 0
    spans(1, tile, config.overlap, translator.multiple)
    return Pipeline(translator, tile, config.overlap, config.format, config.max_pixels)
