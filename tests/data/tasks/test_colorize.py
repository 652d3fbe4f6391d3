import pytest
import torch

from gansmith.data.degrade.lab import luma
from gansmith.data.tasks.colorize import Colorize
from gansmith.errors import ConfigError
from gansmith.noise import NoiseByIndex
from gansmith.ranges import to_uint8


@pytest.fixture
def pair(pictures):
    image = pictures(4)
    return image, Colorize().derive({"image": image}, NoiseByIndex(0, torch.arange(4)))


def test_rows_stand_alone(configured, rows_stand_alone):
    rows_stand_alone(configured("colorize"))


def test_lightness_becomes_chroma(pair, has_eight_bits):
    _, fields = pair
    assert fields["source"].shape == (4, 1, 24, 40)
    assert fields["target"].shape == (4, 2, 24, 40)
    assert has_eight_bits(fields["source"])
    assert fields["target"].abs().max() <= 1


def test_the_target_renders_as_the_picture(pair):
    image, fields = pair
    shown = Colorize().render(fields["source"], fields["target"])
    difference = (to_uint8(shown).float() - to_uint8(image).float()).abs()
    # Half a step of an 8-bit lightness is half a level of a grey, and more in the dark channel of a strong colour.
    assert difference.mean() < 0.5
    assert difference.max() <= 4


def test_the_baseline_is_grey(pair):
    image, fields = pair
    grey = Colorize().baseline(fields["source"])
    assert grey.shape == image.shape
    assert (grey - luma(grey)).abs().max() < 1e-4


def test_a_picture_of_any_channels_is_prepared_as_in_training(pair):
    image, fields = pair
    assert torch.equal(Colorize().prepare(image), fields["source"])
    grey = luma(image)
    assert torch.equal(Colorize().prepare(grey), Colorize().prepare(grey.expand(-1, 3, -1, -1)))
    shown = Colorize().baseline(Colorize().prepare(grey))
    assert (shown - grey).abs().max() <= 2 / 127.5


def test_grey_data_are_refused(configured):
    with pytest.raises(ConfigError, match=r"task=colorize needs colour pictures: data\.channels=3"):
        configured("colorize", channels=1)
