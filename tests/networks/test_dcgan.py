import pytest
import torch

from gansmith.errors import ConfigError
from gansmith.networks.dcgan import Discriminator, Generator, stage_widths


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_papers_size_has_the_papers_number_of_parameters():
    assert parameters(Generator(64, 3, latent=100, features=64)) == 3_576_704
    assert parameters(Discriminator(64, 3, features=64)) == 2_765_568


@pytest.mark.parametrize("resolution", [8, 16, 32, 64, 128, 256])
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_have_the_datas_size(resolution, channels):
    generator = Generator(resolution, channels, latent=5, features=2)
    discriminator = Discriminator(resolution, channels, features=2)
    pictures = generator(torch.randn(2, 5))
    assert pictures.shape == (2, channels, resolution, resolution)
    assert pictures.abs().max() <= 1
    assert discriminator(pictures).shape == (2,)


def test_widths_double_towards_the_latent_up_to_eight_times():
    assert stage_widths(64, 64) == [512, 256, 128, 64]
    assert stage_widths(1024, 4) == [32, 32, 32, 32, 32, 16, 8, 4]


@pytest.mark.parametrize("resolution", [4, 20, 0])
def test_other_resolutions_are_refused(resolution):
    with pytest.raises(ConfigError, match=r"data\.resolution"):
        Generator(resolution, 1)


def test_weights_start_from_the_papers_distribution():
    torch.manual_seed(0)
    generator = Generator(64, 3)
    convolution, norm = generator.layers[0], generator.layers[1]
    assert convolution.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert norm.weight.mean().item() == pytest.approx(1.0, abs=0.01)


def test_the_label_changes_picture_and_logit():
    torch.manual_seed(0)
    generator = Generator(16, 1, latent=5, features=4, classes=3).eval()
    discriminator = Discriminator(16, 1, features=4, classes=3).eval()
    latent = torch.randn(1, 5).expand(3, -1)
    label = torch.arange(3)
    pictures = generator(latent, label)
    assert not torch.equal(pictures[0], pictures[1])
    same = pictures[:1].expand(3, -1, -1, -1)
    assert discriminator(same, label).unique().numel() == 3
    with pytest.raises(ValueError, match="needs a label"):
        generator(latent)


def test_without_norm_a_pictures_logit_does_not_depend_on_the_others():
    torch.manual_seed(0)
    discriminator = Discriminator(16, 1, features=4, norm="none")
    pictures = torch.randn(4, 1, 16, 16)
    torch.testing.assert_close(discriminator(pictures)[:1], discriminator(pictures[:1]))
    with pytest.raises(ConfigError, match="norm"):
        Discriminator(16, 1, norm="layer")
