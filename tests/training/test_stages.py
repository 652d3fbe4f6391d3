"""Learning rates of two stages, and the checkpoint between them."""

from types import SimpleNamespace

import pytest

from gansmith.errors import ConfigError
from gansmith.training.schedules import Schedule
from gansmith.training.stages import Halvings, KeepStage, Stages


def test_halvings_come_at_their_shares_of_the_steps():
    """BasicSR's SRGAN: 50k, 100k, 200k and 300k of 400k."""
    schedule = Halvings(at=[0.125, 0.25, 0.5, 0.75])
    steps = [0, 49_999, 50_000, 99_999, 100_000, 200_000, 299_999, 300_000, 399_999]
    factors = [schedule.factor(step, 400_000) for step in steps]
    assert factors == [1, 1, 1 / 2, 1 / 2, 1 / 4, 1 / 8, 1 / 8, 1 / 16, 1 / 16]


def test_halvings_begin_at_the_first_factor():
    assert [Halvings(at=[0.5], first=0.5).factor(step, 4) for step in range(4)] == [0.5, 0.5, 0.25, 0.25]


def test_each_stage_has_its_own_steps():
    """Cosine to zero over six steps, then linear from a half to zero over four."""
    then = Schedule("linear")
    stages = Stages("cosine", switch=6, then=then)
    factors = [stages.factor(step, 10) for step in range(11)]
    assert factors[:6] == [Schedule("cosine").factor(step, 6) for step in range(6)]
    assert factors[6:] == [then.factor(step, 4) for step in range(5)]


@pytest.mark.parametrize(("switch", "alone"), [(0, Halvings([0.5])), (10, Schedule("cosine")), (20, None)])
def test_a_run_may_have_one_stage_only(switch, alone):
    stages = Stages("cosine", switch=switch, then=Halvings([0.5]))
    factors = [stages.factor(step, 10) for step in range(10)]
    if alone is None:
        # A pretraining that is longer than the run stays what it is when the run is made longer.
        assert factors == [Schedule("cosine").factor(step, 20) for step in range(10)]
    else:
        assert factors == [alone.factor(step, 10) for step in range(10)]


@pytest.mark.parametrize(
    "wrong",
    [lambda: Halvings([0.0]), lambda: Halvings([1.0]), lambda: Halvings([0.5], first=0.0), lambda: Stages(switch=-1)],
)
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match=r"model\.schedule"):
        wrong()


@pytest.mark.parametrize(("step", "kept"), [(3, [3]), (0, []), (9, [])])
def test_the_end_of_the_first_stage_is_kept_once(tmp_path, step, kept):
    saved = []
    trainer = SimpleNamespace(global_step=0)
    trainer.save_checkpoint = lambda path, weights_only: saved.append((path, trainer.global_step))
    callback = KeepStage(str(tmp_path), step)
    for trainer.global_step in range(1, 6):
        callback.on_train_batch_end(trainer)
    assert saved == [(tmp_path / "checkpoints" / "pretrained.ckpt", step) for step in kept]
