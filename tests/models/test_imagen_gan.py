"""A cascade of GANs."""

from functools import partial

import pytest
import torch
from torch.nn.functional import l1_loss

from gansmith.diffusion.enlarging import enlarged, reduced
from gansmith.errors import ConfigError
from gansmith.models.imagen_gan import ImagenGAN
from gansmith.networks.captioned import Captioned
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.networks.text_enlarger import TextEnlarger
from gansmith.networks.text_gan import MatchingDiscriminator, TextGenerator
from gansmith.noise import Noise
from gansmith.objectives.matching import MatchingPenalty
from gansmith.training.schedules import Schedule

CAPTIONS = ["a red circle", "two blue squares", "a green cross", "an orange triangle"]
STAGES = {"adversarial_8", "adversarial_16"}


def imagen_gan(**changes):
    torch.manual_seed(0)
    words, sizes = partial(BagOfWords, size=8, buckets=64), {"channels": 3, "features": 4}
    drawing, enlarging = (
        partial(TextGenerator, resolution=8, latent=5, **sizes),
        partial(TextEnlarger, resolution=16, **sizes),
    )
    generator = Captioned(words(), {"to_8": drawing, "to_16": enlarging})
    judges = {f"to_{side}": partial(MatchingDiscriminator, resolution=side, **sizes) for side in (8, 16)}
    discriminator = Captioned(words(), judges)
    with torch.no_grad():
        for parameter in [*generator.parameters(), *discriminator.parameters()]:
            parameter.add_(0.1 * torch.randn_like(parameter))
    plain = dict.fromkeys(ImagenGAN.sides, partial(torch.optim.SGD, lr=0.1))
    schedule = dict.fromkeys(ImagenGAN.sides, Schedule())
    settings = {"resolutions": [8, 16], "latent": 5, "name": "imagen_gan", **changes}
    return ImagenGAN(generator, discriminator, optimizer=plain, schedule=schedule, **settings)


def pictures():
    return torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def terms(model, side, rows=4, start=0):
    model.side, model.noise = side, Noise(1, 4, start, torch.float32)
    batch = {"image": pictures()[start : start + rows], "caption": CAPTIONS[start : start + rows]}
    return model.loss_terms(side, batch)


def drawn(model, indices, prompt):
    with torch.no_grad():
        return model.eval().stages(torch.tensor(indices), 7, prompt)


@pytest.mark.parametrize("side", ImagenGAN.sides)
def test_the_loss_of_a_batch_is_the_mean_over_its_parts(side):
    model = imagen_gan(matching_penalty=MatchingPenalty(power=2.0))
    whole, parts = terms(model, side), [terms(model, side, 2, start) for start in (0, 2)]
    further = {"pixel_16"} if side == "generator" else {"matching_penalty_8", "matching_penalty_16"}
    assert set(whole) == STAGES | further
    for name, value in whole.items():
        torch.testing.assert_close(value, sum(part[name] for part in parts) / 2)


def test_only_the_networks_that_are_to_train_have_a_loss():
    for size, others in ((8, {"adversarial_8"}), (16, {"adversarial_16", "pixel_16"})):
        model = imagen_gan(trains=[size])
        assert set(terms(model, "generator")) == others
        assert set(terms(model, "discriminator")) == {f"adversarial_{size}"}
        model.zero_grad()
        sum(terms(model, "generator").values()).backward()
        for side in (8, 16):
            gradients = [parameter.grad for parameter in model.generator[f"to_{side}"].parameters()]
            assert all(gradient is None for gradient in gradients) == (side != size)


def test_each_side_trains_its_own_encoder():
    model = imagen_gan()
    for side, other in (("discriminator", "generator"), ("generator", "discriminator")):
        model.zero_grad()
        model.side = side
        with model.stepping():
            sum(terms(model, side).values()).backward()
        assert model.networks(side).text.table.weight.grad.any()
        assert all(parameter.grad is None for parameter in model.networks(other).parameters())


def test_a_larger_picture_is_held_to_the_real_one():
    """A network that adds nothing makes of real small pictures their enlarged selves, whatever the noise."""
    model = imagen_gan(pixel_weight=3.0)
    for parameter in model.generator["to_16"].last.parameters():
        torch.nn.init.zeros_(parameter)
    expected = l1_loss(enlarged(reduced(pictures(), 8), 16), pictures())
    torch.testing.assert_close(terms(model, "generator")["pixel_16"], 3 * expected)
    torch.testing.assert_close(
        drawn(model, [0], "a")["to_16"], enlarged(drawn(model, [0], "a")["to_8"], 16).clamp(-1, 1)
    )


def test_a_sample_is_a_function_of_its_number_and_its_caption():
    model = imagen_gan()
    three = drawn(model, [0, 1, 2], ["a", "b", "c"])
    assert [tuple(picture.shape) for picture in three.values()] == [(3, 3, 8, 8), (3, 3, 16, 16)]
    for name, picture in drawn(model, [2], "c").items():
        assert picture.abs().max() <= 1
        torch.testing.assert_close(picture, three[name][2:])
        assert not torch.allclose(drawn(model, [2], "b")[name], picture)
        assert not torch.allclose(drawn(model, [3], "c")[name], picture)
    with pytest.raises(ConfigError, match="draws what a caption says"):
        drawn(model, [0], None)


def test_the_level_of_the_noise_is_known_to_who_enlarges():
    """In training from nothing to twice that of sampling."""
    model, seen = imagen_gan(level=0.3), []
    model.generator["to_16"].register_forward_pre_hook(lambda network, given: seen.append(given))
    drawn(model, [0, 1], "a")
    assert torch.equal(seen[0][1], torch.full((2,), 0.3))
    terms(model, "generator")
    small, level, _ = seen[1]
    draws = Noise(1, 4, 0, torch.float32)
    draws.normal(4, 5)
    torch.testing.assert_close(level, 2 * 0.3 * draws.uniform(4, 1).flatten())
    noise = (small - reduced(pictures(), 8)).flatten(1).std(1)
    torch.testing.assert_close(noise, level, atol=0.05, rtol=0)


def test_data_of_another_size_are_refused():
    with pytest.raises(ConfigError, match=r"data\.resolution=16, and model\.resolutions=\[8\] end at another"):
        terms(imagen_gan(resolutions=[8]), "discriminator")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"resolutions": [16, 8]}, r"model\.resolutions is \[16, 8\]"),
        ({"resolutions": [4, 16]}, r"model\.resolutions is \[4, 16\]; each is twice the one before"),
        ({"trains": [4]}, r"model\.trains has 4"),
        ({"level": -0.1}, r"model\.level is -0\.1; it can't be negative"),
        ({"pixel_weight": -1}, r"model\.pixel_weight is -1"),
    ],
)
def test_values_that_do_not_work_are_one_line(changes, said):
    with pytest.raises(ConfigError, match=said) as caught:
        imagen_gan(**changes)
    assert "\n" not in str(caught.value)
