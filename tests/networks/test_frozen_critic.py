"""A critic that sees through EfficientNet-Lite0."""

import torch

from gansmith.networks.frozen_critic import FrozenCritic
from gansmith.networks.frozen_features import LAYERS
from gansmith.objectives.feature_network import feature_network


def test_it_judges_what_the_frozen_network_sees_and_what_the_condition_says():
    torch.manual_seed(0)
    critic, image, condition = FrozenCritic(32, 3, condition=5, features=4), torch.rand(2, 3, 32, 32), torch.randn(2, 5)
    logits = critic(image, condition)
    assert logits.shape == (2,)
    torch.testing.assert_close(critic(image[1:], condition[1:]), logits[1:], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(critic(image, condition.flip(0)), logits)
    assert not torch.allclose(critic(image.flip(0), condition), logits)


def test_gradients_reach_the_picture_and_the_layers_that_learn_alone():
    critic, image = FrozenCritic(32, 1, condition=5, features=4), torch.rand(2, 1, 32, 32, requires_grad=True)
    critic(image, torch.randn(2, 5)).sum().backward()
    assert image.grad.abs().sum() > 0
    assert all(parameter.grad is not None for parameter in critic.parameters())
    frozen = [weight for module in feature_network("efficientnet_lite0").modules for weight in module.parameters()]
    assert not any(weight.requires_grad for weight in frozen)
    # Nothing of it lies in checkpoints.
    assert sum(weight.numel() for weight in critic.state_dict().values()) < 40_000


def test_channels_are_those_of_the_layers():
    seen = feature_network("efficientnet_lite0")(torch.zeros(1, 3, 64, 64), LAYERS)
    assert {layer: (maps.shape[1], maps.shape[2]) for layer, maps in seen.items()} == {
        "stage3": (40, 8),
        "stage5": (112, 4),
    }
