"""Pictures of any number of channels, from array files."""

import io

import numpy as np
import pytest
from PIL import Image

from gansmith.data.decode import Decoder, SquareDecoder, UnreadablePicture
from gansmith.data.image_folder import ImageFolder

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 9, 5), dtype=np.uint8)


def saved(array, **header):
    file = io.BytesIO()
    np.save(file, array, **header)
    return file.getvalue()


@pytest.mark.parametrize("array", [PIXELS, np.asfortranarray(PIXELS)], ids=["C", "Fortran"])
def test_values_come_back_in_their_places(array):
    assert np.array_equal(Decoder(channels=5)(saved(array)), PIXELS.transpose(2, 0, 1))
    assert np.array_equal(Decoder(channels=1)(saved(array[:, :, 0])), PIXELS[None, :, :, 0])


def test_each_channel_is_resized_as_a_grey_picture():
    file = io.BytesIO()
    Image.fromarray(PIXELS[:, :, 3]).save(file, "PNG")
    fitted = SquareDecoder(resolution=4, channels=5)(saved(PIXELS))
    assert fitted.shape == (5, 4, 4)
    assert np.array_equal(fitted[3], SquareDecoder(resolution=4, channels=1)(file.getvalue())[0])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (saved(PIXELS[:, :, :4]), "has 4 channels, and not data.channels=5"),
        (saved(PIXELS / 255), r"holds float64 \(6, 9, 5\)"),
        (saved(np.array({}, dtype=object)), "holds object"),
        (saved(PIXELS)[:-1], "cannot reshape"),
        (saved(PIXELS)[:20], ".+"),
    ],
)
def test_other_arrays_are_refused_with_the_reason(content, why):
    with pytest.raises(UnreadablePicture, match=why):
        Decoder(channels=5)(content)


def test_a_picture_of_a_camera_has_no_fifth_channel():
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    with pytest.raises(UnreadablePicture, match=r"data\.channels=5, take \.npy files"):
        Decoder(channels=5)(file.getvalue())


def test_a_folder_of_arrays_is_a_set_with_classes(tmp_path):
    for number in range(4):
        folder = tmp_path / "pictures" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / f"{number}.npy", PIXELS + number)
    pictures = ImageFolder(cache=False).load("train", 6, 5, root=tmp_path / "pictures", test_fraction=0.0)
    assert (len(pictures), pictures.classes, pictures.labels.tolist()) == (4, 2, [0, 0, 1, 1])
    assert pictures.images.shape == (4, 5, 6, 6)
