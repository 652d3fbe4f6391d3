"""Samples of a checkpoint as picture files."""

import captioned
import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from gansmith.errors import ConfigError, DataError
from gansmith.inference import sample_checkpoint
from gansmith.inference.sample_files import ON_SHEET
from gansmith.networks.text.encoder import warn_of_cut


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


def pixels(path):
    return torch.from_numpy(np.array(Image.open(path)).astype(int))


def white_on_the_right(path):
    mask = Image.new("L", (32, 32), "black")
    mask.paste("white", (16, 0, 32, 32))
    mask.save(path)
    return str(path)


@pytest.fixture
def photograph(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "photograph.png")
    return str(tmp_path / "photograph.png")


def edited(imagen, photograph, out, **changes):
    """The pictures that come of it, and the photograph itself."""
    asked = {"prompt": "a red circle", "picture": photograph, "steps": 2, **changes}
    paths = sample_checkpoint(captioned.settings(imagen, out, **asked))
    return [pixels(path) for path in paths], pixels(photograph)


def test_at_no_strength_the_picture_comes_back_and_at_full_strength_nothing_of_it(imagen, photograph, tmp_path):
    for drawn in edited(imagen, photograph, tmp_path / "a", strength=0)[0]:
        assert torch.equal(drawn, pixels(photograph))
    started, _ = edited(imagen, photograph, tmp_path / "b", strength=1)
    plain = sample_checkpoint(captioned.settings(imagen, tmp_path / "c", prompt="a red circle", steps=2))
    half, whole = edited(imagen, photograph, tmp_path / "d")
    for now, never, between in zip(started, map(pixels, plain), half):
        assert (now - never).abs().float().mean() < 2
        assert not torch.equal(between, now)
        assert not torch.equal(between, whole)


def test_what_the_mask_has_black_stays(imagen, photograph, tmp_path):
    Image.new("L", (7, 7), "black").save(tmp_path / "black.png")
    for drawn in edited(imagen, photograph, tmp_path / "a", mask=str(tmp_path / "black.png"))[0]:
        assert torch.equal(drawn, pixels(photograph))
    drawn, whole = edited(imagen, photograph, tmp_path / "b", mask=white_on_the_right(tmp_path / "mask.png"))
    for picture in drawn:
        assert torch.equal(picture[:, :16], whole[:, :16])
        assert (picture[:, 16:] - whole[:, 16:]).abs().float().mean() > 8


def test_steps_are_those_of_the_sampler(imagen, tmp_path):
    one, two, again = (
        sample_checkpoint(captioned.settings(imagen, tmp_path / str(place), prompt="a", steps=steps, n=1))[0]
        for place, steps in enumerate((1, 2, 2))
    )
    assert two.read_bytes() == again.read_bytes() != one.read_bytes()


def test_the_empty_prompt_is_one(imagen, tmp_path):
    assert sample_checkpoint(captioned.settings(imagen, tmp_path, prompt="", steps=1, n=1))


def test_a_prompt_that_is_cut_is_a_warning(text_gan, tmp_path, caplog):
    warn_of_cut.cache_clear()
    sample_checkpoint(captioned.settings(text_gan, tmp_path, prompt="a b " * 40, n=1))
    assert "bag_of_words reads the first 32 tokens of a caption" in caplog.text


def test_what_is_wrong_with_a_prompt_leaves_no_folder(imagen, text_gan, run_dir, tmp_path):
    for ckpt, changes, error, message in (
        (run_dir, {"prompt": "a"}, ConfigError, "prompt=a: model=cgan reads no captions"),
        (run_dir, {"steps": 9}, ConfigError, "steps=9: model=cgan reads no captions; mode=project has it"),
        (text_gan, {"prompt": "a", "steps": 9}, ConfigError, "steps=9: model=text_gan has none; imagen and dalle2"),
        (imagen, {"steps": 9}, ConfigError, 'steps=9: it goes with a caption, prompt="a red circle" or prompts=FILE'),
        (imagen, {"prompt": "a", "picture": "no.png"}, DataError, "picture=no.png can't be read: No such file"),
        (imagen, {"prompts": "no.txt"}, DataError, "prompts=no.txt can't be read: No such file"),
    ):
        with pytest.raises(error, match=message):
            sample_checkpoint(captioned.settings(ckpt, tmp_path / "out", **changes))
    assert not (tmp_path / "out").exists()
