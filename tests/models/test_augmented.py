"""What the discriminator sees is as strongly augmented in each half step and chunk of a step, and after a restart."""

from functools import partial
from typing import Any

import pytest
import torch
from lightning import Trainer
from torch import Tensor
from torch.optim import SGD
from torch.utils.data import DataLoader

from gansmith.augment.ada import Ada
from gansmith.augment.augment import Augment
from gansmith.augment.scheduled import Scheduled
from gansmith.models.gan import GAN
from gansmith.networks.mlp import Discriminator, Generator
from gansmith.noise import Draws
from gansmith.objectives.adversarial import Hinge
from gansmith.objectives.penalties import R1
from gansmith.training.ramps import Ramp
from gansmith.training.schedules import Schedule

ROWS, SIDES = 4, ("generator", "discriminator")
KINDS = {
    "adaptive": lambda: Ada(batch_size=ROWS, target=0.0, interval=2, images=40),
    "scheduled": lambda: Scheduled(Ramp(0.0, 1.0, 40), cutout=0.5),
}


class Looking(Augment):
    """Writes down the probability at each look of the discriminator."""

    def __init__(self, inner: Augment) -> None:
        super().__init__()
        self.inner, self.levels = inner, []
        self.at, self.watch, self.after_step = inner.at, inner.watch, self._after_step

    def forward(self, images: Tensor, draws: Draws) -> Tensor:
        self.levels[-1].append(self.inner.scalars()["augment/p"])
        return self.inner(images, draws)

    def _after_step(self) -> None:
        self.inner.after_step()
        self.levels.append([])


def trained(kind: str, steps: int, folder: Any, resume: str | None = None, accumulate: int = 1) -> tuple[GAN, Trainer]:
    torch.manual_seed(0)
    augment = Looking(KINDS[kind]())
    augment.levels = [[]]
    model = GAN(
        Generator(8, 1, latent=2, hidden=[4]),
        Discriminator(8, 1, hidden=[4]),
        Hinge(),
        latent=2,
        augment=augment,
        optimizer=dict.fromkeys(SIDES, partial(SGD, lr=0.1)),
        schedule=dict.fromkeys(SIDES, Schedule()),
        penalty={"r1": R1(0.1)},
        accumulate=accumulate,
    ).double()
    rows = [{"image": image} for image in torch.rand(ROWS, 1, 8, 8, generator=torch.Generator().manual_seed(0))]
    trainer = Trainer(
        accelerator="cpu", devices=1, max_epochs=-1, max_steps=steps, logger=False, precision="64-true",
        default_root_dir=folder, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(model, DataLoader(rows, batch_size=ROWS), ckpt_path=resume, weights_only=False)
    return model, trainer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("accumulate", [1, 2])
def test_within_a_step_nothing_changes(kind, accumulate, tmp_path):
    *steps, behind = trained(kind, 8, tmp_path, accumulate=accumulate)[0].augment.levels
    assert behind == []
    # Real and generated pictures, the penalty's, and those of the generator's step, in each chunk.
    assert [len(levels) for levels in steps] == [4 * accumulate] * 8
    assert all(len(set(levels)) == 1 for levels in steps)
    assert len({levels[0] for levels in steps}) > 2


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_make_the_step_of_the_whole_batch(kind, tmp_path):
    whole, parts = (trained(kind, 8, tmp_path, accumulate=accumulate)[0] for accumulate in (1, 2))
    assert whole.augment.inner.scalars() == parts.augment.inner.scalars() != {"augment/p": 0.0}
    torch.testing.assert_close(parts.state_dict(), whole.state_dict(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_goes_on_takes_the_steps_of_one_that_never_stopped(kind, tmp_path):
    whole, _ = trained(kind, 8, tmp_path)
    begun, trainer = trained(kind, 3, tmp_path)
    trainer.save_checkpoint(tmp_path / "begun.ckpt")
    resumed, _ = trained(kind, 8, tmp_path, str(tmp_path / "begun.ckpt"))
    assert begun.augment.levels[:-1] + resumed.augment.levels == whole.augment.levels
    torch.testing.assert_close(resumed.state_dict(), whole.state_dict(), rtol=0, atol=0)
