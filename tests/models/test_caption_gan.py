"""What GANs of captions have in common."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from gansmith.augment.augment import Augment
from gansmith.errors import ConfigError
from gansmith.models.caption_gan import CaptionGAN
from gansmith.networks.captioned import Captioned
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.networks.text_gan import MatchingDiscriminator
from gansmith.noise import Noise
from gansmith.objectives.matching import MatchingPenalty, swapped
from gansmith.training.schedules import Schedule

CAPTIONS = ["a red circle", "two blue squares", "a green cross", "an orange triangle"]


def critic(condition=6):
    return MatchingDiscriminator(8, channels=3, condition=condition, features=4)


def caption_gan(**changes):
    torch.manual_seed(0)
    generator, discriminator = (Captioned(BagOfWords(size=6, buckets=32), {"to_8": critic}) for _ in range(2))
    with torch.no_grad():
        for parameter in discriminator.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    plain = dict.fromkeys(CaptionGAN.sides, torch.optim.SGD)
    schedule = dict.fromkeys(CaptionGAN.sides, Schedule())
    model = CaptionGAN(generator, discriminator, optimizer=plain, schedule=schedule, name="caption_gan", **changes)
    model.noise = Noise(0, 4, 0, torch.float32)
    return model


def given(rows=4):
    generator = torch.Generator().manual_seed(0)
    real, fake = (torch.rand(rows, 3, 8, 8, generator=generator) * 2 - 1 for _ in range(2))
    return real, fake


@pytest.mark.parametrize("processes", [1, 2])
def test_no_picture_is_alone_where_captions_are_swapped(monkeypatch, processes):
    monkeypatch.setattr("gansmith.models.caption_gan.world_size", lambda: processes)
    batch = {"image": given()[0], "caption": CAPTIONS}
    assert [len(chunk["caption"]) for chunk in caption_gan(accumulate=2)._chunks(batch, 4)] == [2, 2]
    with pytest.raises(ConfigError, match=r"a part of the batch has 1: more pictures in data\.batch_size"):
        caption_gan(accumulate=4)._chunks(batch, 4)


def test_a_discriminator_that_the_penalty_differentiates_twice_is_not_compiled(monkeypatch):
    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda network: compiled.append(network))
    free, bound = caption_gan(), caption_gan(matching_penalty=MatchingPenalty())
    free.compile_networks()
    assert {*map(id, compiled)} == {id(part) for side in CaptionGAN.sides for part in free.networks(side).values()}
    compiled.clear()
    bound.compile_networks()
    assert {*map(id, compiled)} == {id(part) for part in bound.generator.values()}


class Darker(Augment):
    """Halves what is seen."""

    def __call__(self, images, noise):
        return images / 2


def test_a_critic_sees_real_generated_and_mismatched_pairs():
    model, (real, fake) = caption_gan(), given()
    judge, condition = model.discriminator["to_8"], model.read({"caption": CAPTIONS})
    expected = (1 - judge(real, condition)).relu().mean()
    expected = expected + 0.5 * (1 + judge(fake, condition)).relu().mean()
    expected = expected + 0.5 * (1 + judge(real, swapped(condition))).relu().mean()
    assert set(model.matching_terms(judge, real, fake, condition)) == {"adversarial"}
    torch.testing.assert_close(model.matching_terms(judge, real, fake, condition)["adversarial"], expected)
    torch.testing.assert_close(model.fooling_term(judge, fake, condition), -judge(fake, condition).mean())


def test_captions_are_read_by_the_discriminators_own_encoder():
    model = caption_gan()
    mine, theirs = (side.text(CAPTIONS).pooled for side in (model.discriminator, model.generator))
    assert torch.equal(model.read({"caption": CAPTIONS}), mine)
    assert not torch.allclose(mine, theirs)


def test_critics_see_augmented_pictures_and_the_penalty_real_ones():
    penalty = MatchingPenalty(power=2.0)
    plain, augmented = caption_gan(), caption_gan(augment=Darker(), matching_penalty=penalty)
    (real, fake), condition = given(), plain.read({"caption": CAPTIONS})
    judge = plain.discriminator["to_8"]
    seen = augmented.matching_terms(judge, real, fake, condition)
    torch.testing.assert_close(
        seen["adversarial"], plain.matching_terms(judge, real / 2, fake / 2, condition)["adversarial"]
    )
    torch.testing.assert_close(seen["matching_penalty"], penalty(judge, real, condition))
    torch.testing.assert_close(
        augmented.fooling_term(judge, fake, condition), plain.fooling_term(judge, fake / 2, condition)
    )


@pytest.mark.parametrize(("step", "is_due"), [(0, True), (1, False), (3, False), (4, True)])
def test_the_penalty_is_taken_at_every_few_steps(step, is_due):
    model = caption_gan(matching_penalty=MatchingPenalty(interval=4))
    model.trainer = SimpleNamespace(global_step=step)
    terms = model.matching_terms(model.discriminator["to_8"], *given(), model.read({"caption": CAPTIONS}))
    assert ("matching_penalty" in terms) == is_due


def test_a_critic_that_knows_has_nothing_to_minimise():
    """It says 2 for a real picture with its own caption, else -2."""

    class Knowing(nn.Module):
        def features(self, image):
            return image.flatten(1).mean(1)

        def judgement(self, features, condition):
            return torch.where((features > 0) & (condition[:, 0] == torch.arange(4)), 2.0, -2.0)

    real, fake = torch.ones(4, 3, 8, 8), -torch.ones(4, 3, 8, 8)
    terms = caption_gan().matching_terms(Knowing(), real, fake, torch.arange(4.0)[:, None])
    assert terms["adversarial"] == 0
