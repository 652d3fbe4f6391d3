"""Codes of samples, and what models make of them."""

import pytest
import torch
import walking

from gansmith.noise import NoiseByIndex, latents_by_index

INDICES = torch.tensor([4, 0, 7])
MODELS = {
    "gan": walking.conditional_model,
    "biggan": walking.biggan_model,
    "stylegan2": walking.stylegan2_model,
    "stylegan2, classes": lambda: walking.stylegan2_model(classes=3),
}


@pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("conditions", [{}, {"label": 1}], ids=["plain", "class"])
def test_a_decoded_code_is_its_sample_bit_for_bit_in_every_space(build, conditions):
    model = build().eval()
    samples = model.sample(INDICES, 3, **conditions)
    for space in model.spaces:
        code = model.code(INDICES, 3, space, **conditions)
        assert torch.equal(model.decode(code, INDICES, 3, space, **conditions), samples)


@pytest.mark.parametrize("build", [MODELS["biggan"], MODELS["stylegan2"]], ids=["biggan", "stylegan2"])
def test_truncated_samples_are_their_codes_too(build):
    model = build().eval()
    samples = model.sample(INDICES, 3, truncation=0.5)
    assert not torch.allclose(samples, model.sample(INDICES, 3))
    for space in model.spaces:
        code = model.code(INDICES, 3, space, truncation=0.5)
        assert torch.equal(model.decode(code, INDICES, 3, space, truncation=0.5), samples)


def test_samples_are_what_the_generator_makes_of_the_draws_of_their_numbers():
    model = walking.stylegan2_model(classes=3).eval()
    draws = NoiseByIndex(3, INDICES)
    latent = draws.normal(3, walking.LATENT)
    assert torch.equal(latent, latents_by_index(INDICES, walking.LATENT, 3))
    assert torch.equal(model.sampler(latent, INDICES % 3, draws, 0.7), model.sample(INDICES, 3, truncation=0.7))
    plain = walking.conditional_model().eval()
    assert torch.equal(plain.sampler(latent, INDICES % 3), plain.sample(INDICES, 3))


def test_classes_may_be_given_one_by_one():
    model = walking.conditional_model().eval()
    code = model.code(INDICES, 3)
    pictures = model.decode(code, INDICES, 3, label=torch.tensor([2, 0, 1]))
    for row, label in enumerate([2, 0, 1]):
        alone = model.decode(code[row : row + 1], INDICES[row : row + 1], 3, label=label)
        torch.testing.assert_close(pictures[row : row + 1], alone)


def test_modes_are_left_as_they_were():
    model = walking.stylegan2_model()
    model.train()
    walker = walking.walker(model, truncation=0.5)
    code = walker.code(INDICES, "w")
    walker.show(code, INDICES, "w", "")
    walker.matrices()
    assert all(module.training for module in model.modules())


def test_pictures_do_not_depend_on_the_batches():
    model = walking.stylegan2_model()
    indices = torch.arange(7)
    code = walking.walker(model).code(indices, "w")
    whole = walking.walker(model).show(code, indices, "w", "")
    parts = walking.walker(model, batch_size=3).show(code, indices, "w", "")
    assert (whole.int() - parts.int()).abs().max() <= 1
    assert torch.equal(whole, model.sample_images(indices, 3))
