"""The auxiliary classifier's losses in closed form, on networks whose answers are written down."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus
from torch.optim import SGD

from gansmith.errors import ConfigError
from gansmith.models.acgan import ACGAN
from gansmith.noise import Noise
from gansmith.objectives.adversarial import CrossEntropy, Relativistic
from gansmith.objectives.penalties import R1
from gansmith.training.schedules import Schedule


class Answers(nn.Module):
    """A picture's first pixel is its logit, and its first row are logits of its class."""

    def forward(self, image: Tensor, label: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return 3 * image[:, 0, 0, 0], image[:, 0, 0, :]


def model(discriminator=None, classes=4, loss=None, penalty=None) -> ACGAN:
    sides = ("generator", "discriminator")
    built = ACGAN(
        nn.Linear(2, 2),
        discriminator or Answers(),
        loss or CrossEntropy(),
        latent=2,
        classes=classes,
        optimizer={side: partial(SGD, lr=0.1) for side in sides},
        schedule={side: Schedule() for side in sides},
        penalty=penalty,
    )
    built.noise = Noise(0, 5, 0, torch.float64)
    return built


def batch() -> dict[str, Tensor]:
    draws = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 5, 1, 4, 4, generator=draws, dtype=torch.float64)
    return {"image": real, "fake": fake.requires_grad_(), "label": torch.tensor([0, 3, 1, 1, 2])}


def test_the_discriminator_tells_real_from_fake_and_classes_of_both():
    given = batch()
    terms = model().discriminator_loss(given)
    real, fake, label = given["image"], given["fake"].detach(), given["label"]
    adversarial = softplus(-3 * real[:, 0, 0, 0]).mean() + softplus(3 * fake[:, 0, 0, 0]).mean()
    torch.testing.assert_close(terms.pop("adversarial"), adversarial)
    torch.testing.assert_close(terms.pop("class_real"), cross_entropy(real[:, 0, 0], label))
    torch.testing.assert_close(terms.pop("class_fake"), cross_entropy(fake[:, 0, 0], label))
    assert terms == {}


@pytest.mark.parametrize("loss", [CrossEntropy(), Relativistic()], ids=["cross-entropy", "relativistic"])
def test_the_generator_wants_to_be_taken_for_real_and_for_its_class(loss):
    built, given = model(loss=loss), batch()
    built.side = "generator"
    terms = built.generator_loss(given)
    fake, real = given["fake"], 3 * given["image"][:, 0, 0, 0]
    torch.testing.assert_close(terms.pop("adversarial"), loss.generator(3 * fake[:, 0, 0, 0], real))
    torch.testing.assert_close(terms["class"], cross_entropy(fake[:, 0, 0], given["label"]))
    (gradient,) = torch.autograd.grad(terms.pop("class"), fake)
    assert gradient.any()
    assert terms == {}


def test_penalties_look_at_logits_alone():
    terms = model(penalty={"r1": R1(2.0)}).discriminator_loss(batch())
    # The logit's gradient is 3 at one pixel.
    assert terms["r1"].item() == pytest.approx(9.0)


def test_a_discriminator_with_one_answer_is_refused():
    class Judge(nn.Module):
        def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
            return image[:, 0, 0, 0]

    with pytest.raises(ConfigError, match="model/discriminator=acgan"):
        model(Judge()).discriminator_loss(batch())


def test_classes_are_needed():
    with pytest.raises(ConfigError, match=r"model\.classes is 0"):
        model(classes=0)
