import math

import pytest
import torch

from gansmith.networks.stylegan2.equalized import EqualizedConv2d, EqualizedLinear, activated


def test_outputs_have_the_variance_of_inputs_from_the_start():
    torch.manual_seed(0)
    for layer, shape in ((EqualizedLinear(256, 256), (64, 256)), (EqualizedConv2d(32, 64, 3), (4, 32, 16, 16))):
        inside = layer(torch.randn(shape))
        inside = inside[..., 1:-1, 1:-1] if inside.ndim == 4 else inside
        assert inside.var().item() == pytest.approx(1.0, rel=0.1)


def test_the_rate_changes_steps_and_not_outputs():
    torch.manual_seed(0)
    plain = EqualizedLinear(3, 2, bias=0.5)
    slow = EqualizedLinear(3, 2, bias=0.5, rate=0.01)
    with torch.no_grad():
        slow.weight.copy_(plain.weight / 0.01)
    features = torch.randn(5, 3)
    torch.testing.assert_close(slow(features), plain(features))
    for layer in (plain, slow):
        layer(features).sum().backward()
    torch.testing.assert_close(slow.weight.grad, 0.01 * plain.weight.grad)
    torch.testing.assert_close(slow.bias.grad, 0.01 * plain.bias.grad)


def test_activation_is_the_leaky_relu_times_the_root_of_two():
    expected = math.sqrt(2) * torch.tensor([-0.2, 0.0, 3.0])
    torch.testing.assert_close(activated(torch.tensor([-1.0, 0.0, 3.0])), expected)


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_convolution_keeps_the_side_or_halves_it(kernel):
    features = torch.randn(2, 3, 8, 8)
    assert EqualizedConv2d(3, 4, kernel)(features).shape == (2, 4, 8, 8)
    assert EqualizedConv2d(3, 4, kernel, down=True)(features).shape == (2, 4, 4, 4)
