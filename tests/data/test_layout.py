import pytest

from gansmith.data.layout import split_folders
from gansmith.errors import DataError


def made(root, *names):
    for name in names:
        (root / name).mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    ("train", "test", "name"),
    [
        ("trainA", "testA", "A"),
        ("train/A", "val/A", "A"),
        ("A/train", "A/valid", "A"),
        ("train", "test", ""),
        ("train", "val", ""),
    ],
)
def test_folders_of_the_two_splits_are_found_however_they_are_laid_out(tmp_path, train, test, name):
    made(tmp_path, train, test, "trainB", "testB")
    assert split_folders(tmp_path, name) == (tmp_path / train, tmp_path / test)


def test_test_comes_before_val(tmp_path):
    assert split_folders(made(tmp_path, "train", "val", "test"))[1] == tmp_path / "test"


def test_without_splits_the_folder_itself_is_all_there_is(tmp_path):
    made(tmp_path, "A", "trainB")
    assert split_folders(tmp_path, "A") == (tmp_path / "A", None)
    assert split_folders(tmp_path, "B") == (tmp_path / "trainB", None)
    assert split_folders(tmp_path / "A") == (tmp_path / "A", None)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=r"data\.root=.*trainA or .*A$"):
        split_folders(tmp_path, "A")
    with pytest.raises(DataError, match=r"data\.root=.*nowhere$"):
        split_folders(tmp_path / "nowhere")
