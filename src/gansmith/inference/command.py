"""What `evaluate.py` was asked for."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from gansmith.config import merged
from gansmith.errors import ConfigError

SUBJECTS = ("ckpt", "run_dir", "fake")


def evaluate(config: DictConfig) -> None:
    """Evaluates a checkpoint, those of a run, or a folder of pictures, composed from conf/evaluate.yaml by Hydra.

    Raises:
        GansmithError: something in the config, the data or a checkpoint does not work.
    """
    if sum(config[key] is not None for key in SUBJECTS) != 1:
        raise ConfigError("one of ckpt=RUN_DIR|CKPT, run_dir=RUN_DIR and fake=FOLDER real=FOLDER|NAME is evaluated")
    if config.neighbours is not None and config.run_dir is not None:
        raise ConfigError("neighbours shows the samples of one checkpoint: ckpt=RUN_DIR|CKPT")
    if config.real is not None and config.fake is None:
        raise ConfigError("real=FOLDER|NAME stands beside fake=FOLDER; a checkpoint is compared with data=NAME")
    if config.real is not None and config.get("data") is not None:
        raise ConfigError("real=FOLDER|NAME or data=NAME: both say what fake=FOLDER is compared with")
    if config.get("metrics") is not None and "_target_" not in config.metrics:
        raise ConfigError(f"metrics.{next(iter(config.metrics))} needs metrics=NAME beside it, a file in conf/metrics")
    from gansmith import inference

    if config.ckpt is not None:
        inference.evaluate_checkpoint(config)
    elif config.run_dir is not None:
        inference.evaluate_run(config)
    else:
        inference.evaluate_folders(with_groups(config))


def with_groups(config: DictConfig) -> DictConfig:
    """The same with `metrics=fast` where no protocol is named, and with `data=NAME` for `real=NAME`.

    Raises:
        ConfigError: `real` is neither a folder nor a data set.
    """
    from hydra import compose
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig

    added = ["metrics=fast"] if config.get("metrics") is None else []
    if config.real is not None and not Path(config.real).is_dir():
        names = GlobalHydra.instance().config_loader().get_group_options("data")
        if config.real not in names:
            raise ConfigError(f"real={config.real} is neither a folder nor a data set: these are {', '.join(names)}")
        added += [f"data={config.real}", "real=null"]
    hydra = HydraConfig.get()
    return compose(hydra.job.config_name, overrides=merged(list(hydra.overrides.task), added)) if added else config
