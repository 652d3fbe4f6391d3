"""Prior, decoder and upsampler, each with a critic."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import cosine_similarity, l1_loss

from gansmith.diffusion.enlarging import enlarged, reduced
from gansmith.errors import ConfigError
from gansmith.models.dalle2_gan import DALLE2GAN, beside
from gansmith.networks.adversarial_prior import EmbeddingCritic, EmbeddingGenerator
from gansmith.networks.dual_encoder import DualEncoder, ImageEncoder, TextTower
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.networks.text_enlarger import TextEnlarger
from gansmith.networks.text_gan import MatchingDiscriminator, TextGenerator
from gansmith.networks.unclip import Unclip
from gansmith.noise import Noise
from gansmith.objectives.matching import MatchingPenalty, swapped
from gansmith.training.schedules import Schedule

CAPTIONS = ["a red circle", "two blue squares", "a green cross", "an orange triangle"]
SIZE = 6
GENERATED = {"prior", "prior_likeness", "decoder", "decoder_likeness", "upsampler", "upsampler_pixel"}
JUDGED = {"prior", "decoder_adversarial", "upsampler_adversarial"}


def dalle2_gan(step=5, **changes):
    """Of ten steps, the first two teach the encoder."""
    torch.manual_seed(0)
    words, sizes = partial(BagOfWords, size=8, buckets=64), {"channels": 3, "features": 4}
    generator = Unclip(
        words(),
        embedding=SIZE,
        encoder=DualEncoder(ImageEncoder(3, 16, features=4, size=SIZE), TextTower(words(), size=SIZE)),
        pairs={"prior": partial(EmbeddingGenerator, latent=3, width=16, layers=1)},
        sums={"decoder": partial(TextGenerator, resolution=8, latent=5, **sizes)},
        embeddings={"upsampler": partial(TextEnlarger, resolution=16, blocks=1, **sizes)},
    )
    discriminator = Unclip(
        words(),
        embedding=SIZE,
        pairs={"prior": partial(EmbeddingCritic, width=16, layers=1)},
        sums={"decoder": partial(MatchingDiscriminator, resolution=8, **sizes)},
        embeddings={"upsampler": partial(MatchingDiscriminator, resolution=16, **sizes)},
    )
    with torch.no_grad():
        for parameter in [*generator.parameters(), *discriminator.parameters()]:
            parameter.add_(0.1 * torch.randn_like(parameter))
    plain = dict.fromkeys(DALLE2GAN.sides, partial(torch.optim.SGD, lr=0.1))
    schedule = dict.fromkeys(DALLE2GAN.sides, Schedule())
    settings = {"resolutions": [8, 16], "latent": 5, "name": "dalle2_gan", **changes}
    model = DALLE2GAN(generator, discriminator, optimizer=plain, schedule=schedule, **settings)
    model.trainer = SimpleNamespace(global_step=step, max_steps=10)
    return model


def pictures():
    return torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def terms(model, side, rows=4, start=0, captions=CAPTIONS):
    model.side, model.noise = side, Noise(1, 4, start, torch.float32)
    batch = {"image": pictures()[start : start + rows], "caption": captions[start : start + rows]}
    return model.loss_terms(side, batch)


def fakes(model):
    """What the parts make of the noise that `terms` draws, and which captions are kept."""
    model.noise = Noise(1, 4, 0, torch.float32)
    batch, embedding = {"image": pictures(), "caption": CAPTIONS}, model.embedded(pictures())
    prior = model._foreseen(batch)
    decoder, keep = model._decoded(batch, embedding)
    return {"prior": prior, "decoder": decoder, "upsampler": model._enlarged(batch, embedding)}, keep


def drawn(model, indices, prompt):
    with torch.no_grad():
        return model.eval().stages(torch.tensor(indices), 7, prompt)


def test_while_the_encoder_is_taught_only_the_generator_steps():
    model = dalle2_gan()
    assert [model.turns(step) for step in (0, 1)] == 2 * [("generator",)]
    assert model.turns(2) == model.turns(9) == ("discriminator", "generator")
    assert set(terms(dalle2_gan(step=1), "generator")) == {"contrastive"}
    assert set(terms(dalle2_gan(step=2), "generator")) == GENERATED
    assert dalle2_gan(encoder_from="logs/run").turns(0) == ("discriminator", "generator")


def test_every_few_steps_of_the_critics_the_generator_steps_too():
    model = dalle2_gan(critic_steps=2)
    assert [model.turns(step) for step in (1, 2, 3)] == [
        ("generator",),
        ("discriminator",),
        ("discriminator", "generator"),
    ]


@pytest.mark.parametrize("side", DALLE2GAN.sides)
def test_the_loss_of_a_batch_is_the_mean_over_its_parts(side):
    model = dalle2_gan(matching_penalty=MatchingPenalty(power=2.0))
    whole, parts = terms(model, side), [terms(model, side, 2, start) for start in (0, 2)]
    penalties = {f"{part}_matching_penalty" for part in ("prior", "decoder", "upsampler")}
    assert set(whole) == (GENERATED if side == "generator" else JUDGED | penalties)
    for name, value in whole.items():
        torch.testing.assert_close(value, sum(part[name] for part in parts) / 2)


def test_each_side_trains_its_own_encoder_and_neither_the_one_that_was_taught():
    model = dalle2_gan()
    model.before_step()
    for side, other in (("discriminator", "generator"), ("generator", "discriminator")):
        model.zero_grad()
        model.side = side
        with model.stepping():
            sum(terms(model, side).values()).backward()
        assert model.networks(side).text.table.weight.grad.any()
        assert all(parameter.grad is None for parameter in model.networks(other).parameters())
        assert all(parameter.grad is None for parameter in model.generator.encoder.parameters())


def test_first_only_the_encoder_learns():
    model = dalle2_gan(step=1)
    model.before_step()
    model.side = "generator"
    with model.stepping():
        sum(terms(model, "generator").values()).backward()
    learning = {name.split(".")[0] for name, weight in model.generator.named_parameters() if weight.grad is not None}
    assert learning == {"encoder"}


@pytest.mark.parametrize("part", ["prior", "decoder", "upsampler"])
def test_a_part_that_trains_alone_has_the_terms_and_the_gradients_of_its_own(part):
    model = dalle2_gan(trains=[part])
    model.before_step()
    for side, names in (("generator", GENERATED), ("discriminator", JUDGED)):
        model.side = side
        with model.stepping():
            found = terms(model, side)
            sum(found.values()).backward()
        assert set(found) == {name for name in names if name.startswith(part)}
        for name, module in model.networks(side).items():
            if name in {"prior", "decoder", "upsampler"}:
                assert any(weight.grad is not None for weight in module.parameters()) == (name == part)


def test_the_critic_of_the_prior_sees_three_kinds_of_pairs():
    model = dalle2_gan()
    judge, condition = model.discriminator.prior, model.discriminator.text(CAPTIONS).pooled
    embedding, fake = model.embedded(pictures()), fakes(model)[0]["prior"]
    wrong = (1 + judge(fake, condition)).relu().mean() + (1 + judge(embedding, swapped(condition))).relu().mean()
    expected = (1 - judge(embedding, condition)).relu().mean() + 0.5 * wrong
    torch.testing.assert_close(terms(model, "discriminator")["prior"], expected)


def test_what_the_generator_minimises():
    model = dalle2_gan(prior_weight=2.0, similarity_weight=3.0, pixel_weight=5.0)
    found, (fake, keep) = terms(model, "generator"), fakes(model)
    judges, embedding = model.discriminator, model.embedded(pictures())
    condition = judges.text(CAPTIONS).pooled
    shown = torch.cat([embedding, torch.where(keep[:, None], condition, judges.text([""]).pooled)], dim=1)
    seen, small = model.generator.encoder.image(enlarged(fake["decoder"], 16)), enlarged(reduced(pictures(), 8), 16)
    expected = {
        "prior": -judges.prior(fake["prior"], condition).mean(),
        "prior_likeness": 2 * (1 - cosine_similarity(fake["prior"], embedding).mean()),
        "decoder": -judges.decoder(fake["decoder"], shown).mean(),
        "decoder_likeness": 3 * (1 - cosine_similarity(seen, model.embedded(small)).mean()),
        "upsampler": -judges.upsampler(fake["upsampler"], embedding).mean(),
        "upsampler_pixel": 5 * l1_loss(fake["upsampler"], pictures()),
    }
    torch.testing.assert_close(found, expected)


def test_a_decoder_that_gives_the_picture_back_is_as_like_it_as_can_be():
    """Whatever it loses at half its side."""
    model = dalle2_gan()
    model.generator.decoder.forward = lambda latent, shown: reduced(pictures(), 8)
    model.side, model.noise = "generator", Noise(1, 4, 0, torch.float32)
    found = model.loss_terms("generator", {"image": pictures(), "caption": CAPTIONS})
    torch.testing.assert_close(found["decoder_likeness"], torch.tensor(0.0), atol=1e-5, rtol=0)


@pytest.mark.parametrize("side", DALLE2GAN.sides)
def test_captions_are_left_out_as_often_as_asked(side):
    """With all of them left out, the decoder and its critic know embeddings alone."""
    name = "decoder" if side == "generator" else "decoder_adversarial"
    for drop, matters in ((0.999999, False), (0.0, True)):
        model = dalle2_gan(drop_caption=drop)
        assert (terms(model, side)[name] != terms(model, side, captions=CAPTIONS[::-1])[name]) == matters


def test_the_empty_caption_stands_where_one_is_left_out():
    text = dalle2_gan().discriminator.text
    embedding, condition = torch.randn(2, SIZE), text(CAPTIONS[:2]).pooled
    rows = beside(embedding, condition, torch.tensor([True, False]), text)
    assert torch.equal(rows[:, :SIZE], embedding)
    assert torch.equal(rows[0, SIZE:], condition[0])
    assert torch.equal(rows[1, SIZE:], text([""]).pooled[0])


def test_a_sample_is_a_function_of_its_number_and_its_caption():
    model = dalle2_gan()
    three = drawn(model, [0, 1, 2], ["a", "b", "c"])
    assert {name: tuple(picture.shape) for name, picture in three.items()} == {
        "decoder": (3, 3, 8, 8),
        "upsampler": (3, 3, 16, 16),
    }
    for name, picture in drawn(model, [2], "c").items():
        assert picture.abs().max() <= 1
        torch.testing.assert_close(picture, three[name][2:])
        assert not torch.allclose(drawn(model, [2], "b")[name], picture, atol=1e-4)
        assert not torch.allclose(drawn(model, [3], "c")[name], picture, atol=1e-4)
    with pytest.raises(ConfigError, match="draws what a caption says"):
        drawn(model, [0], None)


def test_a_picture_from_an_embedding_is_a_function_of_it():
    """In the place of the prior's: the decoder is told the same vector, at the length it is used to."""
    model, seen = dalle2_gan().eval(), []
    model.generator.decoder.register_forward_pre_hook(lambda network, given: seen.append(given[1][:, :SIZE]))
    with torch.no_grad():
        embedding = model.sampler.encoder.image(pictures())
        four = model.from_embedding(embedding, torch.arange(4), 5)
        torch.testing.assert_close(seen[0], model.embedded(pictures()))
        last, other = (model.from_embedding(embedding[row : row + 1], torch.tensor([3]), 5) for row in (3, 2))
    for name, picture in last.items():
        torch.testing.assert_close(picture, four[name][3:])
        assert not torch.allclose(other[name], picture, atol=1e-5)


def test_what_the_prior_draws_is_what_is_decoded():
    model, seen = dalle2_gan(), []
    model.generator.prior.register_forward_hook(lambda network, given, said: seen.append(said))
    model.generator.decoder.register_forward_pre_hook(lambda network, given: seen.append(given[1][:, :SIZE]))
    drawn(model, [0, 1], "a")
    assert torch.equal(seen[0], seen[1])


def test_data_of_another_size_are_refused():
    """Also by the steps that teach the encoder, which could do with them."""
    for step, side in ((0, "generator"), (5, "generator"), (5, "discriminator")):
        with pytest.raises(ConfigError, match=r"data\.resolution=16, and model\.resolutions=\[4, 8\] end at another"):
            terms(dalle2_gan(step, resolutions=[4, 8]), side)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        *(({"resolutions": sides}, "decoder and upsampler have one each") for sides in ([], [16], [4, 8, 16])),
        ({"resolutions": [4, 16]}, r"model\.resolutions is \[4, 16\]; each is twice the one before"),
        ({"drop_caption": 1.0}, r"model\.drop_caption is 1\.0"),
        ({"prior_weight": -1}, r"model\.prior_weight is -1; it can't be negative"),
        ({"similarity_weight": -1}, r"model\.similarity_weight is -1"),
        ({"pixel_weight": -1}, r"model\.pixel_weight is -1"),
        ({"level": -0.1}, r"model\.level is -0\.1"),
        ({"encoder_share": 1.0}, r"model\.encoder_share is 1\.0"),
        ({"trains": []}, r"model\.trains is empty; null trains all of prior, decoder, upsampler"),
        ({"trains": ["encoder"]}, r"model\.trains has encoder; the parts are prior, decoder, upsampler"),
    ],
)
def test_values_that_do_not_work_are_one_line(changes, said):
    with pytest.raises(ConfigError, match=said) as caught:
        dalle2_gan(**changes)
    assert "\n" not in str(caught.value)
