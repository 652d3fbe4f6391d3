"""Pictures from captions in one stage, adversarially."""

from functools import partial

import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.models.text_gan import TextGAN
from gansmith.networks.captioned import Captioned
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.networks.text_gan import MatchingDiscriminator, TextGenerator
from gansmith.noise import Noise
from gansmith.objectives.matching import MatchingPenalty, swapped
from gansmith.training.schedules import Schedule

CAPTIONS = ["a red circle", "two blue squares", "a green cross", "an orange triangle"]


def text_gan(**changes):
    torch.manual_seed(0)
    sizes = {"resolution": 8, "channels": 3, "features": 4}
    words = partial(BagOfWords, size=8, buckets=64)
    generator = Captioned(words(), {"network": partial(TextGenerator, latent=5, **sizes)})
    discriminator = Captioned(words(), {"network": partial(MatchingDiscriminator, **sizes)})
    with torch.no_grad():
        for parameter in [*generator.parameters(), *discriminator.parameters()]:
            parameter.add_(0.1 * torch.randn_like(parameter))
    plain = dict.fromkeys(TextGAN.sides, partial(torch.optim.SGD, lr=0.1))
    schedule = dict.fromkeys(TextGAN.sides, Schedule())
    return TextGAN(generator, discriminator, latent=5, optimizer=plain, schedule=schedule, name="text_gan", **changes)


def terms(model, side, rows=4, start=0):
    model.side, model.noise = side, Noise(1, 4, start, torch.float32)
    image = torch.linspace(-1, 1, 4 * 3 * 64).view(4, 3, 8, 8)[start : start + rows]
    return model.loss_terms(side, {"image": image, "caption": CAPTIONS[start : start + rows]})


def test_the_discriminator_sees_three_kinds_of_pairs():
    model = text_gan()
    found = terms(model, "discriminator")["adversarial"]
    model.noise = Noise(1, 4, 0, torch.float32)
    real = torch.linspace(-1, 1, 4 * 3 * 64).view(4, 3, 8, 8)
    fake = model.generate({"image": real, "caption": CAPTIONS})
    condition = model.discriminator.text(CAPTIONS).pooled
    judge = model.discriminator.network
    wrong = (1 + judge(fake, condition)).relu().mean() + (1 + judge(real, swapped(condition))).relu().mean()
    torch.testing.assert_close(found, (1 - judge(real, condition)).relu().mean() + 0.5 * wrong)


@pytest.mark.parametrize("side", TextGAN.sides)
def test_the_loss_of_a_batch_is_the_mean_over_its_parts(side):
    model = text_gan(matching_penalty=MatchingPenalty(power=2.0))
    model._fakes_are_shared = False
    whole, parts = terms(model, side), [terms(model, side, 2, start) for start in (0, 2)]
    for name, value in whole.items():
        torch.testing.assert_close(value, sum(part[name] for part in parts) / 2)


def test_each_side_trains_its_own_encoder():
    model = text_gan()
    for side, other in (("discriminator", "generator"), ("generator", "discriminator")):
        model.zero_grad()
        model.side = side
        with model.stepping():
            sum(terms(model, side).values()).backward()
        assert model.networks(side).text.table.weight.grad.any()
        assert model.networks(other).text.table.weight.grad is None


def test_a_sample_is_a_function_of_its_number_and_its_caption():
    model = text_gan().eval()
    with torch.no_grad():
        three = model.sample(torch.arange(3), 7, ["a", "b", "c"])
        torch.testing.assert_close(model.sample(torch.tensor([2]), 7, "c"), three[2:])
        assert not torch.allclose(model.sample(torch.tensor([2]), 7, "b"), three[2:])
    with pytest.raises(ConfigError, match="draws what a caption says"):
        model.sample(torch.arange(1), 7)
