"""Paths between latents."""

import pytest
import torch
from torch.testing import assert_close

from gansmith.models.latents import lerp, slerp


def pair(rows=5, size=7):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(rows, size, generator=generator, dtype=torch.float64) for _ in range(2)]


@pytest.mark.parametrize("path", [lerp, slerp])
def test_paths_begin_and_end_where_they_should(path):
    start, end = pair()
    assert_close(path(start, end, torch.zeros(5, 1, dtype=torch.float64)), start)
    assert_close(path(start, end, torch.ones(5, 1, dtype=torch.float64)), end)


def test_an_arc_between_latents_of_one_length_stays_on_their_sphere_and_goes_at_one_speed():
    start, end = (latent / latent.norm(dim=1, keepdim=True) * 3 for latent in pair())
    shares = torch.linspace(0, 1, 11, dtype=torch.float64)
    places = torch.stack([slerp(start, end, share.expand(5, 1)) for share in shares])
    assert_close(places.norm(dim=2), torch.full((11, 5), 3.0, dtype=torch.float64))
    steps = (places[1:] - places[:-1]).norm(dim=2)
    assert_close(steps, steps[:1].expand_as(steps))


def test_an_arc_between_equal_latents_is_finite():
    start, _ = pair()
    assert_close(slerp(start, start, torch.full((5, 1), 0.3, dtype=torch.float64)), start)
