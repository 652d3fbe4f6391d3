import torch

from gansmith.networks.mlp import Discriminator, Generator


def test_pictures_have_the_datas_size_and_range():
    generator = Generator(8, 3, latent=5, hidden=(16, 32))
    pictures = generator(torch.randn(4, 5))
    assert pictures.shape == (4, 3, 8, 8)
    assert pictures.abs().max() <= 1
    assert Discriminator(8, 3, hidden=(16,))(pictures).shape == (4,)


def test_number_of_parameters_is_that_of_the_matrices():
    layers = [(100, 256), (256, 512), (512, 1024), (1024, 784)]
    expected = sum(inputs * outputs + outputs for inputs, outputs in layers)
    assert sum(p.numel() for p in Generator(28, 1).parameters()) == expected


def test_the_label_changes_the_logit():
    torch.manual_seed(0)
    discriminator = Discriminator(8, 1, hidden=(16,), classes=3)
    picture = torch.randn(1, 1, 8, 8).expand(3, -1, -1, -1)
    assert discriminator(picture, torch.arange(3)).unique().numel() == 3
