"""What models have in common that draw what captions say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from gansmith.errors import ConfigError
from gansmith.models.generative import GenerativeModel
from gansmith.networks.modes import evaluating
from gansmith.noise import NoiseByIndex
from gansmith.ranges import to_uint8
from gansmith.training.checkpoints import check_fits, load_checkpoint

Prompt = str | Sequence[str] | None
"""A caption for all samples, or one for each."""


class FromCaptions(GenerativeModel):
    """Samples that are functions of (seed, i, caption); mixed into a model of either kind.

    conditions: what else can be asked of samples, by name.
    """

    needs: ClassVar[tuple[str, ...]] = ("image", "caption")
    conditions: ClassVar[tuple[str, ...]] = ()
    # Modules by name, of which one is `text`.
    generator: Any
    sampler: Any

    def stages(self, indices: Tensor, seed: int, prompt: Prompt = None, **conditions: Any) -> dict[str, Tensor]:
        """What the parts draw one after the other, by name: floats (n, C, h, w) in [-1, 1]; the last is the sample."""
        raise NotImplementedError

    def sample(self, indices: Tensor, seed: int, prompt: Prompt = None, **conditions: Any) -> Tensor:
        """Sample i has the i-th of `prompt`, or the only one. Raises ConfigError without any."""
        return list(self.stages(indices, seed, prompt, **conditions).values())[-1]

    def enlarge(self, small: Tensor, indices: Tensor, seed: int, prompt: Prompt = None) -> Tensor:
        """What the last stage makes of faultless pictures of the one before: (n, C, s, s) to (n, C, S, S), in [-1, 1].

        Raises ConfigError where there is one stage alone.
        """
        raise ConfigError(f"model={self.name} enlarges nothing")

    def trained_parts(self) -> Sequence[str] | None:
        """Names of the generator's modules that train, if not all do."""
        return None

    def start_from(self, path: Path) -> None:
        """Begins with the generator of a checkpoint, its average where there is one.

        Raises:
            CheckpointError: the file is broken, foreign, or holds a generator of another form.
        """
        state = load_checkpoint(path)["state_dict"]
        side = "ema_generator." if any(key.startswith("ema_generator.") for key in state) else "generator."
        weights = {key.removeprefix(side): value for key, value in state.items() if key.startswith(side)}
        check_fits(self.generator, weights, path)
        for generator in (self.generator, self.ema_generator):
            if generator is not None:
                generator.load_state_dict(weights)

    def keep_the_rest(self) -> None:
        """Of a run that began with another's generator, only `trained_parts` change: the others rely on the words."""
        if (parts := self.trained_parts()) is None:
            return
        for name, module in self.generator.items():
            module.requires_grad_(name in parts)

    def draws_of(self, indices: Tensor, seed: int) -> NoiseByIndex:
        """The random numbers of samples `indices` (n,)."""
        like = next(self.sampler.parameters())
        return NoiseByIndex(seed, indices, like.dtype, like.device)

    @torch.inference_mode()
    def sample_stages(self, indices: Tensor, seed: int, prompt: Prompt = None, **conditions: Any) -> dict[str, Tensor]:
        """`stages` in eval mode as uint8 on the CPU; leaves modes as they were."""
        with evaluating(self.sampler):
            stages = self.stages(indices, seed, prompt, **conditions)
        return {name: to_uint8(pictures).cpu() for name, pictures in stages.items()}

    def prompts(self, indices: Tensor, prompt: Prompt) -> list[str]:
        """A caption for each of `indices` (n,). Raises ConfigError if there is none, or not one for each."""
        if prompt is None:
            raise ConfigError(f'model={self.name} draws what a caption says: prompt="a red circle"')
        prompts = [prompt] * len(indices) if isinstance(prompt, str) else list(prompt)
        if len(prompts) != len(indices):
            raise ConfigError(f"prompt has {len(prompts)} captions for {len(indices)} samples")
        return prompts
