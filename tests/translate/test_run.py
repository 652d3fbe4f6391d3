"""The command on files and folders, with checkpoints as a run writes them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.errors import CheckpointError, ConfigError, DataError, WeightsError
from gansmith.experiment import load_model
from gansmith.ranges import to_uint8, to_unit_range
from gansmith.translate.run import translate_pictures

ROOT = Path(__file__).parents[2]
TASKS = "gansmith.data.tasks"
SUPER_RESOLUTION = f"{TASKS}.super_resolution.SuperResolution"
INPAINT = f"{TASKS}.inpaint.Inpaint"
DENOISE = f"{TASKS}.denoise.Denoise"
NOISE = {"sigma": [5, 50]}


@pytest.fixture
def folder(tmp_path, photograph):
    """Three pictures, the last deep below."""
    for number, name in enumerate(["a.png", "b.jpg", "deep/c.png"]):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photograph(41 + number, 50, seed=number)).save(tmp_path / "in" / name)
    return tmp_path / "in"


def save(pixels, path, **keywords):
    Image.fromarray(pixels).save(path, **keywords)
    return str(path)


def read(path):
    with Image.open(path) as image:
        return np.asarray(image)


def whole(checkpoint, pixels):
    """What the model itself makes of a picture, uint8 (h, w, 3)."""
    source = to_unit_range(torch.from_numpy(pixels).permute(2, 0, 1)[None])
    output = load_model(checkpoint)[0].translate(source)
    return to_uint8(output)[0].permute(1, 2, 0).numpy()


def largest_difference(one, other):
    assert one.shape == other.shape
    return np.abs(one.astype(int) - other.astype(int)).max()


# Tiles.


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("size", [(40, 150), (151, 97), (33, 32)])
def test_tiles_give_what_the_whole_picture_gives(save_checkpoint, settings, photograph, tmp_path, scale, size):
    task, extra = (SUPER_RESOLUTION, {}) if scale > 1 else (DENOISE, NOISE)
    checkpoint = save_checkpoint(task, scale=scale, **extra)
    pixels = photograph(*size)
    # The network reaches 6 to 7 pixels far.
    path, expected = save(pixels, tmp_path / "a.png"), whole(checkpoint, pixels)
    common = {"ckpt": str(checkpoint), "input": path, "tile": 32, "overwrite": True}
    translate_pictures(settings(**common, overlap=14))
    assert largest_difference(read(tmp_path / "out" / "a.png"), expected) <= 1
    translate_pictures(settings(**common, overlap=0))
    assert largest_difference(read(tmp_path / "out" / "a.png"), expected) > 20 or max(size) < 40


def test_tiles_follow_the_strides_of_the_network(save_checkpoint, settings, photograph, tmp_path):
    # It folds 4 x 4 pixels into one, 18 of which it sees on each side.
    generator = {"_target_": "gansmith.networks.rrdb.RRDBNet", "blocks": 1, "growth": 2}
    checkpoint = save_checkpoint(DENOISE, generator=generator, **NOISE)
    pixels = photograph(403, 190)
    path, expected = save(pixels, tmp_path / "a.png"), whole(checkpoint, pixels)
    translate_pictures(settings(ckpt=str(checkpoint), input=path, tile=320, overlap=160))
    assert largest_difference(read(tmp_path / "out" / "a.png"), expected) <= 1


def test_no_tiles_are_one_tile(save_checkpoint, settings, photograph, tmp_path):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=2)
    pixels = photograph(300, 31)
    translate_pictures(settings(ckpt=str(checkpoint), input=save(pixels, tmp_path / "a.png"), tile=0))
    assert largest_difference(read(tmp_path / "out" / "a.png"), whole(checkpoint, pixels)) <= 1


# Modes.


def test_grey_stays_grey_and_transparency_is_kept(save_checkpoint, settings, photograph, tmp_path):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=2)
    pixels = photograph(20, 30)
    for channels, mode in ((1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")):
        content = np.dstack([pixels, pixels[..., 0]])[..., -channels:]
        path = save(content.squeeze(), tmp_path / f"{mode}.png", icc_profile=b"profile")
        translate_pictures(settings(ckpt=str(checkpoint), input=path))
        with Image.open(tmp_path / "out" / f"{mode}.png") as image:
            assert (image.mode, image.size) == (mode, (60, 40))
            assert image.info["icc_profile"] == b"profile"


def test_a_grey_picture_is_the_luma_of_what_its_colour_twin_becomes(save_checkpoint, settings, photograph, tmp_path):
    checkpoint = save_checkpoint(DENOISE, **NOISE)
    grey = photograph(20, 30)[..., :1]
    translate_pictures(settings(ckpt=str(checkpoint), input=save(grey[..., 0], tmp_path / "a.png")))
    expected = np.asarray(Image.fromarray(whole(checkpoint, grey.repeat(3, 2))).convert("L"))
    assert largest_difference(read(tmp_path / "out" / "a.png"), expected) <= 1


def test_a_grey_model_takes_colour_pictures_as_grey(save_checkpoint, settings, photograph, tmp_path):
    checkpoint = save_checkpoint(DENOISE, channels=(1, 1), **NOISE)
    path = save(photograph(20, 30), tmp_path / "a.png")
    translate_pictures(settings(ckpt=str(checkpoint), input=path))
    assert read(tmp_path / "out" / "a.png").shape == (20, 30)


@pytest.mark.parametrize("channels", [1, 3])
def test_colour_is_given_to_grey_pictures(save_checkpoint, settings, photograph, tmp_path, channels):
    checkpoint = save_checkpoint(f"{TASKS}.colorize.Colorize", channels=(1, 2))
    path = save(photograph(20, 30)[..., :channels].squeeze(), tmp_path / "a.png")
    translate_pictures(settings(ckpt=str(checkpoint), input=path))
    assert read(tmp_path / "out" / "a.png").shape == (20, 30, 3)


def test_pictures_of_another_kind_are_what_the_model_makes_them(save_checkpoint, settings, photograph, tmp_path):
    for task in (f"{TASKS}.given.Given", None):
        checkpoint = save_checkpoint(task)
        path = save(photograph(20, 30)[..., 0], tmp_path / "a.png")
        translate_pictures(settings(ckpt=str(checkpoint), input=path, overwrite=True))
        assert read(tmp_path / "out" / "a.png").shape == (20, 30, 3)


# Holes.


def test_holes_are_filled_where_the_mask_is_white(save_checkpoint, settings, photograph, tmp_path):
    checkpoint = save_checkpoint(INPAINT, channels=(4, 3))
    pixels, hole = photograph(30, 40), np.zeros((30, 40), np.uint8)
    hole[10:20, 5:25] = 255
    path, mask = save(pixels, tmp_path / "a.png"), save(hole, tmp_path / "mask.png")
    translate_pictures(settings(ckpt=str(checkpoint), input=path, mask=mask))
    result = read(tmp_path / "out" / "a.png")
    np.testing.assert_array_equal(result[hole == 0], pixels[hole == 0])
    assert not np.array_equal(result[hole > 0], pixels[hole > 0])


def test_transparent_pixels_are_holes_that_are_filled(save_checkpoint, settings, photograph, tmp_path):
    checkpoint = save_checkpoint(INPAINT, channels=(4, 3))
    pixels, hole = photograph(30, 40), np.zeros((30, 40), np.uint8)
    hole[10:20, 5:25] = 255
    by_mask = save(pixels, tmp_path / "mask.png")
    by_alpha = save(np.dstack([pixels, 255 - hole]), tmp_path / "alpha.png")
    translate_pictures(settings(ckpt=str(checkpoint), input=by_mask, mask=save(hole, tmp_path / "hole.png")))
    translate_pictures(settings(ckpt=str(checkpoint), input=by_alpha))
    np.testing.assert_array_equal(read(tmp_path / "out" / "alpha.png"), read(tmp_path / "out" / "mask.png"))


def test_a_picture_without_a_hole_is_named(save_checkpoint, settings, folder, capsys):
    checkpoint = save_checkpoint(INPAINT, channels=(4, 3))
    with pytest.raises(DataError, match="3 of 3 pictures"):
        translate_pictures(settings(ckpt=str(checkpoint), input=str(folder)))
    assert "left out a.png: has no hole" in capsys.readouterr().err


# Folders.


def test_a_file_that_is_no_picture_is_named_and_the_rest_goes_on(save_checkpoint, settings, folder, tmp_path, capsys):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=2)
    (folder / "broken.png").write_text("no picture")
    (folder / "notes.txt").touch()
    with pytest.raises(DataError, match="1 of 4 pictures were left out"):
        translate_pictures(settings(ckpt=str(checkpoint), input=str(folder)))
    said = capsys.readouterr()
    assert "left out broken.png: is no JPEG" in said.err
    assert "no picture by its name: notes.txt" in said.err
    assert said.out.startswith(f"{tmp_path / 'out'}: 3 pictures, 0.0252 megapixels, in ")
    assert said.out.count("\n") == 1
    results = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert results == ["a.png", "b.png", "deep/c.png"]


def test_what_is_there_already_stays_until_it_is_to_be_replaced(save_checkpoint, settings, folder, tmp_path, capsys):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=2)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_text("old")
    translate_pictures(settings(ckpt=str(checkpoint), input=str(folder)))
    assert (tmp_path / "out" / "a.png").read_text() == "old"
    assert "2 pictures" in (said := capsys.readouterr().out)
    assert said.endswith("; 1 were there already (overwrite=true makes them again)\n")
    translate_pictures(settings(ckpt=str(checkpoint), input=str(folder), overwrite=True))
    assert read(tmp_path / "out" / "a.png").shape == (82, 100, 3)
    assert "3 pictures" in (said := capsys.readouterr().out)
    assert "overwrite" not in said


def test_nothing_left_to_do_is_no_error(save_checkpoint, settings, folder, capsys):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=2)
    for _ in range(2):
        translate_pictures(settings(ckpt=str(checkpoint), input=str(folder)))
    assert "0 pictures" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.slow
def test_ranks_share_the_files_out(save_checkpoint, folder, tmp_path):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=2)
    (folder / "broken.png").write_text("no picture")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command = ["src/translate.py", f"ckpt={checkpoint}", f"input={folder}", f"out={tmp_path / 'out'}", "device=cpu"]
    ended = subprocess.run([*torchrun, *command], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert ended.returncode != 0
    assert ended.stdout.count("\n") == 1
    assert f"{tmp_path / 'out'}: 3 pictures, 0.0252 megapixels" in ended.stdout
    assert ended.stderr.count("left out broken.png: is no JPEG") == 1
    assert "gansmith: 1 of 4 pictures were left out" in ended.stderr
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.png")) == ["a.png", "b.png", "c.png"]


def test_a_format_that_can_not_hold_a_picture_leaves_it_out(save_checkpoint, settings, photograph, tmp_path, capsys):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=2)
    path = save(np.dstack([photograph(20, 30)] * 2)[..., :4], tmp_path / "a.png")
    with pytest.raises(DataError, match="1 of 1"):
        translate_pictures(settings(ckpt=str(checkpoint), input=path, format="jpg"))
    assert "a.png: has transparency" in capsys.readouterr().err
    translate_pictures(settings(ckpt=str(checkpoint), input=path, format="webp"))
    assert read(tmp_path / "out" / "a.webp").shape == (40, 60, 4)


# Options.


def test_the_ensemble_turns_with_the_picture(save_checkpoint, settings, photograph, tmp_path):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=2)
    pixels = photograph(24, 30)
    for name, content in (("a", pixels), ("b", np.rot90(pixels).copy())):
        path = save(content, tmp_path / f"{name}.png")
        translate_pictures(settings(ckpt=str(checkpoint), input=path, ensemble=True))
    assert largest_difference(np.rot90(read(tmp_path / "out" / "a.png")), read(tmp_path / "out" / "b.png")) <= 1
    given = str(save_checkpoint(f"{TASKS}.given.Given"))
    with pytest.raises(ConfigError, match="ensemble=true"):
        translate_pictures(settings(ckpt=given, input=str(tmp_path / "a.png"), ensemble=True))


def test_a_blend_lies_between_two_checkpoints(save_checkpoint, settings, photograph, tmp_path):
    own, other = (str(save_checkpoint(SUPER_RESOLUTION, scale=2, seed=seed)) for seed in (0, 1))
    path = save(photograph(20, 30), tmp_path / "a.png")

    def result(**changes):
        translate_pictures(settings(input=path, overwrite=True, **changes))
        return read(tmp_path / "out" / "a.png")

    np.testing.assert_array_equal(result(ckpt=own, blend=other, alpha=1.0), result(ckpt=own))
    np.testing.assert_array_equal(result(ckpt=own, blend=other, alpha=0.0), result(ckpt=other))
    assert largest_difference(result(ckpt=own, blend=other, alpha=0.5), result(ckpt=own)) > 1
    small = str(save_checkpoint(SUPER_RESOLUTION, scale=2, generator={"blocks": 2}, seed=2))
    with pytest.raises(CheckpointError, match="blend does not fit ckpt"):
        result(ckpt=own, blend=small)


@pytest.mark.slow
def test_processes_write_the_files_of_one(save_checkpoint, settings, folder, photograph, tmp_path, capsys):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=2)
    save(photograph(150, 101, seed=9), folder / "large.png")
    (folder / "broken.png").write_text("no picture")
    for processes in (1, 2):
        out = str(tmp_path / str(processes))
        changes = {"tile": 32, "overlap": 8, "processes": processes, "out": out}
        with pytest.raises(DataError, match="1 of 5"):
            translate_pictures(settings(ckpt=str(checkpoint), input=str(folder), **changes))
    for name in ("a.png", "b.png", "deep/c.png", "large.png"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input": None}, "input="),
        ({"input": "nowhere"}, "input=nowhere does not exist"),
        ({"format": "gif"}, "format=gif: it can be png, jpg, webp"),
        ({"direction": "reverse"}, "direction=reverse: model=tiny has forward"),
        ({"processes": 0}, "processes=0"),
        ({"tile": -1}, "tile=-1"),
        ({"overlap": 200}, "overlap=200"),
        ({"max_pixels": 0}, "max_pixels=0"),
        ({"mask": "."}, "mask=. is for models trained with task=inpaint"),
        ({"ckpt": None}, "what translates is ckpt="),
        ({"init_from": "a.pth"}, "what translates is ckpt="),
        ({"ckpt": None, "init_from": "a.pth"}, "model=NAME"),
        ({"task": {}}, "task=… goes with init_from"),
    ],
)
def test_values_that_do_not_work_are_named(save_checkpoint, settings, folder, changes, message):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=2)
    with pytest.raises((ConfigError, DataError), match=message):
        translate_pictures(settings(**{"ckpt": str(checkpoint), "input": str(folder), **changes}))


def test_a_model_that_makes_pictures_of_nothing_translates_none(save_checkpoint, settings, folder):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=2)
    stored = torch.load(checkpoint)
    stored["config"]["model"]["_target_"] = "gansmith.models.adversarial.AdversarialModel"
    torch.save(stored, checkpoint)
    with pytest.raises(ConfigError, match="model=tiny makes pictures of nothing"):
        translate_pictures(settings(ckpt=str(checkpoint), input=str(folder)))


# Weights that others have published.


def test_published_weights_translate_without_a_checkpoint(save_checkpoint, settings, photograph, tmp_path):
    checkpoint = save_checkpoint(SUPER_RESOLUTION, scale=4)
    stored = torch.load(checkpoint)
    generator = load_model(checkpoint)[0].generator
    torch.save({"params": generator.state_dict()}, tmp_path / "published.pth")
    path = save(photograph(20, 30), tmp_path / "a.png")
    config = settings(init_from=str(tmp_path / "published.pth"), input=path, **stored["config"])
    translate_pictures(config)
    assert largest_difference(read(tmp_path / "out" / "a.png"), whole(checkpoint, photograph(20, 30))) <= 1
    (tmp_path / "published.pth").write_text("no weights")
    with pytest.raises(WeightsError):
        translate_pictures(config)
