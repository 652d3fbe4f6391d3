"""What a training step is made of, whichever sides step: losses, accumulation, averages, counting, sampling."""

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
from gansmith.models.sides import Sides
from gansmith.networks.modes import evaluating
from gansmith.noise import Noise, mix_seed
from gansmith.ranges import to_uint8, to_unit_range
from gansmith.training.distributed import average_gradients, rank, world_size
from gansmith.training.ema import EMA, update_average
from gansmith.training.means import RunningMeans
from gansmith.training.ramps import Ramp
from gansmith.training.schedules import Schedule

Batch = dict[str, Any]


class GenerativeModel(Sides):
    """Base of all models: a generator, its average that samples, and the steps of whoever steps.

    A model says in `loss_terms` what a side minimises; it gets a batch with the fields of `needs`, pictures as
    floats in [-1, 1], and returns the terms of the loss by name.

    A step is one batch. `trainer.global_step`, `trainer.max_steps` and all axes count these steps.

    Args:
        networks: for each of `sides` its network, or a ModuleDict of networks; one of them is the `generator`.
        optimizer: for each side a callable from parameters to an optimizer.
        schedule: for each side the learning rate over the steps.
        ema: average of the generator that samples; None to sample from the generator itself.
        accumulate: chunks that a batch is cut into to save memory; the step is that of the whole batch.
        clip_norm: for each side the largest gradient norm, or None.
        lr_factor: for each side a factor on the learning rate over the images, or None.
        beta2: for each side Adam's β2 over the images, or None.
        seed: of latents and of all other random numbers that losses draw.
        name: for records and run folders.

    Raises:
        ConfigError: a count below one, or a limit that is not positive.
    """

    needs: ClassVar[tuple[str, ...]] = ("image",)
    generator: nn.Module

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        optimizer: Mapping[str, Callable[..., Optimizer]],
        schedule: Mapping[str, Schedule],
        ema: EMA | None = None,
        accumulate: int = 1,
        clip_norm: Mapping[str, float | None] | None = None,
        lr_factor: Mapping[str, Ramp | None] | None = None,
        beta2: Mapping[str, Ramp | None] | None = None,
        seed: int = 0,
        name: str = "",
    ) -> None:
        super().__init__(networks, optimizer, schedule, clip_norm, lr_factor, beta2)
        if accumulate < 1:
            raise ConfigError(f"model.accumulate is {accumulate}; it counts from 1")
        self.ema, self.accumulate = ema, accumulate
        self.ema_generator = deepcopy(self.generator).requires_grad_(False) if ema else None
        self.seed, self.name = seed, name
        self.images_seen = 0
        self.latest_metrics: dict[str, float] = {}
        self.noise: Noise
        self._means = RunningMeans()

    # What a model says.

    def loss_terms(self, side: str, batch: Batch) -> dict[str, Tensor]:
        """Terms that `side` minimises, each a scalar; random numbers come from `self.noise`."""
        raise NotImplementedError

    def sample(self, indices: Tensor, seed: int, **conditions: Any) -> Tensor:
        """Sample i for each i in `indices` (n,), floats in [-1, 1]: a function of (seed, i, conditions) alone."""
        raise NotImplementedError

    def turns(self, step: int) -> tuple[str, ...]:
        """The sides that step at `step` (from 0), in their order."""
        return self.sides

    @property
    def generator_interval(self) -> int:
        """Steps from one of the generator's to its next."""
        return 1

    def before_step(self) -> None:
        """Sets what depends on the images seen so far."""

    def after_half_step(self, side: str) -> None:
        """Called when `side` has stepped."""

    def after_step(self) -> None:
        """Called when all sides have stepped, for what follows them."""

    @contextmanager
    def stepping(self) -> Iterator[None]:
        """Around the losses of the side that steps."""
        yield

    def details(self) -> dict[str, str]:
        """What the record says about the run beside its config, by name."""
        return {}

    # What a model uses.

    def observe(self, name: str, value: Tensor) -> None:
        """Logs the mean of `value` (any shape) over the steps of a logging interval."""
        self._means.add(name, value)

    # A step.

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        self._count_steps_by_batches()
        step, rows = self.global_step, len(batch[self.needs[0]])
        sides = self.turns(step)
        self._set_rates(step, self.images_seen)
        self.before_step()
        chunks = self._chunks(batch, rows)
        for side in sides:
            self._half_step(side, chunks, rows)
        self.after_step()
        self.images_seen += rows * world_size()
        if "generator" in sides and self.ema is not None and self.ema_generator is not None:
            images = rows * world_size() * self.generator_interval
            update_average(self.ema_generator, self.generator, self.ema.decay(images, self.images_seen))
        self._advance_step()

    def _half_step(self, side: str, chunks: list[Batch], rows: int) -> None:
        self.side = side
        optimizer = self._optimizer(side)
        optimizer.zero_grad()
        with self.stepping():
            for chunk in chunks:
                self.noise = self._noise(side, rows, chunk["start"])
                terms = self.loss_terms(side, chunk)
                loss = reduce(add, terms.values())
                self._watch(terms, loss)
                self.manual_backward(loss / len(chunks))
        average_gradients(self.networks(side).parameters())
        optimizer.step()
        self.after_half_step(side)

    def _chunks(self, batch: Batch, rows: int) -> list[Batch]:
        if rows % self.accumulate:
            raise ConfigError(
                f"model.accumulate is {self.accumulate}, which does not divide the {rows} pictures a process gets "
                f"of data.batch_size={rows * world_size()}"
            )
        size = rows // self.accumulate
        fields = {key: self._as_weights(to_unit_range(value)) for key, value in batch.items()}
        return [
            {"start": start, **{key: value[start : start + size] for key, value in fields.items()}}
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
        """Compiles in place, so that names of weights stay."""
        self._compile(self.sides)

    def _compile(self, sides: tuple[str, ...]) -> None:
        for side in sides:
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
            f"lr/{side}": self._optimizer(side).param_groups[0]["lr"] for side in self.sides
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
        for side in self.sides:
            weights = [tensor for tensor in self.networks(side).state_dict().values() if tensor.is_floating_point()]
            self.guard.watch(self.global_step, side, "largest weight", get_total_norm(weights, float("inf")))
        self.guard.check()
        checkpoint["images_seen"] = self.images_seen
        checkpoint["means"] = self._means.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.images_seen = checkpoint["images_seen"]
        self._means.restore(checkpoint["means"], self.trainer.strategy.root_device)
