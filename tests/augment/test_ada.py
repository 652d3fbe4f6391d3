"""The adaptive probability: when it moves, how far, where to, and what a checkpoint has of it."""

import pytest
import torch

from gansmith.augment.ada import Ada
from gansmith.errors import ConfigError
from gansmith.noise import Noise

CONFIDENT, UNSURE = torch.ones(10), torch.tensor([1.0, -1.0]).repeat(5)


def follow(ada: Ada, logits: torch.Tensor, steps: int) -> list[float]:
    levels = []
    for _ in range(steps):
        ada.watch(logits)
        ada.after_step()
        levels.append(ada.scalars()["augment/p"])
    return levels


def test_it_moves_every_few_batches_by_their_share_of_the_pictures():
    assert follow(Ada(batch_size=10, images=400), CONFIDENT, 9) == pytest.approx([0] * 3 + [0.1] * 4 + [0.2] * 2)


def test_it_falls_where_the_discriminator_is_unsure_and_stays_a_probability():
    ada = Ada(batch_size=10, interval=1, images=40)
    assert follow(ada, UNSURE, 2) == [0, 0]
    assert follow(ada, CONFIDENT, 6) == [0.25, 0.5, 0.75, 1, 1, 1]
    assert follow(ada, UNSURE, 2) == [0.75, 0.5]


def test_the_sign_counts_and_not_the_size():
    """Eight of ten positive logits are a mean sign of 0.6 whatever their sizes; nine of ten are more."""
    logits = torch.tensor([1e-3] * 9 + [-1e3])
    assert follow(Ada(batch_size=10, interval=1, images=10), logits, 1) == [1]
    assert follow(Ada(batch_size=10, interval=1, images=10), -logits, 1) == [0]


def test_batches_seen_in_parts_count_as_wholes():
    parts, whole = Ada(batch_size=10, images=80), Ada(batch_size=10, images=80)
    logits = torch.cat([CONFIDENT, UNSURE]).view(4, 5)
    for _ in range(8):
        for part in logits[:2]:
            parts.watch(part)
        whole.watch(logits[:2].flatten())
        parts.after_step()
        whole.after_step()
    assert torch.equal(parts.p, whole.p)
    assert parts.p == 1


def test_a_checkpoint_goes_on_in_the_middle_of_an_interval():
    ada, restored = Ada(batch_size=10, images=400), Ada(batch_size=10, images=400)
    follow(ada, CONFIDENT, 6)
    restored.load_state_dict(ada.state_dict())
    assert follow(restored, CONFIDENT, 2) == follow(ada, CONFIDENT, 2) == pytest.approx([0.1, 0.2])


def test_the_strength_is_that_of_p():
    ada, images = Ada(batch_size=10, interval=1, images=10), torch.rand(5, 3, 8, 8)
    draws = lambda: Noise(0, 5, 0, torch.float32)  # noqa: E731
    torch.testing.assert_close(ada(images, draws()), images)
    follow(ada, CONFIDENT, 1)
    assert not torch.allclose(ada(images, draws()), images)


@pytest.mark.parametrize(("key", "value"), [("target", 1.0), ("interval", 0), ("images", 0), ("batch_size", 0)])
def test_values_out_of_range_are_named(key, value):
    with pytest.raises(ConfigError, match=rf"model\.augment\.{key} is {value}"):
        Ada(**{"batch_size": 1, key: value})
