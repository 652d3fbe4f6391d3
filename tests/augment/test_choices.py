"""`model/augment=` names what stands before any variant's discriminator."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

import gansmith.cli  # noqa: F401 - it makes composing twice as fast
from gansmith.augment.ada import Ada
from gansmith.augment.diffaugment import DiffAugment
from gansmith.config import instantiate, register_resolvers

CONF = Path(__file__).parents[2] / "conf"


@pytest.mark.parametrize(("name", "kind"), [("ada", Ada), ("diffaugment", DiffAugment)])
def test_augmentation_is_chosen_by_name(name, kind):
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", overrides=["run_dir=run", f"model/augment={name}", "data.batch_size=16"])
    GlobalHydra.instance().clear()
    augment = instantiate(config.model.augment)
    assert isinstance(augment, kind)
    assert getattr(augment, "period", 64) == 4 * 16
