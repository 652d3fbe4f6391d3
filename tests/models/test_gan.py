"""Pictures from latents: what a sample, and a step on a path between samples, is a function of."""

from functools import partial

import torch
from torch import nn
from torch.optim import SGD
from torch.testing import assert_close

from gansmith.models.gan import GAN
from gansmith.objectives.adversarial import CrossEntropy
from gansmith.training.schedules import Schedule


class Linear(nn.Module):
    """Pictures of one row that are linear in the latent; those of class c have c added."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.eye(6, dtype=torch.float64))

    def forward(self, latent, label):
        pictures = (latent @ self.weight)[:, None, None]
        return pictures if label is None else pictures + label[:, None, None, None]


def linear_gan(classes=0):
    sides = ("generator", "discriminator")
    return GAN(
        Linear(),
        nn.Identity(),
        CrossEntropy(),
        latent=6,
        classes=classes,
        optimizer={side: partial(SGD, lr=0.1) for side in sides},
        schedule={side: Schedule() for side in sides},
    )


def test_paths_are_functions_of_seed_and_number():
    model, indices = linear_gan(), torch.arange(5)
    here, there = model.sample_path(indices, 3, 1e-2)
    again, _ = model.sample_path(torch.tensor([4, 1]), 3, 1e-2)
    assert torch.equal(again, here[[4, 1]])
    assert not torch.equal(here, model.sample_path(indices, 4, 1e-2)[0])
    assert not torch.equal(here, there)


def test_a_step_on_a_path_is_proportional_to_its_length():
    model, indices = linear_gan(), torch.arange(5)
    steps = []
    for epsilon in (1e-4, 2e-4):
        here, there = model.sample_path(indices, 0, epsilon)
        steps.append((there - here) / epsilon)
    assert_close(steps[0], steps[1], rtol=1e-3, atol=1e-3)


def test_both_ends_of_a_step_have_the_class_of_the_sample():
    plain, conditional, indices = linear_gan(), linear_gan(classes=3), torch.arange(5)
    for picture, without in zip(conditional.sample_path(indices, 0, 0.1), plain.sample_path(indices, 0, 0.1)):
        assert_close(picture - without, conditional.labels_of(indices)[:, None, None, None].double().expand(5, 1, 1, 6))
