"""The plain layers are StyleGAN2's: the same pictures, logits and penalties, and the same gradients of them."""

from __future__ import annotations

from copy import deepcopy

import modulated
import pytest
import torch
from plain import Numbers
from plain_stylegan2 import made_plain

from gansmith.networks.stylegan2.discriminator import Discriminator
from gansmith.networks.stylegan2.generator import Generator


@pytest.mark.parametrize("step", [modulated.drawn, modulated.lengths, modulated.judged, modulated.gradients])
def test_plain_layers_give_the_same_gradients(step):
    torch.manual_seed(0)
    is_drawn = step in (modulated.drawn, modulated.lengths)
    network = Generator(8, 1, modulated.LATENT, 1 / 512, 8, 1) if is_drawn else Discriminator(8, 1, 1 / 512, 8)
    results = []
    for layers in (network, made_plain(deepcopy(network))):
        value = step(layers, torch.ones(2, 1, 8, 8), Numbers(torch.Generator().manual_seed(1)))
        gradients = torch.autograd.grad(value, list(layers.parameters()), allow_unused=True)
        results.append([value, *(gradient for gradient in gradients if gradient is not None)])
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-5)
