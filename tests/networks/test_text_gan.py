"""Networks of DF-GAN."""

import pytest
import torch
from torch.nn.functional import leaky_relu

from gansmith.errors import ConfigError
from gansmith.networks.text_gan import ConditionalAffine, MatchingDiscriminator, Projection, TextGenerator


@pytest.mark.parametrize("resolution", [8, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("norm", "judge"), [(False, "concatenation"), (True, "projection")])
def test_pictures_and_logits_have_their_shapes(resolution, channels, norm, judge):
    generator = TextGenerator(resolution, channels, latent=7, condition=5, features=4, norm=norm)
    discriminator = MatchingDiscriminator(resolution, channels, condition=5, features=4, judge=judge)
    picture = generator(torch.randn(2, 7), torch.randn(2, 5))
    assert picture.shape == (2, channels, resolution, resolution)
    assert picture.abs().max() <= 1
    assert discriminator.features(picture).shape[2:] == (4, 4)
    assert discriminator(picture, torch.randn(2, 5)).shape == (2,)


def test_an_affine_layer_starts_as_the_identity_and_then_scales_and_shifts_each_channel():
    affine, features, condition = ConditionalAffine(3, 5), torch.randn(2, 3, 4, 4), torch.randn(2, 5)
    assert torch.equal(affine(features, condition), features)
    torch.nn.init.constant_(affine.scale[-1].bias, 0.5)
    torch.nn.init.constant_(affine.shift[-1].bias, -2.0)
    torch.testing.assert_close(affine(features, condition), 1.5 * features - 2)


def test_with_a_norm_a_picture_s_groups_have_mean_0_and_variance_1_whatever_the_others_are():
    affine = ConditionalAffine(16, 5, norm=True)
    features = 3 * torch.randn(4, 16, 8, 8) + 2
    found = affine(features, torch.randn(4, 5))
    groups = found.unflatten(1, (8, 2)).flatten(2)
    torch.testing.assert_close(groups.mean(2), torch.zeros(4, 8), atol=1e-5, rtol=0)
    torch.testing.assert_close(groups.var(2, unbiased=False), torch.ones(4, 8), atol=1e-4, rtol=0)
    torch.testing.assert_close(affine(features[2:3], torch.randn(1, 5)), found[2:3])


def test_the_shortcut_behind_the_enlargement_is_the_one_in_front_of_it():
    generator = TextGenerator(16, 1, latent=3, condition=2, features=4)
    block = generator.blocks[-1]
    features = torch.randn(1, block.shortcut.in_channels, 8, 8)
    enlarged = torch.nn.functional.interpolate(features, scale_factor=2)
    late = torch.nn.functional.interpolate(block.shortcut(features), scale_factor=2)
    torch.testing.assert_close(block.shortcut(enlarged), late)


@pytest.mark.parametrize("judge", ["concatenation", "projection"])
def test_the_discriminator_sees_the_condition_and_only_behind_the_picture(judge):
    discriminator = MatchingDiscriminator(16, 3, condition=5, features=4, judge=judge)
    picture, one, other = torch.randn(1, 3, 16, 16), torch.randn(1, 5), torch.randn(1, 5)
    assert discriminator(picture, one) != discriminator(picture, other)
    features = discriminator.features(picture)
    assert torch.equal(discriminator.judgement(features, one), discriminator(picture, one))


def test_a_judge_by_projection_is_linear_in_the_condition():
    """The logit of the picture alone, and a product with what is wanted, over the root of its length."""
    judge, features = Projection(6, 5, features=2), torch.randn(3, 6, 4, 4)
    one, other = torch.randn(3, 5), torch.randn(3, 5)
    alone = judge(features, torch.zeros(3, 5))
    both = judge(features, one + other)
    torch.testing.assert_close(both - alone, judge(features, one) + judge(features, other) - 2 * alone)
    seen = leaky_relu(judge.first(features), 0.2).flatten(1)
    assert seen.shape == (3, 16 * 16)
    expected = torch.einsum("ns,sc,nc->n", seen, judge.wanted.weight, one) / 16
    torch.testing.assert_close(judge(features, one) - alone, expected)


def test_blocks_that_count_for_nothing_at_first_leave_a_linear_network():
    """As DF-GAN starts."""
    pictures, middle = torch.randn(2, 3, 16, 16), 0.5

    def bent(gamma):
        network = MatchingDiscriminator(16, 3, condition=5, features=4, gamma=gamma)
        at = network.features(torch.stack([pictures[0], pictures[1], middle * (pictures[0] + pictures[1])]))
        return (at[2] - middle * (at[0] + at[1])).abs().max()

    assert bent(0.0) < 1e-6 < 1e-3 < bent(1.0)


def test_another_judge_is_one_line():
    with pytest.raises(ConfigError, match=r"^model\.judge is vote; it can be concatenation, projection$"):
        MatchingDiscriminator(16, 3, judge="vote")
