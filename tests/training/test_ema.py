import pytest
import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.training.ema import EMA, update_average
from gansmith.training.ramps import Ramp


def test_after_a_half_life_an_old_weight_counts_half():
    ema = EMA(half_life=1000, ramp_up=None)
    average, network = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.ones_(average.weight)
    nn.init.zeros_(network.weight)
    for step in range(20):
        update_average(average, network, ema.decay(50, 50 * (step + 1)))
    assert average.weight.item() == pytest.approx(0.5, rel=1e-5)


def test_the_half_life_does_not_depend_on_the_batch():
    ema = EMA(half_life=640, ramp_up=None)
    assert ema.decay(64, 0) == pytest.approx(ema.decay(16, 0) ** 4)


def test_ramp_up_bounds_the_half_life_by_a_share_of_the_images_seen():
    ema = EMA(half_life=10_000, ramp_up=0.05)
    assert ema.decay(64, 1280) == pytest.approx(0.5)
    assert ema.decay(64, 10**9) == pytest.approx(0.5 ** (64 / 10_000))


def test_average_is_the_closed_form_of_the_sequence():
    average, network = nn.Linear(2, 2).double(), nn.Linear(2, 2).double()
    start, decay = average.weight.detach().clone(), 0.9
    history = []
    for step in range(5):
        with torch.no_grad():
            network.weight.fill_(float(step))
        history.append(network.weight.detach().clone())
        update_average(average, network, decay)
    expected = decay**5 * start + sum((1 - decay) * decay ** (4 - k) * weight for k, weight in enumerate(history))
    torch.testing.assert_close(average.weight.detach(), expected)


def test_running_statistics_are_averaged_and_counters_copied():
    average, network = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    network.running_mean.fill_(4.0)
    network.num_batches_tracked.fill_(21)
    update_average(average, network, 0.75)
    assert average.running_mean.tolist() == [1.0, 1.0]
    assert average.num_batches_tracked.item() == 21


def test_before_its_start_the_average_is_a_copy():
    ema = EMA(half_life=2_217_968, ramp_up=None, start=320_000)
    average, network = nn.Linear(2, 2), nn.Linear(2, 2)
    update_average(average, network, ema.decay(320, 319_680))
    assert torch.equal(average.weight, network.weight)
    # 0.9999 a step of 320 images, from step 1,000 on.
    assert ema.decay(320, 320_000) == pytest.approx(0.9999, abs=1e-9)


@pytest.mark.parametrize("arguments", [{"half_life": 0}, {"half_life": 5, "ramp_up": 0}, {"half_life": 5, "start": -1}])
def test_values_out_of_range_are_refused(arguments):
    with pytest.raises(ConfigError, match=r"model\.ema"):
        EMA(**arguments)


def test_a_half_life_may_grow_with_the_images_seen():
    ema = EMA(half_life=Ramp(0.0, 400.0, images=1000, shape="linear"), ramp_up=None)
    assert ema.decay(64, 0) == 0.0
    assert ema.decay(64, 160) == pytest.approx(0.5)
    assert ema.decay(400, 500) == pytest.approx(0.25)
    assert ema.decay(400, 10**9) == pytest.approx(0.5)


def test_a_half_life_that_ends_at_nothing_is_refused():
    with pytest.raises(ConfigError, match=r"model\.ema\.half_life"):
        EMA(half_life=Ramp(5.0, 0.0, images=1000))
