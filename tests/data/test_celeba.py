import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.data.celeba import CelebA
from gansmith.errors import DataError


@pytest.fixture
def root(tmp_path):
    """Six portraits, two a part, whose upper and lower margins are white."""
    folder = tmp_path / "data" / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    for i in range(6):
        portrait = np.full((218, 178), 255, np.uint8)
        portrait[20:-20] = 20 * i
        Image.fromarray(portrait).save(folder / f"{i:06}.jpg", quality=95)
    partition = "".join(f"{i:06}.jpg {i // 2}\n" for i in range(6))
    (folder.parent / "list_eval_partition.txt").write_text(partition)
    return tmp_path / "data"


def test_official_partition_and_centre_crop(root, tmp_path):
    source = CelebA(cache_dir=tmp_path / "cache")
    source.prepare(root)
    for split, values in (("train", [0, 20]), ("test", [80, 100])):
        faces = source.load(split, 16, 3, root=root, test_fraction=0.5)
        batch = faces.batch(torch.arange(len(faces)))
        assert batch.shape == (2, 3, 16, 16)
        assert batch[:, :, 4:-4].float().mean((1, 2, 3)).tolist() == pytest.approx(values, abs=2)
        assert batch.max() < 140
        assert faces.labels is None


def test_a_damaged_partition_is_one_line(root, tmp_path):
    (root / "celeba" / "list_eval_partition.txt").write_text("000000.jpg\n")
    with pytest.raises(DataError, match=r"list_eval_partition\.txt can't be read"):
        CelebA(cache_dir=tmp_path / "cache").load("train", 16, 3, root=root, test_fraction=0)


def test_without_network_one_line_says_where_to_put_what(tmp_path, monkeypatch):
    def offline(*arguments, **options):
        raise ModuleNotFoundError("No module named 'gdown'")

    monkeypatch.setattr("torchvision.datasets.celeba.download_file_from_google_drive", offline)
    with pytest.raises(DataError, match=r"gdown.*celeba/img_align_celeba/\*\.jpg.*data=mnist5k"):
        CelebA().prepare(tmp_path)
