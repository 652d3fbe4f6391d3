"""Samples of a checkpoint as picture files."""

import pytest
from omegaconf import OmegaConf
from PIL import Image

from gansmith.errors import ConfigError
from gansmith.inference import sample_checkpoint
from gansmith.inference.sampling import ON_SHEET, prompt_conditions
from gansmith.models.prompts import FromCaptions


def sample_config(run_dir, out, **changes):
    settings = {"ckpt": str(run_dir), "n": 5, "out": str(out), "seed": 0, "label": None, "columns": 3}
    return OmegaConf.create({**settings, "batch_size": 2, "device": "cpu", **changes})


def test_samples_are_a_function_of_the_seed_and_not_of_the_batches(run_dir, tmp_path):
    paths = sample_checkpoint(sample_config(run_dir, tmp_path / "a"))
    sample_checkpoint(sample_config(run_dir, tmp_path / "b", batch_size=4))
    sample_checkpoint(sample_config(run_dir, tmp_path / "c", seed=1))
    assert [path.name for path in paths] == [f"{index:06d}.png" for index in range(5)]
    for path in paths:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert paths[0].read_bytes() != (tmp_path / "c" / "000000.png").read_bytes()
    assert Image.open(paths[0]).size == (8, 8)
    assert (tmp_path / "a" / "grid.png").exists()


def test_a_label_asks_for_one_class(run_dir, tmp_path):
    turn = sample_checkpoint(sample_config(run_dir, tmp_path / "turn"))
    three = sample_checkpoint(sample_config(run_dir, tmp_path / "three", label=3))
    same = [a.read_bytes() == b.read_bytes() for a, b in zip(turn, three)]
    assert same == [False, False, False, True, False]
    with pytest.raises(ConfigError, match="label=10: model=cgan has classes 0 to 9"):
        sample_checkpoint(sample_config(run_dir, tmp_path / "ten", label=10))


def test_the_sheet_does_not_grow_with_the_samples(run_dir, tmp_path):
    sample_checkpoint(sample_config(run_dir, tmp_path / "few", n=ON_SHEET, batch_size=100))
    assert len(sample_checkpoint(sample_config(run_dir, tmp_path / "many", n=ON_SHEET + 3, batch_size=100))) == 259
    assert (tmp_path / "few" / "grid.png").read_bytes() == (tmp_path / "many" / "grid.png").read_bytes()


def test_what_can_not_be_sampled_is_one_line(run_dir, translation, tmp_path):
    with pytest.raises(ConfigError, match="n=0"):
        sample_checkpoint(sample_config(run_dir, tmp_path, n=0))
    with pytest.raises(ConfigError, match=r"model=pix2pix translates pictures: python src/translate\.py"):
        sample_checkpoint(sample_config(translation, tmp_path))


class Reader(FromCaptions):
    """Reads captions, has guidance, and nothing else."""

    name, conditions = "reader", ("guidance", "negative")

    def __init__(self):
        pass


def test_a_prompt_and_how_closely_it_is_followed_become_conditions():
    asked = {"prompt": "a red circle", "negative": None, "guidance": 3}
    assert prompt_conditions(Reader(), asked) == {"prompt": "a red circle", "guidance": 3}
    # Hydra reads a caption of digits as a number.
    assert prompt_conditions(Reader(), {"prompt": 7}) == {"prompt": "7"}
    assert prompt_conditions(Reader(), {"prompt": ""}) == {"prompt": ""}


def test_conditions_that_a_model_does_not_have_are_one_line(run_dir, tmp_path):
    with pytest.raises(ConfigError, match="prompt=a: model=cgan reads no captions"):
        sample_checkpoint(sample_config(run_dir, tmp_path, prompt="a"))
    with pytest.raises(ConfigError, match="guidance=much: it is a number"):
        prompt_conditions(Reader(), {"prompt": "a", "guidance": "much"})
    plain = Reader()
    plain.conditions = ()
    with pytest.raises(ConfigError, match="guidance=2: model=reader has none"):
        prompt_conditions(plain, {"prompt": "a", "guidance": 2})
