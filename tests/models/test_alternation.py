"""The alternation: who steps when, on what, and that a step is what its mathematics says."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import torch
from lightning import Callback, LightningDataModule, Trainer
from lightning.pytorch.plugins import MixedPrecision
from torch import Tensor, nn
from torch.optim import SGD, Adam

from gansmith.errors import ConfigError, NonFiniteError
from gansmith.models.adversarial import AdversarialModel
from gansmith.models.gan import GAN
from gansmith.networks.dcgan import Discriminator, Generator
from gansmith.noise import Noise, mix_seed
from gansmith.objectives.adversarial import CrossEntropy, Relativistic, Wasserstein
from gansmith.objectives.penalties import R1, GradientPenalty
from gansmith.ranges import to_unit_range
from gansmith.training.ema import EMA
from gansmith.training.schedules import Schedule

LATENT, ROWS = 6, 8
PLAIN = partial(SGD, lr=0.1)


class Pictures(LightningDataModule):
    """Batch k is a function of k."""

    def batch(self, step: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(step)
        image = torch.randint(256, (ROWS, 1, 8, 8), generator=generator, dtype=torch.uint8)
        return {"image": image, "label": torch.randint(3, (ROWS,), generator=generator)}

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        return map(self.batch, itertools.count())

    def train_dataloader(self) -> Pictures:
        return self


def gan(
    optimizer: Callable[..., Any] = PLAIN,
    kind: type[GAN] = GAN,
    norm: str = "none",
    **changes: Any,
) -> GAN:
    torch.manual_seed(0)
    classes = changes.get("classes", 0)
    networks = {
        "generator": Generator(8, 1, latent=LATENT, features=3, norm=norm, classes=classes),
        "discriminator": Discriminator(8, 1, features=3, norm=norm, classes=classes),
    }
    settings = {
        "loss": CrossEntropy(),
        "latent": LATENT,
        "optimizer": dict.fromkeys(("generator", "discriminator"), optimizer),
        "schedule": dict.fromkeys(("generator", "discriminator"), Schedule()),
    }
    return kind(**networks, **{**settings, **changes}).double()


def train(model: AdversarialModel, steps: int, data: Pictures | None = None, **changes: Any) -> Trainer:
    settings = {"accelerator": "cpu", "devices": 1, "max_epochs": -1, "logger": False, "precision": "64-true"}
    quiet = {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(**{**settings, **quiet, **changes}, max_steps=steps)
    trainer.fit(model, datamodule=data or Pictures())
    return trainer


def weights(network: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


class Every(Callback):
    """Calls a function after each step."""

    def __init__(self, function: Callable[[Trainer, Any], None]) -> None:
        self.function = function

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        self.function(trainer, pl_module)


# Counting


@pytest.mark.parametrize("critic_steps", [1, 2, 5])
def test_a_step_is_a_batch_whatever_the_number_of_optimizer_steps(critic_steps):
    seen = []
    model = gan(critic_steps=critic_steps)
    trainer = train(model, 13, callbacks=[Every(lambda t, _: seen.append(t.global_step))])
    assert seen == list(range(1, 14))
    assert trainer.global_step == 13
    assert model.images_seen == 13 * ROWS


def test_lightnings_own_checkpoints_count_the_same_steps(tmp_path):
    from lightning.pytorch.callbacks import ModelCheckpoint

    checkpoints = ModelCheckpoint(tmp_path, filename="{step}", every_n_train_steps=5, save_top_k=-1)
    train(gan(critic_steps=2), 13, callbacks=[checkpoints], enable_checkpointing=True)
    assert sorted(path.stem for path in tmp_path.glob("*.ckpt")) == ["step=10", "step=5"]


def test_the_generator_steps_after_every_critic_steps_th_fresh_batch():
    moved, pictures = [], []

    class Watched(GAN):
        def discriminator_loss(self, batch):
            pictures.append(batch["image"].sum().item())
            return super().discriminator_loss(batch)

    model = gan(kind=Watched, critic_steps=3)
    before = {"weights": weights(model.generator)}

    def look(trainer: Trainer, module: GAN) -> None:
        now = weights(module.generator)
        moved.append(not torch.equal(now, before["weights"]))
        before["weights"] = now

    train(model, 7, callbacks=[Every(look)])
    assert moved == [False, False, True, False, False, True, False]
    assert len(set(pictures)) == 7


def test_who_steps_first_is_the_variants_choice():
    order = []

    class Watched(GAN):
        def discriminator_loss(self, batch):
            order.append("discriminator")
            return super().discriminator_loss(batch)

        def generator_loss(self, batch):
            order.append("generator")
            return super().generator_loss(batch)

    class GeneratorFirst(Watched):
        generator_first = True

    train(gan(kind=Watched), 1)
    train(gan(kind=GeneratorFirst), 1)
    assert order == ["discriminator", "generator", "generator", "discriminator"]


# A step


def plain_steps(model: GAN, steps: int, lr: float, shared: bool) -> None:
    """The loop that a paper's algorithm box would be, on the same random numbers."""
    loss = CrossEntropy()
    optimizers = {side: SGD(model.networks(side).parameters(), lr=lr) for side in ("generator", "discriminator")}
    for step in range(steps):
        real = to_unit_range(Pictures().batch(step)["image"]).double()
        latents = {
            side: Noise(mix_seed(0, step, side), ROWS, 0, torch.float64).normal(ROWS, LATENT) for side in optimizers
        }
        if shared:
            latents["generator"] = latents["discriminator"]
        fake = model.generator(latents["discriminator"]).detach()
        optimizers["discriminator"].zero_grad()
        loss.discriminator(model.discriminator(real), model.discriminator(fake)).backward()
        optimizers["discriminator"].step()
        optimizers["generator"].zero_grad()
        loss.generator(model.discriminator(model.generator(latents["generator"]))).backward()
        optimizers["generator"].step()


@pytest.mark.parametrize("shared", [False, True], ids=["fakes made twice", "fakes shared"])
def test_ten_steps_are_those_of_a_plain_loop(shared):
    model, plain = gan(share_fakes=shared), gan()
    train(model, 10)
    plain_steps(plain, 10, lr=0.1, shared=shared)
    for side in ("generator", "discriminator"):
        torch.testing.assert_close(weights(model.networks(side)), weights(plain.networks(side)), rtol=0, atol=1e-6)


def test_shared_fakes_are_made_once():
    calls = []
    for shared in (False, True):
        model = gan(share_fakes=shared)
        made = []
        model.generator.register_forward_hook(lambda *_, made=made: made.append(1))
        train(model, 4)
        calls.append(len(made))
    assert calls == [8, 4]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"penalty": {"gradient_penalty": GradientPenalty(10.0)}, "critic_steps": 2, "loss": Wasserstein()},
        {"loss": Relativistic(), "penalty": {"r1": R1(1.0, interval=2)}},
        {"classes": 3, "clip_norm": {"generator": 0.01, "discriminator": 0.02}},
    ],
    ids=["cross-entropy", "wgan-gp", "relativistic", "conditional and clipped"],
)
@pytest.mark.parametrize("chunks", [2, 4])
def test_accumulated_chunks_are_the_large_batch(changes, chunks):
    whole, cut = gan(**changes), gan(accumulate=chunks, **changes)
    train(whole, 6)
    train(cut, 6)
    for side in ("generator", "discriminator"):
        torch.testing.assert_close(weights(cut.networks(side)), weights(whole.networks(side)), rtol=0, atol=1e-5)


def test_chunks_must_divide_the_batch():
    with pytest.raises(ConfigError, match=r"model\.accumulate is 3.*data\.batch_size=8"):
        train(gan(accumulate=3), 1)


def test_the_waiting_side_gets_no_gradient_and_is_freed_again():
    frozen = []

    class Watched(GAN):
        def discriminator_loss(self, batch):
            terms = super().discriminator_loss(batch)
            frozen.append(("generator", any(p.requires_grad for p in self.generator.parameters())))
            return terms

        def generator_loss(self, batch):
            terms = super().generator_loss(batch)
            frozen.append(("discriminator", any(p.requires_grad for p in self.discriminator.parameters())))
            return terms

    model = gan(kind=Watched)
    train(model, 2)
    assert frozen == [("generator", False), ("discriminator", False)] * 2
    assert all(
        parameter.requires_grad
        for side in ("generator", "discriminator")
        for parameter in model.networks(side).parameters()
    )


def test_what_was_frozen_before_stays_frozen():
    model = gan()
    model.discriminator.layers[0].weight.requires_grad_(False)
    before = model.discriminator.layers[0].weight.clone()
    train(model, 3)
    assert torch.equal(model.discriminator.layers[0].weight, before)
    assert not model.discriminator.layers[0].weight.requires_grad


def test_clipping_bounds_the_step_of_its_side_alone():
    moved = {}
    for limit in (None, 1e-3):
        model = gan(clip_norm={"generator": limit, "discriminator": None})
        before = {side: weights(model.networks(side)) for side in ("generator", "discriminator")}
        train(model, 1)
        moved[limit] = {side: (weights(model.networks(side)) - before[side]).norm().item() for side in before}
    assert moved[1e-3]["generator"] == pytest.approx(0.1 * 1e-3, rel=1e-3)
    assert moved[1e-3]["discriminator"] == moved[None]["discriminator"]
    assert moved[None]["generator"] > moved[1e-3]["generator"]


def test_lazy_penalty_is_taken_at_its_interval():
    seen = []

    class Counted(R1):
        def value(self, *arguments):
            seen.append(1)
            return super().value(*arguments)

    train(gan(penalty={"r1": Counted(1.0, interval=3)}), 7)
    assert len(seen) == 3


def test_learning_rates_follow_each_sides_schedule():
    rates = []
    model = gan(
        optimizer=partial(SGD, lr=0.5),
        schedule={"generator": Schedule("linear"), "discriminator": Schedule(warmup=2)},
    )

    def look(_: Trainer, module: GAN) -> None:
        rates.append([optimizer.param_groups[0]["lr"] for optimizer in module.optimizers()])

    train(model, 4, callbacks=[Every(look)])
    assert rates == [[0.25, 0.5], [0.5, 0.375], [0.5, 0.25], [0.5, 0.125]]


# The average


def test_the_average_follows_the_generator_by_its_half_life_and_nothing_else_is_averaged():
    model = gan(ema=EMA(half_life=ROWS, ramp_up=None), critic_steps=2)
    expected = {"average": weights(model.generator)}

    def follow(trainer: Trainer, module: GAN) -> None:
        if trainer.global_step % 2 == 0:
            # Two batches were seen since the last update: two half-lives.
            expected["average"] = 0.25 * expected["average"] + 0.75 * weights(module.generator)

    train(model, 6, callbacks=[Every(follow)])
    torch.testing.assert_close(weights(model.ema_generator), expected["average"])
    assert not [name for name in model.state_dict() if "ema" in name and not name.startswith("ema_generator.")]


def test_samples_come_from_the_average_in_eval_mode_and_leave_modes_alone():
    model = gan(ema=EMA(half_life=10), norm="batch")
    train(model, 3)
    model.ema_generator.train()
    images = model.sample_images(torch.arange(5), seed=3)
    assert images.dtype == torch.uint8
    assert images.shape == (5, 1, 8, 8)
    assert model.ema_generator.training
    assert torch.equal(images[2:4], model.sample_images(torch.tensor([2, 3]), seed=3))
    with torch.no_grad():
        for parameter in model.generator.parameters():
            parameter.zero_()
    assert torch.equal(images, model.sample_images(torch.arange(5), seed=3))


def test_conditional_samples_take_the_classes_in_turn_or_the_one_asked_for():
    model = gan(classes=3)
    asked = []
    model.generator.register_forward_hook(lambda _, inputs, __: asked.append(inputs[1].tolist()))
    model.sample_images(torch.arange(5), seed=0)
    model.sample_images(torch.arange(3), seed=0, label=2)
    assert asked == [[0, 1, 2, 0, 1], [2, 2, 2]]


# Precision and the guard


def test_bfloat16_trains_with_penalties_in_float32():
    model = gan(optimizer=partial(Adam, lr=1e-3), penalty={"r1": R1(1.0)}).float()
    kinds = []
    model.discriminator.register_forward_hook(lambda _, __, output: kinds.append(output.dtype))
    train(model, 3, precision="bf16-mixed")
    assert kinds[:3] == [torch.bfloat16, torch.bfloat16, torch.float32]
    assert torch.isfinite(weights(model.generator)).all()


def test_float16_gradients_are_unscaled_before_they_are_measured_and_clipped():
    limit, steps = 1e-3, []
    for precision in ({"precision": "32-true"}, {"precision": None, "plugins": [scaled_float16()]}):
        model = gan(clip_norm={"generator": limit, "discriminator": None}).float()
        before = weights(model.generator)
        norms = []
        watch = Every(lambda _, module, norms=norms: norms.append(module.take_scalars()["gradient_norm/generator"]))
        train(model, 1, callbacks=[watch], **precision)
        steps.append((norms[0], (weights(model.generator) - before).norm().item()))
    (norm, moved), (half_norm, half_moved) = steps
    assert half_norm == pytest.approx(norm, rel=0.05)
    assert half_moved == pytest.approx(moved, rel=1e-2) == pytest.approx(0.1 * limit, rel=1e-2)


def scaled_float16() -> MixedPrecision:
    """What a GPU does under 16-mixed; by itself Lightning takes bfloat16 on a CPU."""
    return MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=4096.0))


@pytest.mark.parametrize(("precision", "dtype"), [("32-true", torch.float32), ("64-true", torch.float64)])
def test_floating_fields_take_the_type_of_the_weights_and_others_keep_theirs(precision, dtype):
    """Pictures of the loader are bytes, those that a task derives floats of single precision."""
    seen = []

    class Derived(Pictures):
        def batch(self, step: int) -> dict[str, Tensor]:
            plain = super().batch(step)
            return {**plain, "source": to_unit_range(plain["image"]), "mask": plain["image"] > 99}

    class Watched(GAN):
        def discriminator_loss(self, batch):
            seen.append({key: value.dtype for key, value in batch.items() if isinstance(value, Tensor)})
            return super().discriminator_loss(batch)

    train(gan(kind=Watched).to(dtype), 1, data=Derived(), precision=precision)
    assert seen == [{"image": dtype, "source": dtype, "label": torch.int64, "mask": torch.bool}]


def test_fused_optimizers_do_not_go_with_a_loss_scaler():
    model = gan(optimizer=partial(Adam, fused=True)).float()
    with pytest.raises(ConfigError, match=r"trainer\.precision=16-mixed"):
        train(model, 1, precision=None, plugins=[scaled_float16()])


def test_with_a_loss_scaler_an_overflow_skips_a_step_and_does_not_stop_the_run():
    model = gan().float()
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**30)
    train(model, 12, precision=None, plugins=[MixedPrecision("16-mixed", "cpu", scaler)])
    assert scaler.get_scale() < 2.0**30
    assert torch.isfinite(weights(model.discriminator)).all()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("c++") is None, reason="torch.compile needs a C++ compiler on a CPU")
def test_compiled_networks_take_the_same_steps_under_the_same_names():
    eager, compiled = gan().float(), gan().float()
    compiled.compile_networks()
    for model in (eager, compiled):
        train(model, 5, precision="32-true")
    assert eager.state_dict().keys() == compiled.state_dict().keys()
    for side in ("generator", "discriminator"):
        torch.testing.assert_close(weights(eager.networks(side)), weights(compiled.networks(side)), rtol=0, atol=1e-4)


def test_what_a_penalty_differentiates_twice_is_not_compiled():
    plain, penalised = gan(), gan(penalty={"r1": R1(1.0)})
    for model in (plain, penalised):
        model.compile_networks()
    assert plain.discriminator._compiled_call_impl is not None
    assert penalised.discriminator._compiled_call_impl is None
    assert penalised.generator._compiled_call_impl is not None


@pytest.mark.parametrize(("penalty", "expected"), [({}, ["c", "d", "a", "b"]), ({"r1": R1(1.0)}, ["a", "b"])])
def test_of_several_networks_of_a_side_each_is_compiled(penalty, expected, monkeypatch):
    """The ModuleDict itself is never called, so compiling it would do nothing."""
    compiled = []
    monkeypatch.setattr(nn.Module, "compile", lambda network: compiled.append(network))
    sides = {
        side: nn.ModuleDict({name: nn.Conv2d(1, 1, 1) for name in names})
        for side, names in (("generator", "ab"), ("discriminator", "cd"))
    }
    several = AdversarialModel(**sides, optimizer={}, schedule={}, ema=EMA(half_life=10), penalty=penalty)
    several.compile_networks()
    names = {id(network): name for networks in sides.values() for name, network in networks.items()}
    assert [names[id(network)] for network in compiled] == expected


@pytest.mark.parametrize("side", ["discriminator", "generator"])
def test_a_loss_that_is_not_finite_stops_the_run_before_the_weights_change(side):
    class Broken(GAN):
        def _break(self, terms):
            return {**terms, "matching": terms["adversarial"] * float("nan")} if self.global_step == 2 else terms

        def discriminator_loss(self, batch):
            terms = super().discriminator_loss(batch)
            return self._break(terms) if side == "discriminator" else terms

        def generator_loss(self, batch):
            terms = super().generator_loss(batch)
            return self._break(terms) if side == "generator" else terms

    model = gan(kind=Broken)
    with pytest.raises(NonFiniteError, match=rf"step 2: the {side}'s matching loss"):
        train(model, 5)
    assert torch.isfinite(weights(model.generator)).all()
    assert torch.isfinite(weights(model.discriminator)).all()


def test_a_gradient_that_is_not_finite_stops_the_run():
    class Broken(GAN):
        def generator_loss(self, batch):
            terms = super().generator_loss(batch)
            # The derivative of the square root at zero is infinite, the value is zero.
            return {**terms, "root": (terms["adversarial"] * 0).sqrt()}

    with pytest.raises(NonFiniteError, match=r"step 0: the generator's gradient"):
        train(gan(kind=Broken), 1)


# Watching


def test_scalars_are_means_over_the_steps_since_the_last_look():
    model = gan()
    losses = []

    class Watched(GAN):
        def discriminator_loss(self, batch):
            terms = super().discriminator_loss(batch)
            losses.append(terms["adversarial"].item())
            return terms

    taken = []
    model = gan(kind=Watched)

    def look(trainer: Trainer, module: GAN) -> None:
        if trainer.global_step % 3 == 0:
            taken.append(module.take_scalars())

    train(model, 6, callbacks=[Every(look)])
    assert [scalars["loss/discriminator"] for scalars in taken] == pytest.approx(
        [sum(losses[:3]) / 3, sum(losses[3:]) / 3], rel=1e-5
    )
    expected = {
        "loss/discriminator", "loss/discriminator/adversarial", "loss/generator", "loss/generator/adversarial",
        "loss/total",
        "gradient_norm/discriminator", "gradient_norm/generator", "logits/real", "logits/fake",
        "lr/discriminator", "lr/generator",
    }  # fmt: skip
    assert taken[0].keys() == expected


def test_the_total_loss_weighs_the_discriminators():
    taken = []

    def look(trainer: Trainer, module: GAN) -> None:
        taken.append(module.take_scalars())

    train(gan(lambda_d=0.25), 2, callbacks=[Every(look)])
    for scalars in taken:
        expected = scalars["loss/generator"] + 0.25 * scalars["loss/discriminator"]
        assert scalars["loss/total"] == pytest.approx(expected)


def test_counts_below_one_are_refused():
    for key in ("critic_steps", "accumulate"):
        with pytest.raises(ConfigError, match=rf"model\.{key}"):
            gan(**{key: 0})
