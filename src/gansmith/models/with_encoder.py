"""Models that draw from embeddings of a dual encoder, which they learn before anything else."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gansmith.errors import ConfigError, WeightsError
from gansmith.models.dual_encoder import contrastive
from gansmith.models.generative import Batch
from gansmith.models.prompts import FromCaptions
from gansmith.networks.fingerprint import fingerprint


class WithEncoder(FromCaptions):
    """The first steps teach the encoder alone, which then stays as it is; mixed into a model of either kind.

    Args:
        encoder_share: of the steps that teach the encoder.
        encoder_from: a run of model=dual_encoder, or one of its checkpoints, to take the encoder from; then nothing
            teaches it here.
        **steps: see `GenerativeModel`.

    Raises:
        ConfigError: a share outside (0, 1), or of no number of steps.
    """

    def __init__(
        self, *networks: Any, encoder_share: float = 0.2, encoder_from: str | None = None, **steps: Any
    ) -> None:
        super().__init__(*networks, **steps)
        if not 0 < encoder_share < 1:
            raise ConfigError(f"model.encoder_share is {encoder_share}; it lies between 0 and 1")
        self.encoder_share, self.encoder_from = encoder_share, encoder_from
        # What is taught stays so, also where a run goes on with more steps than it set out with.
        self.encoder_is_taught = False

    @property
    def encoder_steps(self) -> int:
        """How many steps teach the encoder."""
        return 0 if self.encoder_from else max(round(self.encoder_share * self.trainer.max_steps), 1)

    @property
    def teaches_encoder(self) -> bool:
        """Whether this step does."""
        return self.teaches_at(self.global_step)

    def teaches_at(self, step: int) -> bool:
        """Whether `step` (from 0) teaches the encoder."""
        return not self.encoder_is_taught and step < self.encoder_steps

    def contrastive_term(self, batch: Batch) -> dict[str, Tensor]:
        """All that is minimised while the encoder is taught."""
        return {"contrastive": contrastive(self.generator.encoder, batch["image"], batch["caption"])}

    @torch.no_grad()
    def embedded(self, image: Tensor) -> Tensor:
        """Pictures (n, C, S, S) in [-1, 1] to embeddings (n, d) of length √d, whose values have a variance about 1."""
        return scaled(self.generator.encoder.image(image))

    def on_fit_start(self) -> None:
        super().on_fit_start()
        if not self.encoder_from and self.trainer.max_steps < 1:
            raise ConfigError("model.encoder_share is a share of trainer.max_steps, which is not set")
        # Not the step: who goes on has its weights by now, and its count of steps only later.
        if not self.encoder_is_taught and not self.images_seen:
            self.take_encoder()

    def take_encoder(self) -> None:
        """Takes that of `encoder_from`, if it is set; a new training does so by itself, if nobody has done it before.

        Raises:
            ConfigError: the weights that the model began with have another encoder, which their parts rely on.
            WeightsError, ConfigError, CheckpointError: as the function of this name.
        """
        if not self.encoder_from:
            return
        before = fingerprint(self.generator.encoder)
        take_encoder(self.generator.encoder, self.encoder_from)
        if self.encoder_is_taught and fingerprint(self.generator.encoder) != before:
            raise ConfigError(
                f"model.encoder_from={self.encoder_from} is not the encoder of init_from, which the parts there rely "
                "on: leave out model.encoder_from"
            )
        self.encoder_is_taught = True
        self._give_to_average()

    def start_from(self, path: Path) -> None:
        """As `FromCaptions.start_from`; the encoder is taught by then."""
        super().start_from(path)
        self.encoder_is_taught = True

    def before_step(self) -> None:
        super().before_step()
        if not self.encoder_is_taught and not self.teaches_encoder:
            self.encoder_is_taught = True
            self._give_to_average()
        self.generator.encoder.requires_grad_(self.teaches_encoder)

    def _give_to_average(self) -> None:
        """Whatever samples has the encoder that the other parts learn from, not one that still follows it."""
        if self.ema_generator is not None:
            self.ema_generator.encoder.load_state_dict(self.generator.encoder.state_dict())  # type: ignore[union-attr]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["encoder_is_taught"] = self.encoder_is_taught

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        self.encoder_is_taught = checkpoint["encoder_is_taught"]


def take_encoder(encoder: torch.nn.Module, ckpt: str) -> None:
    """Fills it with the weights of a run of model=dual_encoder.

    Raises:
        WeightsError: that run's encoder has another form.
        ConfigError, CheckpointError: see `load_judge`.
    """
    # Late, as runs are made of models.
    from gansmith.metrics.judge import load_judge

    weights = load_judge(Path(ckpt), "cpu", "model.encoder_from").encoder.state_dict()
    try:
        encoder.load_state_dict(weights)
    except RuntimeError as error:
        raise WeightsError(
            f"model.encoder_from={ckpt} holds an encoder of another form: model.encoder, model.text and "
            "data.resolution must be those of its run"
        ) from error


def scaled(embedding: Tensor) -> Tensor:
    """Of length 1, (n, d), to length √d."""
    return embedding * math.sqrt(embedding.shape[1])
