import numpy as np
import pytest
import torch
from PIL import Image


@pytest.fixture
def save(tmp_path):
    """Writes a picture below the test's folder and returns its array: noise of `seed`, or the one given."""

    def write(name, height=12, width=10, seed=0, array=None):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if array is None:
            array = np.random.default_rng(seed).integers(256, size=(height, width, 3), dtype=np.uint8)
        Image.fromarray(array).save(path)
        return torch.from_numpy(array.transpose(2, 0, 1).copy())

    return write
