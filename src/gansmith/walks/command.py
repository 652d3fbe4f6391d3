"""What `sample.py` was asked for."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from gansmith.errors import ConfigError
from gansmith.inference.checkpoints import find_checkpoint, load_trained
from gansmith.inference.counts import check_counts
from gansmith.inference.devices import pick_device
from gansmith.inference.prompting import is_list
from gansmith.inference.sampling import check_samples, label_condition, sample_checkpoint, truncation_condition
from gansmith.models.gan import GAN
from gansmith.pair_sheet import write_pair_sheet
from gansmith.walks import embeddings, interpolate, mix, project, sefa, truncation
from gansmith.walks.walker import Walker

SAMPLES = "samples"
WALKS = {
    "interpolate": interpolate.interpolate,
    "truncation": truncation.truncation,
    "mix": mix.mix,
    "sefa": sefa.sefa,
    "project": project.project,
}
COUNTS = {
    SAMPLES: {"n": 64, "columns": 8},
    "interpolate": {"n": 8, "columns": 8},
    "truncation": {"n": 8, "columns": 8},
    "mix": {"n": 6, "columns": 6},
    "sefa": {"n": 3, "columns": 7},
    "project": {"n": 8, "columns": 8, "steps": 1000},
    "variations": {"n": 8, "columns": 8},
    "blend": {"n": 3, "columns": 7},
    "edit": {"n": 3, "columns": 5},
}
"""How many of everything where nobody says it."""
OF_EACH_PROMPT = 4


def sample(config: DictConfig) -> list[Path]:
    """Samples, walks or pairs of a task, composed from conf/sample.yaml by Hydra, as files in `config.out`.

    Raises:
        GansmithError: something in the config, the data or the checkpoint does not work.
    """
    if config.mode not in COUNTS:
        raise ConfigError(f"mode={config.mode} is unknown; known are {', '.join(COUNTS)}")
    check_counts(config, seed=0)
    if (out := Path(config.out).expanduser()).exists() and not out.is_dir():
        raise ConfigError(f"out={config.out} is a file; name a folder")
    embeddings.check_used(config)
    counts = {key: count for key, count in counts_of(config).items() if config[key] is None}
    config = OmegaConf.merge(config, counts)  # type: ignore[assignment]
    if config.ckpt is None or config.get("task") is not None:
        return [write_pair_sheet(config)]
    if config.mode in embeddings.MODES:
        return embeddings.embedding_walk(load_trained(find_checkpoint(config.ckpt), pick_device(config.device)), config)
    return sample_checkpoint(config) if config.mode == SAMPLES else walk(config)


def counts_of(config: DictConfig) -> dict[str, int]:
    """Those of COUNTS; of samples that stand in a grid of prompts or of weights of guidance, fewer."""
    counts = COUNTS[config.mode]
    if config.mode != SAMPLES or not (config.prompts is not None or is_list(config.guidance)):
        return counts
    return counts | {"n": 1 if is_list(config.guidance) else OF_EACH_PROMPT}


def walk(config: DictConfig) -> list[Path]:
    """The walk `config.mode`; the files that it has written, which are printed.

    Raises:
        CheckpointError: there is no such checkpoint.
        ConfigError: a value that does not work, or that this model has no use for.
    """
    check_counts(config, n=1, columns=1, batch_size=1)
    trained = load_trained(find_checkpoint(config.ckpt), pick_device(config.device))
    model = trained.model
    check_samples(model, config.ckpt)
    if not isinstance(model, GAN):
        raise ConfigError(f"mode={config.mode} walks through latents, which model={model.name} has none of")
    conditions = label_condition(model, config.label) | truncation_condition(model, config.truncation)
    walker = Walker(model, trained.config, config.seed, config.batch_size, **conditions)
    paths = WALKS[config.mode](walker, config, Path(config.out))
    print(f"{', '.join(path.name for path in paths)} in {config.out}")
    return paths
