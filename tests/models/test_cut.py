"""CUT and FastCUT: their losses in plain torch, and patches that no rank or chunk changes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest
import torch
from lightning import LightningDataModule, Trainer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from torch.optim import SGD, Adam

from gansmith.errors import ConfigError
from gansmith.models.cut import CUT
from gansmith.networks.patch_sampler import PatchSampler
from gansmith.networks.resnet import ResNetGenerator
from gansmith.noise import Noise
from gansmith.objectives.adversarial import LeastSquares
from gansmith.training.ema import EMA
from gansmith.training.schedules import Schedule

ROWS, SIDE, LAYERS, PATCHES = 4, 8, (0, 4, 12), 6
SIDES = ("discriminator", "generator")
FASTCUT = {"lambda_nce": 10.0, "nce_identity": False, "flip_equivariance": True}


def model(generator: nn.Module | None = None, **changes: Any) -> CUT:
    torch.manual_seed(0)
    networks = {
        "generator": generator or ResNetGenerator(1, 1, blocks=1, features=2, norm="none", antialias=True),
        "heads": PatchSampler([1, 4, 8], features=5),
        "discriminator": nn.Sequential(nn.Conv2d(1, 3, 3), nn.Softplus(), nn.Conv2d(3, 1, 3)),
    }
    # Heads as they start give all places the same vector, and the loss its largest value.
    for parameter in networks["heads"].parameters():
        nn.init.normal_(parameter)
    settings = {
        "loss": LeastSquares(weight=1.0),
        "layers": LAYERS,
        "patches": PATCHES,
        "optimizer": dict.fromkeys(SIDES, partial(SGD, lr=0.01)),
        "schedule": dict.fromkeys(SIDES, Schedule()),
    }
    return CUT(**networks, **{**settings, **changes}).double()


def unpaired(step: int = 0) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(step)
    return {
        name: torch.rand(ROWS, 1, SIDE, SIDE, generator=generator, dtype=torch.float64) * 2 - 1
        for name in ("source", "target")
    }


def losses(cut: CUT, side: str, batch: dict[str, Any]) -> dict[str, Tensor]:
    """The terms of a half step, with the other side frozen as in training."""
    cut.side, cut.noise = side, Noise(0, ROWS, 0, torch.float64)
    with cut.stepping():
        return getattr(cut, f"{side}_loss")(batch)


def nce_by_hand(cut: CUT, source: Tensor, output: Tensor, noise: Noise) -> Tensor:
    """Layer by layer and picture by picture: the (N + 1)-way classification of section 3."""
    encode, losses = cut.generator["translator"].features_at, []
    for layer, of_output, of_source in zip(itertools.count(), encode(output, LAYERS), encode(source, LAYERS)):
        places = noise.uniform(ROWS, of_output[0, 0].numel()).argsort(1)[:, :PATCHES]
        for row in range(ROWS):
            query, key = (
                normalize(cut.generator["heads"].heads[layer](features[row].flatten(1).T[places[row]]), dim=1)
                for features in (of_output, of_source)
            )
            losses.append(cross_entropy(query @ key.T / 0.07, torch.arange(len(query))))
    return torch.stack(losses).mean()


def test_the_generator_keeps_patches_of_sources_and_targets():
    cut, batch, noise = model(lambda_nce=3.0), unpaired(), Noise(0, ROWS, 0, torch.float64)
    source, target = batch["source"], batch["target"]
    translate = cut.generator["translator"]
    expected = {
        "adversarial": (cut.discriminator(translate(source)) - 1).square().mean(),
        "nce": 1.5 * nce_by_hand(cut, source, translate(source), noise),
        "nce_identity": 1.5 * nce_by_hand(cut, target, translate(target), noise),
    }
    terms = losses(cut, "generator", batch)
    assert terms.keys() == expected.keys()
    for name, term in expected.items():
        torch.testing.assert_close(terms[name], term, msg=name)


def test_without_the_identity_the_whole_weight_is_on_sources():
    cut, batch = model(lambda_nce=10.0, nce_identity=False), unpaired()
    output = cut.generator["translator"](batch["source"])
    terms = losses(cut, "generator", batch)
    assert terms.keys() == {"adversarial", "nce"}
    expected = 10.0 * nce_by_hand(cut, batch["source"], output, Noise(0, ROWS, 0, torch.float64))
    torch.testing.assert_close(terms["nce"], expected)


def test_the_discriminators_loss_is_halved():
    cut, batch = model(), unpaired()
    fake = cut.generator["translator"](batch["source"])
    expected = 0.5 * (
        (cut.discriminator(batch["target"]) - 1).square().mean() + cut.discriminator(fake).square().mean()
    )
    torch.testing.assert_close(losses(cut, "discriminator", batch)["adversarial"], expected)


@pytest.mark.parametrize("shared", [False, True], ids=["fakes made twice", "fakes shared"])
@pytest.mark.parametrize("settings", [{}, FASTCUT], ids=["cut", "fastcut"])
def test_no_gradient_reaches_the_other_side_and_heads_are_the_generators(settings, shared):
    cut = model(**settings)
    cut._fakes_are_shared = shared
    batch = unpaired()
    sum(losses(cut, "discriminator", batch).values()).backward()
    assert all(parameter.grad is None for parameter in cut.generator.parameters())
    cut.zero_grad()
    sum(losses(cut, "generator", batch).values()).backward()
    assert all(parameter.grad is not None for parameter in cut.generator.parameters())
    assert all(parameter.grad is None for parameter in cut.discriminator.parameters())


def test_no_gradient_reaches_what_the_source_looks_like():
    """The output is moved towards the source's features, and these stay."""
    cut, batch = model(), unpaired()
    cut.noise = Noise(0, ROWS, 0, torch.float64)
    source, output = batch["source"].requires_grad_(True), batch["target"].requires_grad_(True)
    of_source, of_output = torch.autograd.grad(cut.nce(source, output), (source, output), allow_unused=True)
    assert of_source is None
    assert of_output.abs().sum() > 0


# Patches


def test_places_differ_within_a_picture_and_between_pictures():
    cut = model(patches=50)
    cut.noise = Noise(0, ROWS, 0, torch.float64)
    places = cut._positions(torch.zeros(ROWS, 3, 9, 7))
    assert places.shape == (ROWS, 50)
    assert all(len(set(row)) == 50 and set(row) <= set(range(63)) for row in places.tolist())
    assert len({tuple(row) for row in places.tolist()}) == ROWS


def test_a_map_with_fewer_places_gives_each_of_them_once():
    cut = model(patches=256)
    cut.noise = Noise(0, ROWS, 0, torch.float64)
    places = cut._positions(torch.zeros(ROWS, 3, 2, 4))
    assert torch.equal(places.sort(1).values, torch.arange(8).expand(ROWS, -1))
    assert math.isfinite(losses(cut, "generator", unpaired())["nce"].item())


@pytest.mark.parametrize("settings", [{}, FASTCUT], ids=["cut", "fastcut"])
def test_rows_draw_the_same_on_any_rank(settings):
    cut, batch = model(**settings), unpaired()
    whole = losses(cut, "generator", {**batch})
    halves = []
    for rows in (slice(0, 2), slice(2, 4)):
        cut.noise = Noise(0, ROWS, rows.start, torch.float64)
        halves.append(cut.generator_loss({name: pictures[rows] for name, pictures in batch.items()}))
    for name, term in whole.items():
        torch.testing.assert_close((halves[0][name] + halves[1][name]) / 2, term, msg=name)


# Mirror images


class Untouched(nn.Module):
    """Leaves pictures alone, and sees their pixels."""

    multiple = scale = 1

    def forward(self, image: Tensor) -> Tensor:
        return image

    def features_at(self, image: Tensor, layers: Sequence[int]) -> list[Tensor]:
        return [image for _ in layers]


def test_half_of_the_sources_are_mirrored():
    cut, source = model(Untouched(), flip_equivariance=True), torch.rand(4000, 1, 1, 2, dtype=torch.float64)
    cut.noise = Noise(0, len(source), 0, torch.float64)
    batch = {"source": source}
    output = cut.generate(batch)
    flipped = batch["flipped"].flatten()
    assert torch.equal(output[flipped], source[flipped].flip(-1))
    assert torch.equal(output[~flipped], source[~flipped])
    assert abs(flipped.double().mean().item() - 0.5) < 5 * 0.5 / 4000**0.5


def test_a_translation_that_commutes_with_mirroring_costs_the_same():
    cut, batch = model(Untouched(), layers=(0,)), unpaired()
    values = []
    for flipped in (
        torch.zeros(ROWS, 1, 1, 1),
        torch.ones(ROWS, 1, 1, 1),
        torch.tensor([1, 0, 0, 1]).view(-1, 1, 1, 1),
    ):
        cut.noise = Noise(0, ROWS, 0, torch.float64)
        output = torch.where(flipped.bool(), batch["source"].flip(-1), batch["source"])
        values.append(cut.nce(batch["source"], output, flipped.bool()))
        assert values[-1] < cut.nce(batch["source"], output.roll(1, -1), flipped.bool())
    torch.testing.assert_close(values[1], values[0])
    torch.testing.assert_close(values[2], values[0])


# Training and translating


class Domains(LightningDataModule):
    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        return map(unpaired, itertools.count())

    def train_dataloader(self) -> Domains:
        return self


def train(cut: CUT, steps: int) -> None:
    settings = {"accelerator": "cpu", "devices": 1, "max_epochs": -1, "logger": False, "precision": "64-true"}
    quiet = {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    Trainer(**settings, **quiet, max_steps=steps).fit(cut, datamodule=Domains())


@pytest.mark.parametrize("settings", [{}, FASTCUT], ids=["cut", "fastcut"])
def test_accumulated_chunks_are_the_large_batch(settings):
    whole, chunked = (
        model(optimizer=dict.fromkeys(SIDES, partial(Adam, lr=1e-3)), accumulate=chunks, **settings)
        for chunks in (1, 2)
    )
    train(whole, 4)
    train(chunked, 4)
    for key, weights in whole.state_dict().items():
        torch.testing.assert_close(chunked.state_dict()[key], weights, rtol=0, atol=1e-7, msg=key)


def test_the_translator_is_the_average_and_takes_any_size():
    cut = model(ema=EMA(half_life=100)).float()
    source = torch.rand(2, 1, 11, 9) * 2 - 1
    output = cut.translate(source)
    assert output.shape == source.shape
    with torch.no_grad():
        for parameter in cut.generator.parameters():
            parameter.zero_()
    assert torch.equal(cut.translate(source), output)


def test_a_checkpoint_fills_the_translator_and_leaves_the_heads(tmp_path):
    earlier, later = model(), model()
    with torch.no_grad():
        for parameter in later.parameters():
            parameter.zero_()
    torch.save({"state_dict": earlier.state_dict()}, tmp_path / "last.ckpt")
    later.start_from(str(tmp_path / "last.ckpt"))
    for key, weights in earlier.generator["translator"].state_dict().items():
        assert torch.equal(later.generator["translator"].state_dict()[key], weights)
    assert not any(parameter.any() for parameter in later.generator["heads"].parameters())


def test_the_encoder_sees_both_so_channels_are_equal():
    batch = {**unpaired(), "target": torch.zeros(ROWS, 3, SIDE, SIDE, dtype=torch.float64)}
    with pytest.raises(ConfigError, match="1 and 3 channels"):
        model().check_batch(batch)
