import math

import pytest

from gansmith.errors import ConfigError
from gansmith.training.ramps import Ramp, value_at


def test_cosine_is_half_a_wave_from_start_to_end_and_stays():
    ramp = Ramp(0.9, 0.99, images=1000)
    for images in range(0, 1001, 100):
        assert ramp.value(images) == pytest.approx(0.945 - 0.045 * math.cos(math.pi * images / 1000))
    assert ramp.value(0) == pytest.approx(0.9)
    assert ramp.value(1001) == ramp.value(10**9) == 0.99


def test_linear_is_straight_in_either_direction():
    assert [Ramp(0.0, 4.0, 8, "linear").value(images) for images in (0, 2, 8, 16)] == pytest.approx([0, 1, 4, 4])
    assert [Ramp(4.0, 0.0, 8, "linear").value(images) for images in (0, 2, 8, 16)] == pytest.approx([4, 3, 0, 0])


def test_a_number_is_a_setting_that_stays():
    assert value_at(0.3, 0) == value_at(0.3, 10**9) == 0.3
    assert value_at(Ramp(1.0, 3.0, 10, "linear"), 5) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "arguments",
    [{"start": -1.0}, {"end": -1.0}, {"images": 0}, {"shape": "constant"}, {"shape": "sine"}],
)
def test_values_out_of_range_are_refused(arguments):
    with pytest.raises(ConfigError, match="Ramp"):
        Ramp(**{"start": 1.0, "end": 2.0, "images": 10, **arguments})
