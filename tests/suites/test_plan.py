"""Which runs a suite consists of, and mistakes in it that are seen before the first of them."""

from collections import Counter
from pathlib import Path

import pytest
from hydra import compose
from omegaconf import OmegaConf

from gansmith.config import to_plain
from gansmith.errors import ConfigError
from gansmith.suites.plan import PARTS, Suite

REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("conf")


def suite(**changes):
    keys = {"name": "s", "models": ["gan", "dcgan"], "data": ["digits"], "seeds": [0, 3], "overrides": {}}
    return Suite(**{**keys, **changes})


def test_a_suite_is_every_model_on_every_set_under_every_seed(tmp_path):
    cells = suite(data=["digits", "mnist5k"]).cells(tmp_path)
    expected = {
        f"{data}/{model}/seed={seed}" for data in ("digits", "mnist5k") for model in ("gan", "dcgan") for seed in (0, 3)
    }
    assert {str(cell) for cell in cells} == expected
    assert len(cells) == len(expected)
    for cell in cells:
        assert cell.job.run_dir == tmp_path / cell.data / cell.model / f"seed={cell.seed}"
        assert list(cell.job.overrides) == [f"model={cell.model}", f"data={cell.data}", f"seed={cell.seed}"]


def test_whole_boards_come_early(tmp_path):
    assert [cell.seed for cell in suite().cells(tmp_path)] == [0, 0, 3, 3]


def test_overrides_of_the_model_win_over_those_of_the_data_and_of_all(tmp_path):
    overrides = {
        "all": ["trainer.max_steps=1", "data.batch_size=8", "logger=none"],
        "digits": ["trainer.max_steps=2", "data.batch_size=16"],
        "gan": ["trainer.max_steps=3"],
        "wgan_gp": ["trainer.max_steps=4"],  # of a model that this suite was narrowed from
    }
    gan, dcgan = suite(seeds=[0], overrides=overrides).cells(tmp_path)
    assert list(gan.job.overrides)[3:] == ["trainer.max_steps=3", "data.batch_size=16", "logger=none"]
    assert list(dcgan.job.overrides)[3:] == ["trainer.max_steps=2", "data.batch_size=16", "logger=none"]
    assert (gan.steps, dcgan.steps) == (3, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": []}, r"suite\.models=\[\]"),
        ({"seeds": [1, 1]}, r"suite\.seeds=\[1, 1\]"),
        ({"data": "digits"}, r"suite\.data=digits"),
        ({"models": ["gan", "biggest"]}, r"suite\.models: there is no biggest; there are acgan, biggan, "),
        *(({"models": [part]}, rf"suite\.models: there is no {part}; ") for part in PARTS),
        ({"data": ["digts"]}, r"suite\.data: there is no digts; there are .*digits"),
        ({"overrides": {"dcgann": ["trainer.max_steps=3"]}}, r"suite\.overrides\.dcgann: there is no such"),
        ({"overrides": {"all": ["seed=3"]}}, r"suite\.overrides\.all: seed is not"),
        ({"overrides": {"dcgan": ["model.depth=3"]}}, r"digits/dcgan: .*model\.depth"),
        ({"overrides": {"gan": ["model/loss=bigger"]}}, r"digits/gan: .*model/loss/bigger.*wasserstein\S*$"),
    ],
)
def test_a_mistake_is_named(changes, message, tmp_path):
    with pytest.raises(ConfigError, match=message) as raised:
        suite(**changes).cells(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_folder_with_a_run_of_other_settings_is_refused(tmp_path):
    changed = suite(overrides={"dcgan": ["trainer.max_steps=9"]}).cells(tmp_path)[1]
    changed.job.run_dir.mkdir(parents=True)
    OmegaConf.save(OmegaConf.create([*changed.job.overrides, "resume=auto"]), changed.job.run_dir / "overrides.yaml")
    assert suite(overrides={"dcgan": ["trainer.max_steps=9"]}).cells(tmp_path)
    with pytest.raises(ConfigError, match=r"dcgan/seed=0 holds a run with other settings \(trainer.max_steps=9\)"):
        suite().cells(tmp_path)


@pytest.mark.parametrize("name", sorted(path.stem for path in (REPOSITORY / "conf" / "suite").glob("*.yaml")))
def test_every_suite_makes_configs(name, tmp_path):
    found = to_plain(compose("benchmark", overrides=[f"suite={name}"]).suite)
    assert found["name"] == name
    cells = Suite(**found).cells(tmp_path)
    assert set(Counter(cell.seed for cell in cells).values()) == {len(found["models"]) * len(found["data"])}


@pytest.mark.parametrize("seed", ["a", -1, 0.5, True])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ConfigError, match=r"suite\.seeds=.* is no whole number from 0"):
        suite(seeds=[2, seed])
