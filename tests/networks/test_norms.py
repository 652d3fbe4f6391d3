import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.networks.norms import needs_bias, norm_layer


def test_instance_norm_gives_each_channel_of_each_picture_mean_zero_and_variance_one():
    features = 5 + 3 * torch.randn(2, 4, 8, 8)
    normed = norm_layer("instance", 4)(features)
    torch.testing.assert_close(normed.mean((2, 3)), torch.zeros(2, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(normed.var((2, 3), correction=0), torch.ones(2, 4), atol=1e-4, rtol=0)


def test_only_batch_norm_has_weights_and_replaces_biases():
    weights = {name: len(list(norm_layer(name, 4).parameters())) for name in ("batch", "instance", "none")}
    assert weights == {"batch": 2, "instance": 0, "none": 0}
    assert [needs_bias(name) for name in weights] == [False, True, True]


def test_an_unknown_norm_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="norm is 'layer'; it can be batch, instance, none"):
        norm_layer("layer", 4)
    with pytest.raises(ConfigError, match="norm is 'layer'"):
        needs_bias("layer")
