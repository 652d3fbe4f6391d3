"""The first of a run's processes, however it was started, and errors of the backend in one line."""

import pytest

from gansmith.errors import RankError
from gansmith.ranks import NUMBERS, answers, is_first_process


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    for name in NUMBERS:
        monkeypatch.delenv(name, raising=False)


def test_a_process_alone_is_the_first():
    assert is_first_process()


@pytest.mark.parametrize("name", NUMBERS)
def test_whoever_counts_the_first_has_number_zero(monkeypatch, name):
    monkeypatch.setenv(name, "0")
    assert is_first_process()
    monkeypatch.setenv(name, "1")
    assert not is_first_process()


def test_what_the_backend_says_is_one_line():
    with pytest.raises(RankError, match=r"^another process has ended.*\(Connection closed by peer\)$"), answers():
        raise RuntimeError("Connection closed by peer\nat pair.cc:598")
