import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import searching

from gansmith import jobs


@pytest.fixture
def stand_in(monkeypatch):
    """Trainings of this process are the stand-in's."""
    monkeypatch.setattr(jobs, "SCRIPT", searching.STAND_IN)
    monkeypatch.setattr("gansmith.search.loop.POLL_SECONDS", 0.02)
