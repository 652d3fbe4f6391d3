import pytest
import torch
from torch import nn

from gansmith.errors import ConfigError
from gansmith.training.ema import EMA, update_average


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


@pytest.mark.parametrize("arguments", [{"half_life": 0}, {"half_life": 5, "ramp_up": 0}])
def test_values_out_of_range_are_refused(arguments):
    with pytest.raises(ConfigError, match=r"model\.ema"):
        EMA(**arguments)
