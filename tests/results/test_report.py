"""The command: python src/leaderboard.py."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"


def leaderboard(*arguments, expect=0):
    """Output and errors of the command."""
    done = subprocess.run(
        [sys.executable, SOURCE / "leaderboard.py", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == expect, done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def logs(write_run, tmp_path):
    for model, values in {"dcgan": [10.0, 11.0, 12.5], "gan": [20.0, 21.0, 23.0]}.items():
        for seed, value in enumerate(values):
            write_run(f"logs/{model}/{seed}", {"fd_vgg16": value}, model=model, seed=seed)
    return tmp_path / "logs"


def python(code):
    """Output of the code in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=180).stdout


@pytest.mark.parametrize("arguments", [["--help"], ["compare", "--help"]])
def test_help_comes_without_torch(arguments):
    output = python(
        f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n"
        "import leaderboard\n"
        f"try: leaderboard.main({arguments})\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    assert "usage: leaderboard.py" in output


def test_ranking_and_comparing_need_no_torch():
    python(
        "import sys, gansmith.results.report, gansmith.results.page\n"
        "from gansmith.results.statistics import seeds_needed\n"
        "seeds_needed(1, 1, True)\n"
        "assert 'torch' not in sys.modules"
    )


def test_the_table_goes_to_the_output_and_problems_to_the_errors(logs):
    (logs / "broken").mkdir()
    (logs / "broken" / "result.json").write_text("{")
    output, errors = leaderboard(logs)
    assert output.index("dcgan") < output.index(" gan ")
    assert "11.17 ± 1.26" in output
    assert errors.count("\n") == 1
    assert "broken/result.json: not a record" in errors


@pytest.mark.parametrize("format", ["markdown", "csv", "json", "html"])
def test_files(logs, tmp_path, format):
    output, _ = leaderboard(logs, "--format", format, "--out", tmp_path / "new" / "board", "--filter", "model=gan")
    text = (tmp_path / "new" / "board").read_text()
    assert output == ""
    assert "gan" in text
    assert "dcgan" not in text or format == "html"


def test_options(logs):
    arguments = ["--which", "best", "--sort=-fd_vgg16", "--group", "model", "--filter", "seed<2", "steps>0"]
    (board,) = json.loads(leaderboard(logs, "--format", "json", *arguments)[0])
    assert [(row["model"], row["rank"], row["metrics"]["fd_vgg16"]["mean"]) for row in board["rows"]] == [
        ("gan", 2, 10.25),
        ("dcgan", 1, 5.25),
    ]


def test_comparisons(logs):
    output, _ = leaderboard("compare", logs / "dcgan", logs / "gan")
    assert "dcgan is better than gan by 10.17 ± 0.72 fd_vgg16 (95 % interval 9.45 to 10.88, 3 seeds each," in output
    conditions = ["compare", "model=dcgan", "model=gan", "--logs", logs]
    assert leaderboard(*conditions, "--difference", 0.5)[0].startswith(output.partition("To find")[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent"], "absent: there are no records"),
        (["--filter", "modle=gan", "--", "LOGS"], "modle: no run has this field"),
        (["compare", "model=dcgan", "model=gan", "--difference", "0", "--logs", "LOGS"], "--difference=0: it is a"),
        (["compare", "model=dcgan", "model=gan", "--difference=nan", "--logs", "LOGS"], "--difference=nan: it is a"),
        (["compare", "absent", "model=gan", "--logs", "LOGS"], "absent: neither a folder of runs nor a condition"),
    ],
)
def test_errors_are_one_line_each(logs, arguments, message):
    _, errors = leaderboard(*(logs if argument == "LOGS" else argument for argument in arguments), expect=1)
    assert message in errors.splitlines()[-1]
    assert "Traceback" not in errors


def test_a_filter_that_no_run_meets_is_named(logs):
    output, errors = leaderboard(logs, "--filter", "model=dcgn", "steps>1", expect=1)
    assert (output, errors) == (
        "",
        "gansmith: --filter model=dcgn steps>1: none of 6 runs meets it; model is dcgan, gan\n",
    )
