import pytest
import torch

from gansmith.networks.recurrent import Discriminator


@pytest.mark.parametrize("resolution", [8, 32, 64])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_pictures_of_any_size_have_one_logit(resolution, channels):
    pictures = torch.randn(2, channels, resolution, resolution)
    assert Discriminator(resolution, channels, hidden=4)(pictures).shape == (2,)


def test_it_says_what_a_fused_network_over_rows_says():
    torch.manual_seed(0)
    discriminator = Discriminator(8, 2, hidden=5)
    fused = torch.nn.GRU(16, 5, batch_first=True)
    for name, weight in discriminator.cell.named_parameters():
        getattr(fused, f"{name}_l0").data.copy_(weight.detach())
    pictures = torch.randn(3, 2, 8, 8)
    # A row of all channels is one item of the sequence.
    sequence = torch.stack([torch.cat([pictures[:, 0, row], pictures[:, 1, row]], 1) for row in range(8)], 1)
    _, last = fused(sequence)
    torch.testing.assert_close(discriminator(pictures), discriminator.output(last[0]).flatten())


def test_the_label_changes_the_logit():
    torch.manual_seed(0)
    discriminator = Discriminator(8, 1, hidden=4, classes=3)
    picture = torch.randn(1, 1, 8, 8).expand(3, -1, -1, -1)
    assert discriminator(picture, torch.arange(3)).unique().numel() == 3


def test_gradient_penalties_have_the_gradient_of_the_mathematics():
    torch.manual_seed(0)
    network = Discriminator(8, 1, hidden=4).double()
    point, direction = torch.randn(2, 2, 1, 8, 8, dtype=torch.float64)

    def penalty(image):
        image = image.requires_grad_()
        (gradient,) = torch.autograd.grad(network(image).sum(), image, create_graph=True)
        return gradient.square().sum()

    (gradient,) = torch.autograd.grad(penalty(point), point)
    step = 1e-6
    difference = penalty(point.detach() + step * direction) - penalty(point.detach() - step * direction)
    torch.testing.assert_close((gradient * direction).sum(), difference.detach() / (2 * step), rtol=1e-4, atol=1e-12)
