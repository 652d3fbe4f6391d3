"""Sharing pictures out among ranks loses none, and their order comes back."""

import pytest
import torch

from gansmith.metrics.features import FeatureMetric, of_samples, shard


@pytest.mark.parametrize("world", [1, 2, 3, 8])
@pytest.mark.parametrize(("samples", "batch_size"), [(2, 32), (7, 3), (100, 32), (101, 10)])
def test_every_sample_is_on_its_rank(samples, batch_size, world):
    shards = [shard(samples, batch_size, rank, world) for rank in range(world)]
    for rank in range(world):
        own = set(range(rank, samples, world))
        assert own <= set(shards[rank].flatten().tolist())
        assert set(shards[rank].flatten().tolist()) <= set(range(samples))
    assert len({batches.shape for batches in shards}) == 1
    assert shards[0].shape[1] == min(samples, batch_size)


def test_order_comes_back_and_repetitions_go():
    features = torch.randn(5, 2)
    metric = FeatureMetric(5)
    for indices in ([3, 1], [4, 0], [2, 3]):
        metric.update(features[indices], torch.tensor(indices))
    assert torch.equal(metric.compute(), features)


def test_missing_sample_is_an_error():
    metric = FeatureMetric(3)
    metric.update(torch.randn(2, 4), torch.tensor([0, 2]))
    with pytest.raises(ValueError, match="1 of 3 samples"):
        metric.compute()


def test_has_nothing_that_a_checkpoint_would_save():
    metric = FeatureMetric(3)
    metric.update(torch.randn(3, 4), torch.arange(3))
    assert not metric.state_dict()


def test_rows_of_samples_come_in_order_and_are_counted():
    ticks: list[int] = []
    rows = of_samples(lambda indices: indices[:, None] ** 2, 25, "cpu", 10, ticks.append)
    assert torch.equal(rows, torch.arange(25)[:, None] ** 2)
    assert ticks == [10, 20, 25]
