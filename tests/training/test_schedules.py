import math

import pytest

from gansmith.errors import ConfigError
from gansmith.training.schedules import Schedule


def test_constant_stays():
    assert [Schedule().factor(step, 10) for step in (0, 5, 10)] == [1.0, 1.0, 1.0]


def test_linear_goes_to_zero():
    schedule = Schedule("linear")
    assert [schedule.factor(step, 10) for step in (0, 5, 9, 10, 11)] == pytest.approx([1.0, 0.5, 0.1, 0.0, 0.0])


def test_cosine_is_half_a_wave_down_to_its_end():
    schedule = Schedule("cosine", end=0.25)
    for step in range(11):
        wave = 0.5 * (1 + math.cos(math.pi * step / 10))
        assert schedule.factor(step, 10) == pytest.approx(0.25 + 0.75 * wave)


def test_warm_up_rises_to_the_schedule():
    schedule = Schedule("constant", warmup=4)
    assert [schedule.factor(step, 10) for step in range(6)] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0, 1.0])


@pytest.mark.parametrize("arguments", [{"shape": "sine"}, {"warmup": -1}, {"end": -0.1}])
def test_values_out_of_range_are_refused(arguments):
    with pytest.raises(ConfigError, match=r"model\.schedule"):
        Schedule(**arguments)
