"""What is shown of runs that are under way."""

import io

from rich.console import Console

from gansmith.jobs import Job
from gansmith.suites.plan import Cell
from gansmith.suites.progress import Progress, newest


def test_the_newest_whole_line_counts(tmp_path):
    assert newest(tmp_path) == {}
    lines = tmp_path / "metrics.jsonl"
    lines.write_text('{"step": 50}')
    assert newest(tmp_path) == {}
    lines.write_text('{"step": 50}\n{"step": 100, "loss": 1.5}\n{"st')
    assert newest(tmp_path) == {"step": 100, "loss": 1.5}
    lines.write_text("".join(f'{{"step": {step}, "text": "{"x" * 400}"}}\n' for step in range(100)))
    assert newest(tmp_path)["step"] == 99


def test_bars_show_the_cells_that_run(tmp_path):
    planned = [Cell("digits", model, 0, 80, Job([], tmp_path / model)) for model in ("gan", "dcgan", "cgan")]
    (tmp_path / "gan").mkdir()
    (tmp_path / "gan" / "metrics.jsonl").write_text('{"step": 50}\n')
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    progress = Progress(planned, console)
    with progress:
        progress.update(planned[:2], waiting=0)
        shown = {task.description: (task.completed, task.total) for task in progress._bars.tasks}
        assert shown == {"suite": (1, 3), "digits/gan/seed=0": (50, 80), "digits/dcgan/seed=0": (0, 80)}
        progress.update(planned[1:2], waiting=0)
        assert [task.description for task in progress._bars.tasks] == ["suite", "digits/dcgan/seed=0"]


def test_elsewhere_than_on_a_terminal_there_are_plain_lines(tmp_path):
    console = Console(file=io.StringIO(), width=40)
    with Progress([], console) as progress:
        progress.update([], waiting=0)
        progress.say("mnist5k/wgan_gp/seed=0  failed: [a] very long reason that is wider than the console")
    assert console.file.getvalue() == (
        "mnist5k/wgan_gp/seed=0  failed: [a] very long reason that is wider than the console\n"
    )
