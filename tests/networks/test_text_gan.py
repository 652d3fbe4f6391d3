"""Networks of DF-GAN."""

import pytest
import torch

from gansmith.networks.text_gan import ConditionalAffine, MatchingDiscriminator, TextGenerator


@pytest.mark.parametrize("resolution", [8, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_and_logits_have_their_shapes(resolution, channels):
    generator = TextGenerator(resolution, channels, latent=7, condition=5, features=4)
    discriminator = MatchingDiscriminator(resolution, channels, condition=5, features=4)
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


def test_the_shortcut_behind_the_enlargement_is_the_one_in_front_of_it():
    generator = TextGenerator(16, 1, latent=3, condition=2, features=4)
    block = generator.blocks[-1]
    features = torch.randn(1, block.shortcut.in_channels, 8, 8)
    enlarged = torch.nn.functional.interpolate(features, scale_factor=2)
    late = torch.nn.functional.interpolate(block.shortcut(features), scale_factor=2)
    torch.testing.assert_close(block.shortcut(enlarged), late)


def test_the_discriminator_sees_the_condition_and_only_behind_the_picture():
    discriminator = MatchingDiscriminator(16, 3, condition=5, features=4)
    picture, one, other = torch.randn(1, 3, 16, 16), torch.randn(1, 5), torch.randn(1, 5)
    assert discriminator(picture, one) != discriminator(picture, other)
    features = discriminator.features(picture)
    assert torch.equal(discriminator.judgement(features, one), discriminator(picture, one))
