import sys
from pathlib import Path

import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

import captioned
import trained


@pytest.fixture
def run_dir(tmp_path):
    """A run's folder with an untrained conditional model as its last checkpoint."""
    config = {"model": trained.MODEL, "data": trained.DATA, "seed": 0}
    trained.save(config, tmp_path / "run" / "checkpoints" / "last.ckpt")
    return tmp_path / "run"


@pytest.fixture
def translation(tmp_path):
    """The checkpoint of an untrained model that translates."""
    config = {"model": trained.TRANSLATION, "data": trained.DATA, "task": trained.DENOISE, "metrics": trained.PAIRED}
    return trained.save(config, tmp_path / "translation.ckpt")


@pytest.fixture(scope="session")
def imagen(tmp_path_factory):
    """The checkpoint of an untrained model with all conditions that models of captions can have, 32x32."""
    return captioned.save("imagen", tmp_path_factory.mktemp("imagen") / "model.ckpt")


@pytest.fixture(scope="session")
def text_gan(tmp_path_factory):
    """The checkpoint of an untrained model of captions without further conditions, 32x32."""
    return captioned.save("text_gan", tmp_path_factory.mktemp("text_gan") / "model.ckpt")


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    """Two folders of 40 and of 50 real digits as PNG files, 8x8, the second with subfolders."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("digits")
    images = (load_digits().images * 255 / 16).astype("uint8")
    for number, image in enumerate(images[:90]):
        path = folder / (f"fake/{number:03}.png" if number < 40 else f"real/{number % 7}/{number:03}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return folder
