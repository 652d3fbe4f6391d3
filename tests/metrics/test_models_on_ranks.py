"""Path lengths and classifiers have the same numbers on one, two and three processes."""

import pytest
import ranked_models
from ranked_models import run

from gansmith.metrics import classifier


@pytest.mark.slow
def test_any_number_of_ranks_gives_the_same_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", classifier.STEPS)
    expected = ranked_models.measure(tmp_path / "alone")
    for world in (2, 3):
        folder = tmp_path / str(world)
        folder.mkdir()
        for found in run(world, folder):
            assert found == pytest.approx(expected, rel=1e-6)
        assert len(list((folder / "cache").iterdir())) == 1
