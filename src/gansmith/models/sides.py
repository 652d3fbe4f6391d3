"""Sides that step in turn under one trainer: their optimizers, learning rates, gradients and steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from typing import ClassVar

from lightning import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer, do_nothing_closure
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from gansmith.errors import ConfigError
from gansmith.training.guard import FiniteGuard
from gansmith.training.ramps import Ramp
from gansmith.training.schedules import Schedule


class Sides(LightningModule):
    """An optimizer for each side, under one count of steps.

    Args:
        networks: for each of `sides` its network, or a ModuleDict of networks.
        optimizer: for each side a callable from parameters to an optimizer.
        schedule: for each side the learning rate over the steps.
        clip_norm: for each side the largest gradient norm, or None.
        lr_factor: for each side a factor on the learning rate over the images, beside the schedule's, or None.
        beta2: for each side Adam's β2 over the images, or None to leave the optimizer's.

    Raises:
        ConfigError: a limit that is not positive, or a β2 that does not stay below 1.
    """

    sides: ClassVar[tuple[str, ...]] = ("generator",)

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        optimizer: Mapping[str, Callable[..., Optimizer]],
        schedule: Mapping[str, Schedule],
        clip_norm: Mapping[str, float | None] | None = None,
        lr_factor: Mapping[str, Ramp | None] | None = None,
        beta2: Mapping[str, Ramp | None] | None = None,
    ) -> None:
        super().__init__()
        for side, limit in (clip_norm or {}).items():
            if limit is not None and limit <= 0:
                raise ConfigError(f"model.clip_norm.{side} is {limit}; it is a norm above 0, or null")
        for side, ramp in (beta2 or {}).items():
            if ramp is not None and max(ramp.start, ramp.end) >= 1:
                raise ConfigError(f"model.beta2.{side} goes from {ramp.start} to {ramp.end}; it stays below 1")
        self.automatic_optimization = False
        for side, network in networks.items():
            setattr(self, side, network)
        self.optimizer_factory, self.schedule = optimizer, schedule
        self.clip_norm, self.lr_factor, self.beta2 = clip_norm or {}, lr_factor or {}, beta2 or {}
        self.guard = FiniteGuard()
        self.side = self.sides[0]

    def observe(self, name: str, value: Tensor) -> None:
        """Logs the mean of `value` (any shape) over the steps of a logging interval."""
        raise NotImplementedError

    def networks(self, side: str) -> nn.Module:
        """The network (or ModuleDict of networks) of a side."""
        return self.get_submodule(side)

    # Optimizers.

    def configure_optimizers(self) -> list[Optimizer]:
        steps = self.trainer.max_steps
        for side in self.sides:
            if steps < 1 and self.schedule[side].shape != "constant":
                raise ConfigError(f"model.schedule.{side}.shape={self.schedule[side].shape} needs trainer.max_steps")
        # Lightning leaves unscaling to a fused optimizer, whose gradients can't be measured or clipped before.
        fused = self.device.type == "cpu" and not self._loss_is_scaled
        optimizers = [self.build_optimizer(side, fused=fused) for side in self.sides]
        if self._loss_is_scaled and any(optimizer.defaults.get("fused") for optimizer in optimizers):
            raise ConfigError("trainer.precision=16-mixed does not go with model.optimizer.*.fused=true")
        self._learning_rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
        return optimizers

    def _optimizer(self, side: str) -> LightningOptimizer:
        optimizers = self.optimizers()
        # Lightning gives a single one as it is.
        return (optimizers if isinstance(optimizers, list) else [optimizers])[self.sides.index(side)]

    def build_optimizer(self, side: str, fused: bool = False) -> Optimizer:
        """A new optimizer of one side's weights.

        Args:
            fused: in one pass over the weights, where its class can do that and its settings do not speak of it. On
                CPUs that is several times faster, and not what PyTorch chooses by itself.

        Raises:
            ConfigError: settings that it does not take.
        """
        factory = self.optimizer_factory[side]
        if fused and can_be_fused(factory):
            factory = partial(factory, fused=True)
        try:
            optimizer = factory(self.networks(side).parameters())
        except (TypeError, ValueError, RuntimeError) as error:
            raise ConfigError(f"model.optimizer.{side}: {error}") from error
        if self.beta2.get(side) is not None and "betas" not in optimizer.defaults:
            raise ConfigError(f"model.beta2.{side}: {type(optimizer).__name__} has no β2; torch.optim.Adam has")
        return optimizer

    @property
    def _loss_is_scaled(self) -> bool:
        return getattr(self.trainer.precision_plugin, "scaler", None) is not None

    def _set_rates(self, step: int, images_seen: int) -> None:
        """Learning rates and β2 of this step: functions of how far training is, whatever happened before."""
        for side, rates in zip(self.sides, self._learning_rates):
            factor = self.schedule[side].factor(step, self.trainer.max_steps)
            if (ramp := self.lr_factor.get(side)) is not None:
                factor *= ramp.value(images_seen)
            for group, rate in zip(self._optimizer(side).param_groups, rates):
                group["lr"] = rate * factor
                if (ramp := self.beta2.get(side)) is not None:
                    group["betas"] = (group["betas"][0], ramp.value(images_seen))

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Norm, guard and clipping; mixed precision has unscaled the gradients by now."""
        gradients = [
            parameter.grad
            for group in optimizer.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        norm = get_total_norm(gradients)
        self.observe(f"gradient_norm/{self.side}", norm)
        if not self._loss_is_scaled:
            # A loss scaler finds its scale by overflowing now and then, and skips those steps itself.
            self.guard.watch(self.global_step, self.side, "gradient", norm)
        self.guard.check_if_cheap()
        if (limit := self.clip_norm.get(self.side)) is not None:
            parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
            clip_grads_with_norm_(parameters, limit, norm)

    # Counting: Lightning counts the steps of all optimizers; here one batch is one step.

    def _count_steps_by_batches(self) -> None:
        for side in self.sides:
            optimizer = self._optimizer(side)
            optimizer._on_before_step = optimizer._on_after_step = do_nothing_closure

    def _advance_step(self) -> None:
        progress = self.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
        progress.increment_ready()
        progress.increment_completed()


def can_be_fused(factory: Callable[..., Optimizer]) -> bool:
    """Whether an optimizer's class has a fused form, and nobody has chosen another."""
    chosen = getattr(factory, "keywords", {})
    return "fused" in signature(factory).parameters and not {"fused", "foreach", "differentiable"} & chosen.keys()
