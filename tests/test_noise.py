import torch

from gansmith.noise import Noise, latents_by_index, mix_seed


def test_slices_of_ranks_and_chunks_are_the_whole_batch():
    whole = Noise(7, 12, 0, torch.float32)
    expected = [whole.normal(12, 5), whole.uniform(12, 1, 1)]
    parts = [Noise(7, 12, start, torch.float32) for start in (0, 4, 8)]
    drawn = [(part.normal(4, 5), part.uniform(4, 1, 1)) for part in parts]
    for kind in range(2):
        torch.testing.assert_close(torch.cat([part[kind] for part in drawn]), expected[kind], rtol=0, atol=0)


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    Noise(7, 4, 0, torch.float32).normal(4, 3)
    latents_by_index(torch.arange(3), 4, seed=0)
    assert torch.equal(torch.get_rng_state(), before)


def test_draws_have_the_moments_of_their_distributions():
    noise = Noise(3, 20000, 0, torch.float64)
    normal, uniform = noise.normal(20000), noise.uniform(20000)
    assert abs(normal.mean()) < 0.03
    assert abs(normal.std() - 1) < 0.03
    assert abs(uniform.mean() - 0.5) < 0.01
    assert uniform.min() >= 0
    assert uniform.max() < 1


def test_a_latent_depends_on_seed_and_index_alone():
    alone = latents_by_index(torch.tensor([5]), 4, seed=1)
    among = latents_by_index(torch.tensor([3, 5, 9]), 4, seed=1)
    assert torch.equal(alone[0], among[1])
    assert not torch.equal(alone, latents_by_index(torch.tensor([5]), 4, seed=2))


def test_seeds_are_spread():
    seeds = {mix_seed(0, step, side) for step in range(1000) for side in ("generator", "discriminator")}
    assert len(seeds) == 2000
    assert all(0 <= seed < 2**63 for seed in seeds)
