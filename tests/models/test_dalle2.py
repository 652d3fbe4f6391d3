"""From a caption to an embedding of a picture, and from that to the picture."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from gansmith.diffusion.drawing import Drawing
from gansmith.diffusion.enlarging import Enlarging, enlarged
from gansmith.diffusion.sampler import Sampler
from gansmith.diffusion.schedule import Cosine
from gansmith.errors import ConfigError
from gansmith.models.dalle2 import DALLE2, Foreseeing
from gansmith.networks.diffusion_unet import UNet
from gansmith.networks.dual_encoder import DualEncoder, ImageEncoder, TextTower
from gansmith.networks.embedding_prior import EmbeddingPrior
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.networks.text.text import Text
from gansmith.networks.unclip import Decoder, Unclip
from gansmith.noise import Noise, NoiseByIndex
from gansmith.training.schedules import Schedule

CAPTIONS = ["a red circle", "two blue squares", "", "绿色的三角形"]
PARTS = {"prior", "decoder", "upsampler"}
SIZE = 6


def dalle2(step=5, **changes):
    """Of ten steps, the first two teach the encoder."""
    torch.manual_seed(0)
    words = partial(BagOfWords, size=16, buckets=64)
    unet = {"channels": 3, "features": 8, "multipliers": (1, 2)}
    parts = Unclip(
        words(),
        embedding=SIZE,
        encoder=DualEncoder(ImageEncoder(3, 16, features=4, size=SIZE), TextTower(words(), size=SIZE)),
        pairs={
            "prior": partial(EmbeddingPrior, width=32, blocks=1),
            "decoder": partial(Decoder, resolution=8, **unet),
        },
        others={"upsampler": UNet(resolution=16, beside=3, **unet)},
    )
    with torch.no_grad():
        for parameter in parts.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    sampler = Sampler(Cosine(), steps=3)
    settings = {
        "resolutions": [8, 16],
        "foreseeing": Foreseeing(Sampler(Cosine(), "clean", steps=3)),
        "drawing": Drawing(sampler),
        "enlarging": Enlarging(sampler),
        "name": "dalle2",
        **changes,
    }
    plain = {"generator": partial(torch.optim.SGD, lr=0.1)}
    model = DALLE2(parts, optimizer=plain, schedule={"generator": Schedule()}, **settings).eval()
    model.trainer = SimpleNamespace(global_step=step, max_steps=10)
    return model


def pictures():
    return torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def losses(model, rows=4, start=0, captions=CAPTIONS):
    model.noise = Noise(1, 4, start, torch.float32)
    batch = {"image": pictures()[start : start + rows], "caption": captions[start : start + rows]}
    return model.loss_terms("generator", batch)


def drawn(model, indices, prompt="a red circle", **conditions):
    with torch.no_grad():
        return model.sample(torch.tensor(indices), 5, prompt, **conditions)


class Saying(nn.Module):
    """Says what a function of its arguments says, whatever it is asked."""

    def __init__(self, said):
        super().__init__()
        self.said, self.channels = said, 3

    def forward(self, *asked, **named):
        return self.said(*asked)


def test_first_only_the_encoder_is_taught():
    assert set(losses(dalle2(step=1))) == {"contrastive"}
    assert set(losses(dalle2(step=2))) == PARTS


def test_the_encoder_learns_from_nothing_else():
    for step, learns in ((1, True), (2, False)):
        model = dalle2(step)
        model.before_step()
        sum(losses(model).values()).backward()
        gradients = [parameter.grad for parameter in model.generator.encoder.parameters()]
        assert all(gradient is not None for gradient in gradients) == learns
        assert any(gradient is not None for gradient in gradients) == learns
        others = [parameter for name in {"text", *PARTS} for parameter in model.generator[name].parameters()]
        assert any(parameter.grad is not None for parameter in others) != learns


def test_the_loss_of_a_batch_is_the_mean_over_its_parts():
    model = dalle2()
    whole, parts = losses(model), [losses(model, 2, start) for start in (0, 2)]
    for name, value in whole.items():
        torch.testing.assert_close(value, sum(part[name] for part in parts) / 2)


@pytest.mark.parametrize("part", sorted(PARTS))
def test_only_the_parts_that_are_to_train_have_a_loss(part):
    model = dalle2(trains=[part])
    assert set(losses(model)) == {part}
    sum(losses(model).values()).backward()
    for name in PARTS:
        gradients = [parameter.grad for parameter in model.generator[name].parameters()]
        assert any(gradient is not None for gradient in gradients) == (name == part)


def test_a_prior_that_knows_the_embedding_has_no_loss():
    model = dalle2()
    model.generator.prior = Saying(lambda noisy, time, text: model.embedded(pictures()))
    assert losses(model)["prior"] == 0
    model.generator.prior = Saying(lambda noisy, time, text: torch.zeros_like(noisy))
    # Values of embeddings have a mean square of one.
    assert losses(model)["prior"].item() == pytest.approx(1)


def test_the_upsampler_is_told_no_caption_and_no_embedding():
    model, seen = dalle2(), []
    hook = lambda network, given, named: seen.append(set(named))  # noqa: E731
    model.generator.upsampler.register_forward_pre_hook(hook, with_kwargs=True)
    losses(model)
    drawn(model, [0])
    assert all(named == {"beside", "level"} for named in seen)
    assert seen


def with_another_encoder(model):
    with torch.no_grad():
        for parameter in model.generator.encoder.image.parameters():
            parameter.add_(torch.randn_like(parameter))
    return model


def test_embeddings_are_left_out_as_often_as_asked():
    """With all of them left out, which ones they were does not matter."""
    for drop, matters in ((0.999999, False), (0.0, True)):
        one, other = dalle2(drop_embedding=drop), with_another_encoder(dalle2(drop_embedding=drop))
        assert (losses(one)["decoder"] != losses(other)["decoder"]) == matters


def test_captions_are_left_out_as_often_as_asked():
    for drop, matters in ((0.999999, False), (0.0, True)):
        model = dalle2(drop_caption=drop)
        assert (losses(model)["decoder"] != losses(model, captions=CAPTIONS[::-1])["decoder"]) == matters


@pytest.mark.parametrize("candidates", [1, 2, 5])
def test_of_several_embeddings_the_one_most_like_the_captions_is_taken(candidates):
    """A prior that calls the noise an embedding draws from all directions."""
    foreseeing = Foreseeing(Sampler(Cosine(), "clean", steps=1), candidates)
    like = normalize(torch.randn(7, SIZE, generator=torch.Generator().manual_seed(0)), dim=1)
    draws = NoiseByIndex(3, torch.arange(7))
    found = foreseeing.sample(Saying(lambda noisy, time, text: noisy), None, None, like, draws)
    torch.testing.assert_close(found.norm(dim=1), torch.full((7,), SIZE**0.5))
    again = NoiseByIndex(3, torch.arange(7))
    each = torch.stack([normalize(again.normal(7, SIZE), dim=1) for _ in range(candidates)])
    likeness = (each * like).sum(2)
    torch.testing.assert_close((found * like).sum(1) / SIZE**0.5, likeness.max(0).values)
    for row in range(7):
        torch.testing.assert_close(found[row], SIZE**0.5 * each[likeness[:, row].argmax(), row])


@pytest.mark.parametrize("guidance", [0.0, 1.0, 3.0])
def test_the_prior_is_guided_away_from_the_empty_caption(guidance):
    """A prior that says where its caption points; in one step that is the sample, at its length."""
    asked, empty = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.6, 0.8]])
    text, nothing = (Text(vector[:, None], torch.ones(1, 1, dtype=torch.bool), vector) for vector in (asked, empty))
    prior = Saying(lambda noisy, time, text: text.pooled)
    foreseeing = Foreseeing(Sampler(Cosine(), "clean", steps=1), 1, guidance)
    found = foreseeing.sample(prior, text, nothing, asked, NoiseByIndex(3, torch.arange(1)))
    torch.testing.assert_close(found, 2**0.5 * normalize(empty + guidance * (asked - empty), dim=1))


def test_steps_are_those_of_all_three_parts():
    model, calls = dalle2(), []
    for name in sorted(PARTS):
        model.generator[name].register_forward_pre_hook(lambda *_, name=name: calls.append(name))
    drawn(model, [0], steps=2)
    assert {name: calls.count(name) for name in PARTS} == {"prior": 4, "decoder": 2, "upsampler": 2}


def test_a_sample_is_a_function_of_its_number_and_its_caption():
    model = dalle2()
    three = drawn(model, [0, 1, 2], ["a", "b", "c"])
    assert three.shape == (3, 3, 16, 16)
    assert three.abs().max() <= 1
    torch.testing.assert_close(drawn(model, [2], "c"), three[2:], atol=1e-4, rtol=0)
    assert not torch.allclose(drawn(model, [2], "d"), three[2:], atol=1e-3)
    assert not torch.allclose(drawn(model, [3], "c"), three[2:], atol=1e-3)


def test_without_weight_what_guidance_leads_away_from_does_not_matter():
    model = dalle2()
    assert torch.equal(drawn(model, [0], guidance=1.0), drawn(model, [0], guidance=1.0, negative="blue"))
    assert not torch.equal(drawn(model, [0], guidance=4.0), drawn(model, [0], guidance=4.0, negative="blue"))


def test_guidance_leads_away_from_no_embedding():
    model, seen = dalle2(), []
    model.generator.decoder.register_forward_pre_hook(lambda network, given: seen.append(given[2].embedding))
    drawn(model, [0, 1], guidance=2.0)
    torch.testing.assert_close(seen[0][:2].norm(dim=1), torch.full((2,), SIZE**0.5))
    assert not seen[0][2:].any()


def test_a_picture_is_begun_from_and_kept_where_the_mask_says():
    model, picture = dalle2(), pictures()[:1]
    torch.testing.assert_close(drawn(model, [0], picture=picture, strength=0.0), picture)
    mask = torch.zeros(16, 16)
    mask[:, 8:] = 1
    edited = drawn(model, [0, 1], picture=picture, mask=mask)
    torch.testing.assert_close(edited[..., :8], picture[..., :8].expand(2, -1, -1, -1))
    assert not torch.allclose(edited[..., 8:], picture[..., 8:].expand(2, -1, -1, -1), atol=0.1)


def test_the_upsampler_adds_to_the_enlarged_picture():
    model = dalle2(enlarging=Enlarging(Sampler(Cosine(), "clean", steps=2)))
    model.generator.upsampler = Saying(lambda noisy, time: torch.zeros_like(noisy))
    with torch.no_grad():
        stages = model.stages(torch.tensor([0]), 5, "a")
    torch.testing.assert_close(stages["upsampler"], enlarged(stages["decoder"], 16).clamp(-1, 1))


def test_a_picture_from_an_embedding_is_a_function_of_it():
    """In the place of a prior's: the decoder is told the same vector, at the length it is used to."""
    model, seen = dalle2(), []
    model.generator.decoder.register_forward_pre_hook(lambda network, given: seen.append(given[2].embedding))
    with torch.no_grad():
        embedding = model.sampler.encoder.image(pictures())
        four = model.from_embedding(embedding, torch.arange(4), 5, guidance=1.0)["upsampler"]
        torch.testing.assert_close(seen[0], model.embedded(pictures()))
        last = model.from_embedding(embedding[3:], torch.tensor([3]), 5, guidance=1.0)["upsampler"]
        torch.testing.assert_close(last, four[3:], atol=1e-4, rtol=0)
        other = model.from_embedding(embedding[2:3], torch.tensor([3]), 5, guidance=1.0)["upsampler"]
    assert not torch.allclose(other, last, atol=1e-3)


def test_data_of_another_size_are_refused():
    for step in (0, 5):
        with pytest.raises(ConfigError, match=r"data\.resolution=16, and model\.resolutions=\[4, 8\] end at another"):
            losses(dalle2(step, resolutions=[4, 8]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"resolutions": [16, 8]}, r"model\.resolutions is \[16, 8\]"),
        ({"resolutions": [16]}, r"model\.resolutions is \[16\]; decoder and upsampler have one each"),
        ({"drop_embedding": 1.0}, r"model\.drop_embedding is 1\.0"),
        ({"drop_caption": -0.5}, r"model\.drop_caption is -0\.5"),
        ({"trains": ["encoder"]}, r"model\.trains has encoder; the parts are prior, decoder, upsampler"),
        ({"encoder_share": 0.0}, r"model\.encoder_share is 0\.0"),
    ],
)
def test_values_that_do_not_work_are_one_line(changes, said):
    with pytest.raises(ConfigError, match=said) as caught:
        dalle2(**changes)
    assert "\n" not in str(caught.value)


def test_a_prior_predicts_the_embedding_itself():
    for kind, candidates in (("v", 2), ("clean", 0)):
        with pytest.raises(ConfigError, match=r"^model\.foreseeing: sampler\.kind is clean, and candidates"):
            Foreseeing(Sampler(Cosine(), kind), candidates)


def test_without_a_caption_there_is_nothing_to_draw():
    with pytest.raises(ConfigError, match="draws what a caption says"):
        drawn(dalle2(), [0], None)
