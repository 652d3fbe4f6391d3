"""CycleGAN: its losses in plain torch, both directions, and a pool that knows neither ranks nor restarts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from lightning import LightningDataModule, Trainer
from torch import Tensor, nn
from torch.multiprocessing import start_processes
from torch.optim import SGD, Adam

from gansmith.errors import ConfigError
from gansmith.models import cyclegan
from gansmith.models.cyclegan import CycleGAN
from gansmith.networks.resnet import ResNetGenerator
from gansmith.noise import Noise
from gansmith.objectives.adversarial import LeastSquares, Relativistic, Wasserstein
from gansmith.objectives.penalties import GradientPenalty
from gansmith.training.ema import EMA
from gansmith.training.schedules import Schedule

ROWS, SIDE = 4, 8
SIDES = ("discriminator", "generator")
PLAIN = partial(SGD, lr=0.02)


def critic(channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels, 3, 3), nn.Softplus(), nn.Conv2d(3, 1, 3))


def model(channels: int = 1, optimizer: Any = PLAIN, **changes: Any) -> CycleGAN:
    """From pictures of one channel to pictures of `channels`."""
    torch.manual_seed(0)
    sizes = {"blocks": 1, "features": 2, "norm": "none"}
    networks = {
        "generator": {
            "to_target": ResNetGenerator(1, channels, **sizes),
            "to_source": ResNetGenerator(channels, 1, **sizes),
        },
        "discriminator": {"target": critic(channels), "source": critic(1)},
    }
    settings = {
        "loss": LeastSquares(weight=1.0),
        "optimizer": dict.fromkeys(SIDES, optimizer),
        "schedule": dict.fromkeys(SIDES, Schedule()),
    }
    return CycleGAN(**networks, **{**settings, **changes}).double()


def unpaired(step: int = 0, channels: int = 1) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(step)
    return {
        name: torch.rand(ROWS, count, SIDE, SIDE, generator=generator, dtype=torch.float64) * 2 - 1
        for name, count in (("source", 1), ("target", channels))
    }


class Domains(LightningDataModule):
    """Batch k is a function of k."""

    def __init__(self, start: int = 0) -> None:
        super().__init__()
        self.start = start

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        return map(unpaired, itertools.count(self.start))

    def train_dataloader(self) -> Domains:
        return self


def train(cycle: CycleGAN, steps: int, start: int = 0, **fit: Any) -> Trainer:
    settings = {"accelerator": "cpu", "devices": 1, "max_epochs": -1, "logger": False, "precision": "64-true"}
    quiet = {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(**settings, **quiet, max_steps=steps)
    trainer.fit(cycle, datamodule=Domains(start), **fit)
    return trainer


def losses(cycle: CycleGAN, side: str, batch: dict[str, Any]) -> dict[str, Tensor]:
    """The terms of a half step, with the other side frozen as in training."""
    cycle.side, cycle.noise = side, Noise(0, ROWS, 0, torch.float64)
    with cycle.stepping():
        return getattr(cycle, f"{side}_loss")(batch)


def weights(network: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


# The losses


def test_the_generators_minimise_equation_3_and_the_identity_loss():
    cycle, batch = model(lambda_cycle=6.0, lambda_identity=0.25), unpaired()
    x, y = batch["source"], batch["target"]
    g, f = cycle.generator["to_target"], cycle.generator["to_source"]
    d_x, d_y = cycle.discriminator["source"], cycle.discriminator["target"]
    expected = {
        "adversarial_forward": (d_y(g(x)) - 1).square().mean(),
        "cycle_forward": 6.0 * (f(g(x)) - x).abs().mean(),
        "identity_forward": 1.5 * (g(y) - y).abs().mean(),
        "adversarial_reverse": (d_x(f(y)) - 1).square().mean(),
        "cycle_reverse": 6.0 * (g(f(y)) - y).abs().mean(),
        "identity_reverse": 1.5 * (f(x) - x).abs().mean(),
    }
    terms = losses(cycle, "generator", batch)
    assert terms.keys() == expected.keys()
    for name, term in expected.items():
        torch.testing.assert_close(terms[name], term, msg=name)


def test_each_discriminator_knows_one_domain_and_its_loss_is_halved():
    cycle, batch = model(), unpaired()
    x, y = batch["source"], batch["target"]
    g, f = cycle.generator["to_target"], cycle.generator["to_source"]
    d_x, d_y = cycle.discriminator["source"], cycle.discriminator["target"]
    terms = losses(cycle, "discriminator", batch)
    assert terms.keys() == {"adversarial_forward", "adversarial_reverse"}
    expected = 0.5 * ((d_y(y) - 1).square().mean() + d_y(g(x)).square().mean())
    torch.testing.assert_close(terms["adversarial_forward"], expected)
    expected = 0.5 * ((d_x(x) - 1).square().mean() + d_x(f(y)).square().mean())
    torch.testing.assert_close(terms["adversarial_reverse"], expected)


def test_relativistic_losses_see_the_domain_they_should_join():
    cycle, batch = model(loss=Relativistic()), unpaired()
    d_y, fake = cycle.discriminator["target"], cycle.generator["to_target"](batch["source"])
    expected = Relativistic().generator(d_y(fake), d_y(batch["target"]))
    torch.testing.assert_close(losses(cycle, "generator", batch)["adversarial_forward"], expected)


def test_each_direction_has_its_penalty():
    """Of the mean over patches, on the line from real to fake."""
    cycle, batch = model(loss=Wasserstein(), penalty={"gradient_penalty": GradientPenalty(10.0)}), unpaired()
    noise, expected = Noise(0, ROWS, 0, torch.float64), {}
    for direction, (start, end) in cyclegan.ENDS.items():
        with torch.no_grad():
            fake = cycle.generator[f"to_{end}"](batch[start])
        position = noise.uniform(ROWS, 1, 1, 1)
        between = (position * batch[end] + (1 - position) * fake).requires_grad_(True)
        value = cycle.discriminator[end](between).mean((1, 2, 3)).sum()
        (gradient,) = torch.autograd.grad(value, between)
        expected[direction] = 10 * (gradient.flatten(1).norm(dim=1) - 1).square().mean()
    terms = losses(cycle, "discriminator", batch)
    for direction, penalty in expected.items():
        torch.testing.assert_close(terms[f"gradient_penalty_{direction}"], penalty)


@pytest.mark.parametrize("shared", [False, True], ids=["fakes made twice", "fakes shared"])
@pytest.mark.parametrize("side", SIDES)
def test_no_gradient_reaches_the_other_side(side, shared):
    cycle = model()
    cycle._fakes_are_shared = shared
    sum(losses(cycle, side, unpaired()).values()).backward()
    other = next(name for name in SIDES if name != side)
    assert all(parameter.grad is not None for parameter in cycle.networks(side).parameters())
    assert all(parameter.grad is None for parameter in cycle.networks(other).parameters())


def test_domains_may_differ_in_channels_where_nothing_is_to_stay_the_same():
    batch = unpaired(channels=3)
    terms = losses(model(channels=3, lambda_identity=0.0), "generator", batch)
    assert terms.keys() == {f"{name}_{way}" for name in ("adversarial", "cycle") for way in ("forward", "reverse")}
    with pytest.raises(ConfigError, match=r"model\.lambda_identity=0\.5 .* 1 and 3 channels"):
        model(channels=3).check_batch(unpaired(channels=3))


# A step


def plain_steps(cycle: CycleGAN, steps: int) -> None:
    """Both generators on one sum, then both discriminators on the same fakes, which the pool has not yet filled up."""
    optimizers = {side: SGD(cycle.networks(side).parameters(), lr=0.02) for side in SIDES}
    g, f = cycle.generator["to_target"], cycle.generator["to_source"]
    d_x, d_y = cycle.discriminator["source"], cycle.discriminator["target"]
    for step in range(steps):
        x, y = unpaired(step).values()
        fake_y, fake_x = g(x), f(y)
        optimizers["generator"].zero_grad()
        fooled = (d_y(fake_y) - 1).square().mean() + (d_x(fake_x) - 1).square().mean()
        cycles = (f(fake_y) - x).abs().mean() + (g(fake_x) - y).abs().mean()
        identities = (g(y) - y).abs().mean() + (f(x) - x).abs().mean()
        (fooled + 10 * cycles + 5 * identities).backward()
        optimizers["generator"].step()
        optimizers["discriminator"].zero_grad()
        told_y = (d_y(y) - 1).square().mean() + d_y(fake_y.detach()).square().mean()
        told_x = (d_x(x) - 1).square().mean() + d_x(fake_x.detach()).square().mean()
        (0.5 * (told_y + told_x)).backward()
        optimizers["discriminator"].step()


def test_five_steps_are_those_of_a_plain_loop():
    cycle, plain = model(share_fakes=True), model()
    train(cycle, 5)
    plain_steps(plain, 5)
    for side in SIDES:
        torch.testing.assert_close(weights(cycle.networks(side)), weights(plain.networks(side)), rtol=0, atol=1e-10)


@pytest.mark.parametrize(("shared", "times"), [(True, 3), (False, 4)])
def test_each_generator_runs_as_often_as_it_must(shared, times):
    """Fake, cycle and identity; without sharing a fake again, of the new weights, for the discriminators."""
    cycle, calls = model(share_fakes=shared), []
    cycle.generator["to_target"].register_forward_hook(lambda *_: calls.append(1))
    train(cycle, 1)
    assert len(calls) == times


def test_accumulated_chunks_are_the_large_batch():
    whole, cut = (model(optimizer=partial(Adam, lr=1e-3), accumulate=chunks) for chunks in (1, 2))
    train(whole, 4)
    train(cut, 4)
    for side in SIDES:
        torch.testing.assert_close(weights(cut.networks(side)), weights(whole.networks(side)), rtol=0, atol=1e-7)


# The pool


def test_a_resumed_run_is_one_that_never_stopped(tmp_path):
    """Bit for bit; the pool of 5 is long full where the run stops."""
    settings = {"pool_size": 5, "optimizer": partial(Adam, lr=1e-3), "share_fakes": True, "ema": EMA(half_life=10)}
    whole, first, second = (model(**settings) for _ in range(3))
    train(whole, 9)
    train(first, 4).save_checkpoint(tmp_path / "last.ckpt")
    train(second, 9, start=4, ckpt_path=tmp_path / "last.ckpt")
    for key, tensor in whole.state_dict().items():
        assert torch.equal(second.state_dict()[key], tensor), key
    for direction, pool in whole.pools.items():
        assert len(pool.pictures) == 5
        assert torch.equal(torch.stack(second.pools[direction].pictures), torch.stack(pool.pictures))


def test_without_its_pool_a_resumed_run_would_be_another(tmp_path):
    settings = {"pool_size": 5, "optimizer": partial(Adam, lr=1e-3)}
    whole, first, second = (model(**settings) for _ in range(3))
    train(whole, 9)
    trainer = train(first, 4)
    for pool in first.pools.values():
        pool.pictures.clear()
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    train(second, 9, start=4, ckpt_path=tmp_path / "last.ckpt")
    assert not torch.equal(weights(second.discriminator), weights(whole.discriminator))


def shown_to(cycle: CycleGAN, step: int, rows: slice, rank: int, ranks: int, monkeypatch) -> Tensor:
    """What a rank with these rows of the batch gets from its pool."""
    fakes = unpaired(step)["target"]
    monkeypatch.setattr(cyclegan, "rank", lambda: rank)
    monkeypatch.setattr(cyclegan, "world_size", lambda: ranks)
    monkeypatch.setattr(cyclegan, "all_gather", lambda _: fakes)
    monkeypatch.setattr(CycleGAN, "global_step", step)
    cycle.noise = Noise(0, ROWS, rows.start, torch.float64)
    return cycle._from_pool(fakes[rows], "forward")


@pytest.mark.parametrize("ranks", [2, 4])
def test_ranks_are_shown_what_one_process_is_shown(ranks, monkeypatch):
    alone, *those = (model(pool_size=6) for _ in range(1 + ranks))
    share = ROWS // ranks
    for step in range(12):
        expected = shown_to(alone, step, slice(0, ROWS), 0, 1, monkeypatch)
        parts = [
            shown_to(cycle, step, slice(rank * share, (rank + 1) * share), rank, ranks, monkeypatch)
            for rank, cycle in enumerate(those)
        ]
        assert torch.equal(torch.cat(parts), expected)
    assert not torch.equal(expected, unpaired(11)["target"])


def on_rank(rank: int, ranks: int, folder: Path) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=ranks)
    cycle, share, shown = model(pool_size=6), ROWS // ranks, []
    for step in range(12):
        CycleGAN.global_step = step
        cycle.noise = Noise(0, ROWS, rank * share, torch.float64)
        shown.append(cycle._from_pool(unpaired(step)["target"][rank * share :][:share], "forward"))
    torch.save(torch.stack(shown), folder / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.slow
def test_processes_are_shown_what_one_is_shown(tmp_path, monkeypatch):
    start_processes(on_rank, (2, tmp_path), nprocs=2, start_method="fork")
    parts = torch.cat([torch.load(tmp_path / f"{rank}.pt") for rank in range(2)], dim=1)
    alone = model(pool_size=6)
    expected = [shown_to(alone, step, slice(0, ROWS), 0, 1, monkeypatch) for step in range(12)]
    assert torch.equal(parts, torch.stack(expected))


def test_directions_draw_apart(monkeypatch):
    cycle = model(pool_size=1)
    forward, reverse = [], []
    for step in range(20):
        fakes = unpaired(step)["target"]
        monkeypatch.setattr(CycleGAN, "global_step", step)
        cycle.noise = Noise(0, ROWS, 0, torch.float64)
        for direction, kept in (("forward", forward), ("reverse", reverse)):
            kept.append((cycle._from_pool(fakes, direction) == fakes).flatten(1).all(1))
    assert not torch.equal(torch.stack(forward), torch.stack(reverse))


# Translating


def test_each_direction_has_its_own_network_and_it_is_the_average():
    cycle = model(channels=3, lambda_identity=0.0, ema=EMA(half_life=100))
    cycle.float()
    source, target = torch.rand(2, 1, 11, 9) * 2 - 1, torch.rand(2, 3, 11, 9) * 2 - 1
    assert cycle.directions == ("forward", "reverse")
    there, back = cycle.translate(source), cycle.translate(target, "reverse")
    assert there.shape == (2, 3, 11, 9)
    assert back.shape == (2, 1, 11, 9)
    with torch.no_grad():
        for parameter in cycle.generator.parameters():
            parameter.zero_()
    assert torch.equal(cycle.translate(source, "forward"), there)
    assert torch.equal(cycle.translate(target, "reverse"), back)


def test_each_direction_starts_from_its_own_network_of_a_checkpoint(tmp_path):
    earlier, later = model(ema=EMA(half_life=100)), model(ema=EMA(half_life=100))
    with torch.no_grad():
        for parameter in later.parameters():
            parameter.zero_()
    torch.save({"state_dict": earlier.state_dict()}, tmp_path / "last.ckpt")
    for direction in ("forward", "reverse"):
        later.start_from(str(tmp_path / "last.ckpt"), direction)
    for part in ("to_target", "to_source"):
        for key, weights in earlier.ema_generator[part].state_dict().items():
            assert torch.equal(later.generator[part].state_dict()[key], weights)
            assert torch.equal(later.ema_generator[part].state_dict()[key], weights)
