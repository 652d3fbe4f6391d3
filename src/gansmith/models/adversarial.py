"""The alternation of generator and discriminator steps; a variant is its two losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from functools import reduce
from operator import add
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from torch.optim import Optimizer

from gansmith.errors import ConfigError
from gansmith.models.sides import SIDES, TwoSides
from gansmith.networks.modes import evaluating
from gansmith.noise import Noise, mix_seed
from gansmith.objectives.penalties import Critic, Logits, Penalty
from gansmith.ranges import to_uint8, to_unit_range
from gansmith.training.distributed import average_gradients, rank, world_size
from gansmith.training.ema import EMA, update_average
from gansmith.training.means import RunningMeans
from gansmith.training.ramps import Ramp
from gansmith.training.schedules import Schedule

Batch = dict[str, Any]


class AdversarialModel(TwoSides):
    """Base of all variants: owns which side steps when, and everything that a step is made of.

    A variant sets `self.generator` and `self.discriminator` through the constructor (several networks
    of one side are one `nn.ModuleDict`) and overrides `discriminator_loss` and `generator_loss`, which
    get a batch with the fields of `needs` as tensors (pictures as floats in [-1, 1]) and return the
    terms of the loss by name.

    A step is one batch seen by the discriminator. Every `critic_steps`-th step the generator steps
    too. `trainer.global_step`, `trainer.max_steps` and all axes count these steps.

    Args:
        generator: network or ModuleDict of networks.
        discriminator: network or ModuleDict of networks.
        optimizer: for each side a callable from parameters to an optimizer.
        schedule: for each side the learning rate over the steps.
        ema: average of the generator that samples; None to sample from the generator itself.
        critic_steps: discriminator steps to one generator step (Arjovsky et al., 2017, algorithm 1).
        accumulate: chunks that a batch is cut into to save memory; the step is that of the whole batch.
        share_fakes: the two half steps of one batch use the same fakes, made once: those in which both
            sides step, and not with `accumulate`, where keeping all graphs would cost what it saves.
        clip_norm: for each side the largest gradient norm, or None.
        lr_factor: for each side a factor on the learning rate over the images, or None.
        beta2: for each side Adam's β2 over the images, or None.
        penalty: regularisers of the discriminator by name.
        seed: of latents and of all other random numbers that losses draw.
        name: for records and run folders.

    Raises:
        ConfigError: a count below one, or a limit that is not positive.
    """

    needs: ClassVar[tuple[str, ...]] = ("image",)
    generator_first: ClassVar[bool] = False

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        optimizer: Mapping[str, Callable[..., Optimizer]],
        schedule: Mapping[str, Schedule],
        ema: EMA | None = None,
        critic_steps: int = 1,
        accumulate: int = 1,
        share_fakes: bool = False,
        clip_norm: Mapping[str, float | None] | None = None,
        lr_factor: Mapping[str, Ramp | None] | None = None,
        beta2: Mapping[str, Ramp | None] | None = None,
        penalty: Mapping[str, Penalty] | None = None,
        seed: int = 0,
        name: str = "",
    ) -> None:
        super().__init__(generator, discriminator, optimizer, schedule, clip_norm, lr_factor, beta2)
        for key, count in (("critic_steps", critic_steps), ("accumulate", accumulate)):
            if count < 1:
                raise ConfigError(f"model.{key} is {count}; it counts from 1")
        self.ema = ema
        self.ema_generator = deepcopy(generator).requires_grad_(False) if ema else None
        self.critic_steps, self.accumulate, self.share_fakes = critic_steps, accumulate, share_fakes
        self.penalty = nn.ModuleDict(dict(penalty or {}))
        self.seed, self.name = seed, name
        self.images_seen = 0
        self.latest_metrics: dict[str, float] = {}
        self.noise: Noise
        self._fakes_are_shared = False
        self._means = RunningMeans()

    # What a variant says.

    def discriminator_loss(self, batch: Batch) -> dict[str, Tensor]:
        """Terms that the discriminator minimises, each a scalar."""
        raise NotImplementedError

    def generator_loss(self, batch: Batch) -> dict[str, Tensor]:
        """Terms that the generator minimises, each a scalar."""
        raise NotImplementedError

    def generate(self, batch: Batch) -> Tensor:
        """Fakes for `batch`, in [-1, 1]; random numbers come from `self.noise`."""
        raise NotImplementedError

    def sample(self, indices: Tensor, seed: int, **conditions: Any) -> Tensor:
        """Sample i for each i in `indices` (n,), floats in [-1, 1]: a function of (seed, i, conditions) alone."""
        raise NotImplementedError

    def before_step(self) -> None:
        """Sets what depends on the images seen so far."""
        for penalty in self.penalties.values():
            penalty.at(self.images_seen)

    def after_step(self) -> None:
        """Called when the sides have stepped, for what follows them."""

    def turns(self, step: int) -> tuple[str, ...]:
        """The sides that step at `step` (from 0), in their order."""
        order = tuple(reversed(SIDES)) if self.generator_first else SIDES
        return order if (step + 1) % self.critic_steps == 0 else ("discriminator",)

    def details(self) -> dict[str, str]:
        """What the record says about the run beside its config, by name."""
        return {}

    # What a variant uses.

    def fake(self, batch: Batch) -> Tensor:
        """The fakes of this half step: detached for the discriminator, with their graph for the generator."""
        for_generator = self.side == "generator"
        if "fake" not in batch or (for_generator and not batch["fake"].requires_grad):
            with torch.set_grad_enabled(for_generator or self._fakes_are_shared):
                batch["fake"] = self.generate(batch)
        return batch["fake"] if for_generator else batch["fake"].detach()

    @property
    def penalties(self) -> dict[str, Penalty]:
        """The regularisers of the discriminator, by name."""
        return dict(self.penalty.items())  # type: ignore[arg-type]

    def penalise(self, critic: Critic, real: Tensor, fake: Tensor, logits: Logits | None = None) -> dict[str, Tensor]:
        """The penalties that are due at this step, by name."""
        return {
            name: penalty(critic, real, fake, self.noise, logits)
            for name, penalty in self.penalties.items()
            if penalty.is_due(self.global_step)
        }

    def observe(self, name: str, value: Tensor) -> None:
        """Logs the mean of `value` (any shape) over the steps of a logging interval."""
        self._means.add(name, value)

    # The alternation.

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        self._count_steps_by_batches()
        step, rows = self.global_step, len(batch[self.needs[0]])
        sides = self.turns(step)
        self._fakes_are_shared = self.share_fakes and len(sides) == 2 and self.accumulate == 1
        self._set_rates(step, self.images_seen)
        self.before_step()
        chunks = self._chunks(batch, rows)
        for side in sides:
            self._half_step(side, chunks, rows)
        self.after_step()
        self.images_seen += rows * world_size()
        if "generator" in sides and self.ema is not None and self.ema_generator is not None:
            images = rows * world_size() * self.critic_steps
            update_average(self.ema_generator, self.generator, self.ema.decay(images, self.images_seen))
        self._advance_step()

    def _half_step(self, side: str, chunks: list[Batch], rows: int) -> None:
        self.side = side
        optimizer = self._optimizer(side)
        optimizer.zero_grad()
        loss_terms = self.discriminator_loss if side == "discriminator" else self.generator_loss
        with self._frozen_other_side():
            for chunk in chunks:
                self.noise = self._noise(side, rows, chunk["start"])
                if not self._fakes_are_shared:
                    chunk.pop("fake", None)
                terms = loss_terms(chunk)
                loss = reduce(add, terms.values())
                self._watch(terms, loss)
                self.manual_backward(loss / len(chunks))
        average_gradients(self.networks(side).parameters())
        optimizer.step()
        if side == "discriminator":
            for penalty in self.penalties.values():
                penalty.after_step(self.discriminator)

    @contextmanager
    def _frozen_other_side(self) -> Iterator[None]:
        """No gradients for the side that waits, except where its fakes are made for both half steps."""
        if self.side == "discriminator" and self._fakes_are_shared:
            yield
            return
        waiting = self.generator if self.side == "discriminator" else self.discriminator
        trainable = [parameter for parameter in waiting.parameters() if parameter.requires_grad]
        for parameter in trainable:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in trainable:
                parameter.requires_grad_(True)

    def _chunks(self, batch: Batch, rows: int) -> list[Batch]:
        if rows % self.accumulate:
            raise ConfigError(
                f"model.accumulate is {self.accumulate}, which does not divide the {rows} pictures a process gets "
                f"of data.batch_size={rows * world_size()}"
            )
        size = rows // self.accumulate
        pictures = {key: self._as_weights(to_unit_range(value)) for key, value in batch.items()}
        return [
            {"start": start, **{key: value[start : start + size] for key, value in pictures.items()}}
            for start in range(0, rows, size)
        ]

    def _as_weights(self, value: Any) -> Any:
        """Floating tensors in the type of the weights: tasks derive in single precision, whatever trains."""
        is_floating = isinstance(value, Tensor) and value.is_floating_point()
        return value.to(next(self.generator.parameters()).dtype) if is_floating else value

    def _noise(self, side: str, rows: int, start: int) -> Noise:
        seed = mix_seed(self.seed, self.global_step, side)
        dtype = next(self.generator.parameters()).dtype
        return Noise(seed, rows * world_size(), rank() * rows + start, dtype, self.device)

    # Training as a whole.

    def compile_networks(self) -> None:
        """Compiles in place, so that names of weights stay; not what a penalty differentiates twice."""
        for side in ("generator",) if self.penalty else SIDES:
            side_networks = self.networks(side)
            # A ModuleDict is never called itself.
            for network in side_networks.values() if isinstance(side_networks, nn.ModuleDict) else [side_networks]:
                network.compile()

    def on_train_start(self) -> None:
        """Ranks start with the same weights, and draw different numbers for dropout and the like."""
        torch.manual_seed(mix_seed(self.seed, "rank", rank()))

    # Watching.

    def _watch(self, terms: dict[str, Tensor], loss: Tensor) -> None:
        for term, value in terms.items():
            self.guard.watch(self.global_step, self.side, f"{term} loss", value)
            self.observe(f"loss/{self.side}/{term}", value)
        self.observe(f"loss/{self.side}", loss)

    def take_scalars(self) -> dict[str, float]:
        """Means over the steps since the last call, and over ranks; learning rates of the last step."""
        self.guard.check()
        return self._means.take(self.trainer.strategy) | {
            f"lr/{side}": self._optimizer(side).param_groups[0]["lr"] for side in SIDES
        }

    # Sampling.

    @property
    def sampler(self) -> nn.Module:
        """The generator that samples: its average where there is one."""
        return self.generator if self.ema_generator is None else self.ema_generator

    @torch.inference_mode()
    def sample_images(self, indices: Tensor, seed: int, **conditions: Any) -> Tensor:
        """`sample` in eval mode as uint8 (n, C, H, W) on the CPU; leaves modes as they were."""
        with evaluating(self.sampler):
            return to_uint8(self.sample(indices, seed, **conditions)).cpu()

    # Checkpoints.

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        for side in SIDES:
            weights = [tensor for tensor in self.networks(side).state_dict().values() if tensor.is_floating_point()]
            self.guard.watch(self.global_step, side, "largest weight", get_total_norm(weights, float("inf")))
        self.guard.check()
        checkpoint["images_seen"] = self.images_seen
        checkpoint["means"] = self._means.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.images_seen = checkpoint["images_seen"]
        self._means.restore(checkpoint["means"], self.trainer.strategy.root_device)
