import pytest
import torch

from gansmith.data.degrade.lab import luma
from gansmith.errors import ConfigError
from gansmith.noise import NoiseByIndex

NOTHING = {"gain": [1, 1], "gamma": [1, 1], "contrast": [1, 1], "saturation": [1, 1], "cast": 0}


def source_of(task, image):
    return task.derive({"image": image}, NoiseByIndex(0, torch.arange(len(image))))["source"]


@pytest.mark.parametrize("channels", [1, 3])
def test_rows_stand_alone(configured, rows_stand_alone, channels):
    rows_stand_alone(configured("enhance", channels), channels)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_target_is_the_picture(configured, pictures, has_eight_bits, channels):
    image = pictures(8, channels)
    fields = configured("enhance", channels).derive({"image": image}, NoiseByIndex(0, torch.arange(8)))
    assert torch.equal(fields["target"], image)
    assert fields["source"].shape == image.shape
    assert has_eight_bits(fields["source"])
    assert ((fields["source"] - image).abs().flatten(1).mean(1) > 0.01).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_factors_of_one_change_nothing(configured, pictures, channels):
    image = pictures(4, channels)
    assert torch.allclose(source_of(configured("enhance", channels, **NOTHING), image), image, atol=1e-6)


def test_each_factor_does_what_it_says(configured, pictures):
    image = pictures(4)

    def changed(**settings):
        return source_of(configured("enhance", **{**NOTHING, **settings}), image)

    assert changed(gain=[0.5, 0.6]).mean() < image.mean()
    assert changed(gamma=[0.5, 0.6]).mean() > image.mean()
    assert changed(contrast=[0.5, 0.6]).std() < 0.7 * image.std()
    grey = changed(saturation=[0, 0])
    assert torch.allclose(grey, luma(image).expand_as(grey), atol=1 / 127)
    shifts = (changed(cast=0.5) - image).mean((2, 3))
    assert (shifts.amax(1) > 0).all()
    assert (shifts.amin(1) < 0).all()


@pytest.mark.parametrize(
    ("key", "value"),
    [("gain", [0, 1]), ("gamma", [2, 1]), ("contrast", [-1, 1]), ("saturation", 0.5), ("cast", -0.1)],
)
def test_values_out_of_range_name_their_key(configured, key, value):
    with pytest.raises(ConfigError, match=rf"task\.{key}="):
        configured("enhance", **{key: value})
