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


def test_the_decay_begins_at_its_start():
    """Constant for the first half and linear to zero over the second (Isola et al., Zhu et al.)."""
    schedule = Schedule("linear", start=0.5)
    factors = [schedule.factor(step, 10) for step in range(11)]
    assert factors == pytest.approx([1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0])
    late = Schedule("cosine", start=0.75, end=0.5)
    assert [late.factor(step, 8) for step in (6, 7, 8)] == pytest.approx([1.0, 0.75, 0.5])


def test_warm_up_rises_to_the_schedule():
    schedule = Schedule("constant", warmup=4)
    assert [schedule.factor(step, 10) for step in range(6)] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0, 1.0])


@pytest.mark.parametrize(
    "arguments", [{"shape": "sine"}, {"warmup": -1}, {"end": -0.1}, {"start": 1.0}, {"start": -0.1}, {"start": 0.5}]
)
def test_values_out_of_range_are_refused(arguments):
    with pytest.raises(ConfigError, match=r"model\.schedule"):
        Schedule(**arguments)
