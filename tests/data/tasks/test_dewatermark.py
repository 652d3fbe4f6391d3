import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.noise import NoiseByIndex


@pytest.mark.parametrize("channels", [1, 3])
def test_rows_stand_alone(configured, rows_stand_alone, channels):
    rows_stand_alone(configured("dewatermark", channels), channels)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_target_is_the_picture_without_the_mark(configured, pictures, has_eight_bits, channels):
    image = pictures(8, channels)
    task = configured("dewatermark", channels)
    fields = task.derive({"image": image}, NoiseByIndex(0, torch.arange(8)))
    assert torch.equal(fields["target"], image)
    assert has_eight_bits(fields["source"])
    changed = ((fields["source"] - image).abs() > 1 / 127).any(1).flatten(1).float().mean(1)
    assert (changed > 0.01).all()
    assert (changed < 0.9).all()
    assert torch.equal(task.baseline(fields["source"]), fields["source"])


@pytest.mark.parametrize(
    ("key", "value"), [("opacity", [0.5, 1.5]), ("size", [1, 0.5]), ("rotation", 200), ("tiled", -0.1)]
)
def test_values_out_of_range_name_their_key(configured, key, value):
    with pytest.raises(ConfigError, match=rf"task\.{key}="):
        configured("dewatermark", **{key: value})
