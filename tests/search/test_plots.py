"""Pictures of a study."""

import optuna
from PIL import Image

from gansmith.search.plots import draw


def study_of(values):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for value in values:
        trial = study.ask()
        rate = trial.suggest_float("rate", 1e-4, 1e-2, log=True)
        trial.suggest_categorical("loss", ["hinge", "cross_entropy"])
        study.tell(trial, value + rate)
    return study


def test_three_pictures_and_nothing_beside_them(tmp_path):
    assert draw(study_of([3.0, 1.0, 2.0, 5.0]), tmp_path, "fd") == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.png", "importance.png", "slices.png"]
    for path in tmp_path.iterdir():
        with Image.open(path) as picture:
            assert len(set(picture.convert("L").tobytes())) > 10


def test_a_study_that_says_too_little_is_not_drawn(tmp_path):
    missing = draw(study_of([3.0]), tmp_path, "fd")
    assert missing.keys() == {"history", "importance", "slices"}
    assert not list(tmp_path.iterdir())
