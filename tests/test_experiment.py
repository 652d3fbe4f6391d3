"""Values that do not work end a run before its training, in one line that names the key."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from gansmith.config import register_resolvers
from gansmith.errors import GansmithError
from gansmith.experiment import run

CONF = Path(__file__).parents[1] / "conf"
QUICK = ["data=digits", "model.latent=4", "logger=none", "metrics=none", "trainer=cpu", "trainer.max_steps=1"]


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (["model.optimizer.discriminator.lr=-1"], r"model\.optimizer\.discriminator: .*-1"),
        (["model.optimizer.generator.betas=[2,3]"], r"model\.optimizer\.generator: .*beta"),
        (["model.features=0"], r"model\.features is 0"),
        (["model.latent=0"], r"model\.latent is 0"),
        (["model.latent=abc"], r"model\.latent is abc"),
        (["model=cgan", "model.classes=5"], r"model\.classes=5: data=digits has 10"),
        (["model.classes=10", "data.classes=0"], r"model=dcgan needs label"),
        (["seed=-1"], r"seed=-1"),
        (["trainer.precision=foo"], r"trainer: .*foo"),
        (["trainer.devices=0"], r"trainer: .*devices=0"),
        (["trainer.max_steps=0"], r"trainer\.max_steps is 0"),
        (["callbacks.checkpoints.every_n_steps=0"], r"callbacks\.checkpoints\.every_n_steps is 0"),
        (["model.clip_norm.generator=-1"], r"model\.clip_norm\.generator is -1"),
        (["model.schedule.generator.end=0.5"], r"model\.schedule: end=0\.5"),
        (["model.accumulate=3"], r"model\.accumulate is 3.*data\.batch_size=64"),
        (["data=image_folder"], r"data\.root"),
        (["data.batch_size=0"], r"data\.batch_size=0"),
        (["data.resolution=20"], r"data\.resolution is 20"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_a_value_that_does_not_work_is_named(overrides, line, tmp_path):
    refused([*QUICK, *overrides], line, tmp_path / "run")


def refused(overrides, line, run_dir):
    """The run ends before its first step with one line, and nothing is left of it."""
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", overrides=[*overrides, f"run_dir={run_dir}"])
    with pytest.raises(GansmithError, match=line) as caught:
        run(config, overrides)
    assert "\n" not in str(caught.value)
    assert not run_dir.exists()
