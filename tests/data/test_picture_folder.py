import pytest
import torch

from gansmith.data.image_folder import ImageFolder
from gansmith.data.picture_folder import PictureFolder
from gansmith.errors import ConfigError, DataError


def load(root, split="train", channels=3, test_fraction=0.3, **options):
    (pictures,) = PictureFolder(**options).load(split, {"image": channels}, 1, root=root, test_fraction=test_fraction)
    return pictures


def test_pictures_of_any_depth_are_whole(save, tmp_path):
    saved = [save("a.png", seed=1), save("deep/er/b.png", height=30, seed=2)]
    pictures = load(tmp_path, test_fraction=0)
    assert pictures.sizes == [(12, 10), (30, 10)]
    assert all(torch.equal(pictures.read(i)["image"], one) for i, one in enumerate(saved))


def test_the_split_is_that_of_an_image_folder(save, tmp_path):
    for i in range(20):
        save(f"{i}.png", seed=i)
    squares = ImageFolder(cache=False).load("test", 8, 3, root=tmp_path, test_fraction=0.3)
    train, test = load(tmp_path), load(tmp_path, "test")
    assert len(test) == len(squares)
    assert len(train) + len(test) == 20
    assert not set(train.names) & set(test.names)


def test_folders_of_their_own_are_the_split(save, tmp_path):
    save("train/a.png")
    held = save("test/b.png", seed=1)
    assert (len(load(tmp_path)), len(load(tmp_path, "test"))) == (1, 1)
    assert torch.equal(load(tmp_path, "test").read(0)["image"], held)


def test_values_that_do_not_work_name_their_key(tmp_path, save):
    save("a.png")
    with pytest.raises(ConfigError, match=r"data\.source\.max_unreadable=2"):
        PictureFolder(max_unreadable=2)
    with pytest.raises(ConfigError, match=r"data\.source\.background=blurple"):
        load(tmp_path, background="blurple")
    with pytest.raises(DataError, match=r"data\.root=.*nowhere"):
        load(tmp_path / "nowhere")
