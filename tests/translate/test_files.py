"""Which files are meant, and what the results are called."""

from pathlib import Path

import pytest

from gansmith.errors import ConfigError, DataError
from gansmith.translate.files import find_jobs, result_names


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "in"
    for name in ("b.jpg", "a.PNG", "deep/er/c.webp", "notes.txt", ".hidden.png", ".cache/d.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_pictures_at_any_depth_keep_their_names(folder, tmp_path):
    jobs, others = find_jobs(folder, tmp_path / "out", "png")
    assert [job.name for job in jobs] == ["a.PNG", "b.jpg", "deep/er/c.webp"]
    assert [job.source for job in jobs] == [folder / job.name for job in jobs]
    assert [job.target.relative_to(tmp_path / "out").as_posix() for job in jobs] == ["a.png", "b.png", "deep/er/c.png"]
    assert others == ["notes.txt"]


def test_one_file_is_meant_whatever_its_name(folder, tmp_path):
    (job,), others = find_jobs(folder / "notes.txt", tmp_path / "out", "webp")
    assert (job.source, job.target) == (folder / "notes.txt", tmp_path / "out" / "notes.webp")
    assert others == []


def test_pictures_that_share_a_stem_keep_their_suffixes():
    assert result_names(["a.jpg", "a.png", "b.jpg", "c/a.jpg"], "png") == [
        "a.jpg.png",
        "a.png.png",
        "b.png",
        "c/a.png",
    ]
    names = ["a.jpg", "a.png", "a.jpg.bmp", "a.png.png"]
    assert len(set(result_names(names, "png"))) == len(names)


def test_results_in_a_folder_below_are_no_inputs(folder):
    (folder / "out").mkdir()
    (folder / "out" / "a.png").touch()
    jobs, _ = find_jobs(folder, folder / "out", "png")
    assert [job.name for job in jobs] == ["a.PNG", "b.jpg", "deep/er/c.webp"]


def test_no_result_takes_the_place_of_an_input(folder, tmp_path):
    (folder / "b.png").touch()
    with pytest.raises(ConfigError, match="is a picture of the input"):
        find_jobs(folder / "b.png", folder, "png")
    (job,), _ = find_jobs(folder / "b.jpg", tmp_path / "in" / "out", "png")
    assert job.target == tmp_path / "in" / "out" / "b.png"


def test_masks_are_found_by_stem(folder, tmp_path):
    masks = tmp_path / "masks"
    (masks / "deep" / "er").mkdir(parents=True)
    for name in ("a.jpg", "deep/er/c.png"):
        (masks / name).touch()
    jobs, _ = find_jobs(folder, tmp_path / "out", "png", masks)
    assert [job.mask for job in jobs] == [masks / "a.jpg", None, masks / "deep/er/c.png"]
    jobs, _ = find_jobs(folder, tmp_path / "out", "png", masks / "a.jpg")
    assert {job.mask for job in jobs} == {masks / "a.jpg"}


def test_what_is_not_there_is_named(folder, tmp_path):
    with pytest.raises(DataError, match="input=nowhere does not exist"):
        find_jobs(Path("nowhere"), tmp_path, "png")
    with pytest.raises(DataError, match="mask=nowhere does not exist"):
        find_jobs(folder, tmp_path, "png", Path("nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        find_jobs(tmp_path / "empty", tmp_path, "png")
