"""The matrices by which latents enter generators."""

import pytest
import torch
from torch import nn

from gansmith.networks import biggan, dcgan, mlp, r3gan, resnet_gan
from gansmith.networks.matrices import matrix_of
from gansmith.networks.spectral import spectral_norm
from gansmith.networks.stylegan2.equalized import EqualizedLinear
from gansmith.networks.stylegan2.generator import Generator as StyleGAN2Generator

LATENT = 6
# A generator with classes, and the layers whose outputs are linear in the latent, in the order of the matrix's rows.
GENERATORS = {
    "mlp": (
        lambda: mlp.Generator(8, 1, latent=LATENT, hidden=[5], classes=3),
        lambda network: [network.layers[0]],
    ),
    "dcgan": (
        lambda: dcgan.Generator(8, 1, latent=LATENT, features=2, classes=3),
        lambda network: [network.layers[0]],
    ),
    "resnet_gan": (
        lambda: resnet_gan.Generator(8, 1, latent=LATENT, width=1 / 64, classes=3, spectral=True),
        lambda network: [network.first],
    ),
    "biggan": (
        lambda: biggan.Generator(8, 1, latent=LATENT, features=2, shared=4, classes=3, attention=None),
        lambda network: [network.first, *(reader for block in network.blocks for reader in block.readers())],
    ),
    "r3gan": (
        lambda: r3gan.Generator(8, 1, latent=LATENT, features=4, cardinality=2, classes=3),
        lambda network: [network.weigh],
    ),
}


@pytest.mark.parametrize(
    "layer", [nn.Linear(3, 4), spectral_norm(nn.Linear(3, 4)), EqualizedLinear(3, 4, bias=1.0, rate=0.5)]
)
def test_a_matrix_does_what_its_layer_does(layer):
    layer = layer.double().eval()
    inputs, shift = torch.randn(2, 3).double(), layer(torch.zeros(1, 3).double())
    torch.testing.assert_close(inputs @ matrix_of(layer).t() + shift, layer(inputs))


@pytest.mark.parametrize("name", GENERATORS)
def test_what_reads_the_latent_changes_by_the_matrix(name):
    torch.manual_seed(0)
    build, readers = GENERATORS[name]
    network = build().double().eval()
    outputs = []
    for reader in readers(network):
        reader.register_forward_hook(lambda module, inputs, output: outputs.append(output.flatten(1).clone()))
    (matrix,) = network.latent_matrices()
    label, latents = torch.tensor([2]), torch.randn(2, 1, LATENT).double()
    outputs.clear()
    network(latents[0], label)
    before = torch.cat(outputs, 1)
    outputs.clear()
    network(latents[1], label)
    expected = torch.cat(outputs, 1) - before
    torch.testing.assert_close((latents[1] - latents[0]) @ matrix.t(), expected)


def test_a_w_of_stylegan2_enters_by_the_matrix_of_its_layer():
    torch.manual_seed(0)
    network = StyleGAN2Generator(16, 1, latent=LATENT, width=1 / 64, most=4).double()
    matrices = network.latent_matrices()
    assert len(matrices) == network.synthesis.layers
    affines = [module for name, module in network.named_modules() if name.endswith("affine")]
    assert sum(len(matrix) for matrix in matrices) == sum(len(affine.weight) for affine in affines)
    inputs = {}
    for affine in affines:
        affine.register_forward_hook(lambda module, given, output: inputs.update({module: (given[0], output)}))
    styles = torch.randn(1, len(matrices), LATENT).double()
    network.synthesis(styles)
    for layer, matrix in enumerate(matrices):
        readers = [affine for affine in affines if torch.equal(inputs[affine][0], styles[:, layer])]
        outputs = torch.cat([inputs[affine][1] - 1 for affine in readers], 1)
        torch.testing.assert_close((styles[:, layer] @ matrix.t()).sort(1).values, outputs.sort(1).values)
