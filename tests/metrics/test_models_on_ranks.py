"""Path lengths and classifiers have the same numbers on one process and on several."""

import pytest
import ranked_models
from ranked_models import run

from gansmith.metrics import classifier


@pytest.mark.slow
def test_any_number_of_ranks_gives_the_same_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(classifier, "STEPS", classifier.STEPS)
    expected = ranked_models.measure(tmp_path / "alone")
    for found in run(3, tmp_path):
        assert found == pytest.approx(expected, rel=1e-6)
    assert len(list((tmp_path / "cache").iterdir())) == 1
