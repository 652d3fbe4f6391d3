import torch

from gansmith.networks.patch_sampler import PatchSampler


def test_each_vector_is_the_heads_output_at_its_place_with_length_one():
    torch.manual_seed(0)
    sampler = PatchSampler([3, 5], features=7)
    maps = [torch.randn(2, 3, 4, 6), torch.randn(2, 5, 2, 3)]
    positions = [torch.tensor([23, 0, 7]), torch.tensor([4])]
    first, second = sampler(maps, positions)
    assert first.shape == (6, 7)
    assert second.shape == (2, 7)
    # Place 7 of rows of six pixels is row 1, column 1; it is the second picture's third.
    expected = sampler.heads[0](maps[0][1, :, 1, 1])
    torch.testing.assert_close(first[5], expected / expected.norm())
    torch.testing.assert_close(second.norm(dim=1), torch.ones(2))


def test_pictures_can_have_places_of_their_own():
    sampler = PatchSampler([3], features=4)
    maps = torch.randn(2, 3, 4, 4)
    (own,) = sampler([maps], [torch.tensor([[1, 2], [3, 4]])])
    for picture, places in enumerate(([1, 2], [3, 4])):
        (alone,) = sampler([maps[picture : picture + 1]], [torch.tensor(places)])
        torch.testing.assert_close(own[2 * picture : 2 * picture + 2], alone)


def test_gradients_reach_the_chosen_places_alone():
    sampler = PatchSampler([3], features=4)
    maps = torch.randn(1, 3, 4, 4, requires_grad=True)
    sampler([maps], [torch.tensor([5, 10])])[0].sum().backward()
    reached = maps.grad.abs().sum(1).flatten().nonzero().flatten()
    assert reached.tolist() == [5, 10]
