"""What the table shows."""

import optuna
import pytest
from rich.console import Console

from gansmith.search.objective import Objective
from gansmith.search.table import Board


@pytest.fixture
def study():
    """A complete, a better, a pruned, a failed and a running trial."""
    study = optuna.create_study()
    for value in (3.0, 1.25):
        trial = study.ask()
        trial.suggest_float("rate", 1e-4, 1e-4)
        study.tell(trial, value)
    for outcome, state in (("pruned", optuna.trial.TrialState.PRUNED), ("failed", optuna.trial.TrialState.FAIL)):
        trial = study.ask()
        trial.set_user_attr("outcome", outcome)
        trial.set_user_attr("reason", f"it was {outcome}")
        study.tell(trial, state=state)
    study.ask().report(7.5, 500)
    return study


def lines(study, rows=None):
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    board = Board("rates", 20, Objective("fd", "last", "min"), console)
    console.print(board.table(study.trials, study.best_trial, rows))
    return console.export_text().splitlines()


def test_every_trial_has_its_state_value_and_reason(study):
    text = "\n".join(lines(study))
    assert "rates: 4 of 20 trials" in text
    for word in ("complete", "pruned", "failed", "running", "it was failed", "rate=0.0001", "7.5 at 500"):
        assert word in text


def test_the_best_stands_first_and_the_newest_next(study):
    rows = [line for line in lines(study) if "000" in line]
    assert "0001" in rows[0]
    assert "1.25" in rows[0]
    assert "0004" in rows[1]


def test_a_low_terminal_loses_the_oldest(study):
    text = "\n".join(lines(study, rows=2))
    assert "0004" in text
    assert "0001" in text
    assert "0000" not in text


def test_without_a_terminal_there_are_plain_lines(study, capsys):
    board = Board("rates", 20, Objective("fd", "last", "min"), Console(width=40))
    with board.shown():
        board.say(study.trials[0])
        board.update(study.trials, study.best_trial)
    assert capsys.readouterr().out == "trial 0000  complete  3  rate=0.0001\n"
