import pytest
import torch

from gansmith.networks.stylegan2.minibatch_deviation import MinibatchDeviation


def test_the_channel_is_the_mean_deviation_of_the_group():
    features = torch.randn(6, 2, 3, 3, dtype=torch.float64)
    output = MinibatchDeviation(3)(features)
    torch.testing.assert_close(output[:, :2], features)
    for group in (slice(0, 3), slice(3, 6)):
        expected = features[group].std(0, correction=0).mean()
        torch.testing.assert_close(output[group, 2], expected.expand(3, 3, 3), rtol=1e-5, atol=1e-7)


def test_groups_stay_where_a_batch_is_divided():
    features, deviation = torch.randn(8, 2, 3, 3), MinibatchDeviation(4)
    parts = torch.cat([deviation(part) for part in features.chunk(2)])
    assert torch.equal(parts, deviation(features))


@pytest.mark.parametrize(("rows", "size"), [(1, 1), (3, 3), (6, 3), (7, 1)])
def test_batches_that_groups_do_not_divide_have_smaller_groups(rows, size):
    features = torch.randn(rows, 2, 3, 3)
    assert torch.equal(MinibatchDeviation(4)(features), MinibatchDeviation(size)(features))
    single = torch.ones(1, 2, 3, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(MinibatchDeviation(4)(single).sum(), single)
    assert gradient.isfinite().all()
