import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.noise import NoiseByIndex


@pytest.mark.parametrize("channels", [1, 3])
def test_lines_become_the_picture(configured, pictures, has_eight_bits, channels):
    image = pictures(2, channels)
    fields = configured("sketch", channels).derive({"image": image}, NoiseByIndex(0, torch.arange(2)))
    assert fields["source"].shape == (2, 1, 24, 40)
    assert has_eight_bits(fields["source"])
    assert torch.equal(fields["target"], image)


@pytest.mark.parametrize("channels", [1, 3])
def test_rows_stand_alone(configured, rows_stand_alone, channels):
    rows_stand_alone(configured("sketch", channels), channels)


def test_a_drawing_is_taken_as_it_is(configured):
    drawing = torch.where(torch.eye(16) > 0, -1.0, 1.0).expand(1, 3, -1, -1)
    source = configured("sketch").prepare(drawing)
    assert torch.allclose(source, drawing[:, :1])
    assert torch.equal(configured("sketch").baseline(source), source)


def test_lower_thresholds_draw_more(configured, pictures):
    image = pictures(4)
    ink = [
        configured("sketch", threshold=threshold).derive({"image": image}, NoiseByIndex(0, torch.arange(4)))["source"]
        for threshold in (0.0, 0.02, 0.1)
    ]
    assert ink[0].mean() < ink[1].mean() < ink[2].mean()


@pytest.mark.parametrize(("key", "value"), [("sigma", 0), ("sharpness", -1), ("threshold", "low")])
def test_values_out_of_range_name_their_key(configured, key, value):
    with pytest.raises(ConfigError, match=rf"task\.{key}={value}"):
        configured("sketch", **{key: value})
