"""Anybody's samples: the numbers of torch-fidelity, and one line for what is wrong with a folder."""

import shutil

import numpy as np
import pytest
import torch
import trained
from omegaconf import OmegaConf
from PIL import Image

from gansmith.config import instantiate
from gansmith.errors import ConfigError, DataError
from gansmith.inference import sample_checkpoint
from gansmith.inference.folder_set import FolderSet

FD, KD = "fd_efficientnet_lite0", "kd_efficientnet_lite0_mean"
ALL = {**trained.TINY, "samples": 40, "reference_samples": None}


def test_numbers_are_those_of_torch_fidelity(digits, tmp_path):
    """Only the Fréchet distance's mean differs: theirs is in float32."""
    import torch_fidelity

    metrics = {**ALL, "resize": 64}
    ours = trained.of_folders(digits / "fake", tmp_path, real=str(digits / "real"), metrics=metrics)
    theirs = torch_fidelity.calculate_metrics(
        input1=str(digits / "fake"),
        input2=str(digits / "real"),
        feature_extractor="efficientnet_lite0",
        fid=True,
        kid=True,
        kid_subsets=10,
        kid_subset_size=16,
        samples_find_deep=True,
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
    )
    assert ours[FD] == pytest.approx(theirs["frechet_inception_distance"], rel=1e-6)
    assert ours[KD] == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-6)


def test_samples_from_files_have_the_numbers_of_their_checkpoint(run_dir, tmp_path):
    """The sheet that lies beside them is none of them."""
    config = {"ckpt": str(run_dir), "n": 32, "out": str(tmp_path / "fake"), "seed": 0, "label": None}
    sample_checkpoint(OmegaConf.create({**config, "columns": 8, "batch_size": 32, "device": "cpu"}))
    of_files = trained.of_folders(tmp_path / "fake", tmp_path, data=trained.DATA)
    assert of_files == trained.of_checkpoint(run_dir, tmp_path, metrics=trained.TINY)


def test_too_few_pictures_are_all_taken_under_another_hash(digits, tmp_path, caplog):
    caplog.set_level("INFO", "gansmith")
    more = {**trained.TINY, "samples": 41}
    out = tmp_path / "out"
    for _ in range(2):
        found = trained.of_folders(digits / "fake", tmp_path, real=str(digits / "real"), metrics=more, out=str(out))
    assert "40 pictures in" in caplog.text
    assert "1 fewer than metrics=tiny asks for" in caplog.text
    assert instantiate({**more, "samples": 40}).hash != instantiate(more).hash
    assert [path.name for path in out.iterdir()] == [f"tiny_{instantiate({**more, 'samples': 40}).hash}.json"]
    assert found == trained.of_folders(
        digits / "fake", tmp_path, real=str(digits / "real"), metrics={**more, "samples": 40}
    )


def test_of_too_many_the_seed_draws_some(digits, tmp_path, caplog):
    caplog.set_level("INFO", "gansmith")

    def fd(**changes):
        metrics = {**trained.TINY, "metrics": ["fd"], **changes}
        return trained.of_folders(digits / "fake", tmp_path, real=str(digits / "real"), metrics=metrics)[FD]

    assert fd() == fd() != fd(seed=1)
    assert "32 of the 40 pictures" in caplog.text


def test_grey_and_colour_and_every_depth_are_one_set(digits, tmp_path):
    images = [Image.open(path).copy() for path in sorted((digits / "fake").iterdir())[:6]]
    grey, colour = tmp_path / "grey", tmp_path / "colour"
    for number, image in enumerate(images):
        for folder, kind, suffix in ((grey, "L", "png"), (colour / str(number % 2), "RGB", "bmp")):
            folder.mkdir(parents=True, exist_ok=True)
            image.convert(kind).save(folder / f"{number}.{suffix}")
    (grey / "notes.txt").write_text("no picture")
    one, other = FolderSet(grey, "fake"), FolderSet(colour, "fake")
    assert other.names == ["0/0.bmp", "0/2.bmp", "0/4.bmp", "1/1.bmp", "1/3.bmp", "1/5.bmp"]
    order = torch.tensor([0, 2, 4, 1, 3, 5])
    assert torch.equal(one.batch(order), other.batch(torch.arange(6)))
    assert one.batch(order).shape == (6, 3, 8, 8)


def test_a_changed_picture_changes_the_fingerprint(digits, tmp_path):
    folder = shutil.copytree(digits / "fake", tmp_path / "fake")
    before = FolderSet(folder, "fake").fingerprint
    assert FolderSet(digits / "fake", "fake").fingerprint == before
    Image.new("L", (8, 8)).save(folder / "003.png")
    assert FolderSet(folder, "fake").fingerprint != before


def test_what_is_wrong_with_a_folder_is_one_line(digits, tmp_path):
    def refused(message, change):
        folder = shutil.copytree(digits / "fake", tmp_path / "fake", dirs_exist_ok=True)
        change(folder)
        with pytest.raises(DataError, match=message) as caught:
            trained.of_folders(folder, tmp_path, real=str(digits / "real"))
        assert "\n" not in str(caught.value)
        shutil.rmtree(folder, ignore_errors=True)

    def cut(folder):
        for name in ("005.png", "017.png"):
            (folder / name).write_bytes((folder / name).read_bytes()[:60])

    refused(r"fake=.*/fake: 005\.png can't be read: .* \(and 1 more\)", cut)
    larger = r"pictures of one size are compared; 000\.png has 8x8, 020\.png has 9x7 pixels"
    refused(larger, lambda folder: Image.new("L", (9, 7)).save(folder / "020.png"))
    refused("fake=.*/fake does not exist", shutil.rmtree)
    refused("fake=.*/fake holds no pictures", lambda folder: [path.unlink() for path in folder.iterdir()])
    refused(
        "fake=.*/fake holds 1 picture; metrics need", lambda folder: [p.unlink() for p in list(folder.iterdir())[1:]]
    )


def test_what_can_not_be_compared_is_one_line(digits, tmp_path):
    def refused(message, **changes):
        with pytest.raises(ConfigError, match=message):
            trained.of_folders(digits / "fake", tmp_path, **changes)

    refused("fake=FOLDER is compared with real=FOLDER, or with a data set")
    refused("fake=FOLDER is compared with", real=str(digits / "real"), data=trained.DATA)
    refused("metrics=paired does not measure folders", real=str(digits / "real"), metrics=trained.PAIRED)
    refused("metrics=None does not measure folders", real=str(digits / "real"), metrics=None)


def test_different_sizes_are_said(digits, tmp_path, caplog):
    larger = {**trained.DATA, "resolution": 16}
    trained.of_folders(digits / "fake", tmp_path, data=larger)
    assert "generated pictures of 8x8 beside real ones of 16x16" in caplog.text


def test_compressed_pictures_are_said(digits, tmp_path, caplog):
    for path in (digits / "fake").iterdir():
        (tmp_path / "fake").mkdir(exist_ok=True)
        Image.open(path).save(tmp_path / "fake" / f"{path.stem}.jpg")
    FolderSet(tmp_path / "fake", "fake")
    assert "compressed with losses" in caplog.text


def test_fakes_that_are_training_pictures_are_their_own_neighbours(digits, tmp_path):
    out = tmp_path / "out"
    trained.of_folders(digits / "real", tmp_path, real=str(digits / "real"), neighbours=2, out=str(out))
    pixels = torch.from_numpy(np.array(Image.open(out / "neighbours.png").convert("L")))
    # Pictures are black at their edges, and what lies between them is white from top to bottom.
    white = (pixels == 255).all(0).tolist()
    begins = [column for column in range(1, len(white)) if white[column - 1] and not white[column]]
    width = white.index(True, begins[0]) - begins[0]
    sample, nearest, other = (pixels[:, begin : begin + width] for begin in begins[:3])
    assert torch.equal(sample, nearest)
    assert not torch.equal(sample, other)
