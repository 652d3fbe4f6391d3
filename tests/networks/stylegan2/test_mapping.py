import pytest
import torch

from gansmith.networks.stylegan2.mapping import Mapping, normalized


def test_rows_are_normalised_to_a_second_moment_of_one():
    rows = normalized(torch.randn(4, 7, dtype=torch.float64))
    torch.testing.assert_close(rows.square().mean(1), torch.ones(4, dtype=torch.float64))


def test_the_length_of_z_does_not_matter():
    torch.manual_seed(0)
    mapping, latent = Mapping(6, 5, layers=2), torch.randn(3, 6)
    torch.testing.assert_close(mapping(latent), mapping(7 * latent))


def test_an_embedding_of_the_label_stands_behind_z():
    torch.manual_seed(0)
    mapping, latent = Mapping(6, 5, layers=2, classes=3), torch.randn(1, 6).expand(3, -1)
    assert mapping.layers[0].weight.shape == (5, 11)
    w = mapping(latent, torch.arange(3))
    assert not torch.allclose(w[0], w[1])
    with pytest.raises(ValueError, match="needs a label"):
        mapping(latent)


def test_a_mapping_of_the_label_alone_is_a_function_of_it():
    torch.manual_seed(0)
    w = Mapping(0, 5, layers=2, classes=3)(None, torch.tensor([2, 0, 2]))
    torch.testing.assert_close(w[0], w[2])
    assert not torch.allclose(w[0], w[1])
