"""The commands: one line for what a user can mend, and the config of the job that really runs."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import OverrideParseException
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict, read_write

from gansmith import cli
from gansmith.config import register_resolvers
from gansmith.errors import CheckpointError, DataError
from gansmith.run_lock import running

REPOSITORY = Path(__file__).parents[1]
SMALL = ("data=digits", "data.batch_size=8", "model.features=2", "model.latent=2", "trainer=cpu", "logger=none")
CHEAP_METRICS = ("metrics=fast", "metrics.metrics=[kd]", "metrics.primary=kd", "metrics.samples=8")


class Ended(Exception):
    """Instead of the end of this process."""


def ends(error, monkeypatch, capsys):
    """Exit code and stderr of a command that raises `error`."""

    def end(code):
        raise Ended(code)

    monkeypatch.setattr(os, "_exit", end)

    @cli.in_one_line
    def command():
        raise error

    with pytest.raises(Ended) as caught:
        command()
    return caught.value.args[0], capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("resume=logs/seed=0", "logs/seed=0"),
        ("data.root=~/pictures", "~/pictures"),
        ("data.root=bücher/ж", "bücher/ж"),
        ("prompt=一个红色的圆，在上面", "一个红色的圆，在上面"),
        ("prompt=a red circle, a blue square", "a red circle, a blue square"),
        ("prompt=a dog's face", "a dog's face"),
        ("prompt=12", "12"),
        ("prompt=", ""),
        ("prompt='a, b'", "a, b"),
        ("prompt=null", None),
        ("negative=[blurred]", "[blurred]"),
        ("guidance=[1,2]", [1, 2]),
        ("guidance=3", 3),
        ("trainer.max_steps=100", 100),
    ],
)
def test_values_mean_what_was_typed(typed, value):
    (override,) = OverridesParser.create().parse_overrides([typed])
    assert not override.is_sweep_override()
    assert override.value() == value
    assert override.input_line == typed


def test_a_list_of_words_is_still_a_sweep():
    (override,) = OverridesParser.create().parse_overrides(["model=dcgan,lsgan"])
    assert override.is_sweep_override()


def test_what_a_user_can_mend_is_one_line(monkeypatch, capsys):
    assert ends(DataError("data.root=x: no pictures"), monkeypatch, capsys) == (
        1,
        "gansmith: data.root=x: no pictures\n",
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_disk_that_takes_no_more_is_one_line(number, monkeypatch, capsys):
    code, text = ends(OSError(number, os.strerror(number), "logs/run/metrics.jsonl"), monkeypatch, capsys)
    assert code == 1
    assert text.startswith("gansmith: ")
    assert "logs/run/metrics.jsonl" in text
    assert text.count("\n") == 1


@pytest.mark.parametrize("error", [ValueError("a bug"), FileNotFoundError(errno.ENOENT, "a bug")])
def test_a_bug_keeps_its_traceback(error):
    @cli.in_one_line
    def command():
        raise error

    with pytest.raises(type(error)):
        command()


@pytest.mark.parametrize(("reason", "line"), [((), ""), (("resume=a goes on",), "; resume=a goes on")])
def test_an_interrupt_is_one_line(reason, line, capsys):
    @cli.in_one_line
    def command():
        raise KeyboardInterrupt(*reason)

    with pytest.raises(SystemExit) as ended:
        command()
    assert ended.value.code == 128 + signal.SIGINT
    assert capsys.readouterr().err == f"gansmith: interrupted{line}\n"


# Values with `=` in them.


@pytest.mark.parametrize(
    "override",
    [
        "resume=logs/digits/seed=0",
        "resume=logs/0_model=dcgan,seed=1",
        "resume=logs/a=b\\",
        "+other=a=b",
        "resume=--flag=1",
        "resume==",
    ],
)
def test_a_value_may_have_an_equals_sign(override):
    (parsed,) = OverridesParser.create().parse_overrides([override])
    assert str(parsed.value()) == override.partition("=")[2]
    assert not parsed.is_sweep_override()
    # So it is kept in the run's overrides and in the command that trains it again.
    assert parsed.input_line == override


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("resume='a=b'", "a=b"),
        ('resume="a=b"', "a=b"),
        ("model.note={a:b}", {"a": "b"}),
        ("seed=3", 3),
        ("~seed", None),
        ("data.limit=null", None),
    ],
)
def test_what_hydra_can_read_is_left_to_it(override, value):
    (parsed,) = OverridesParser.create().parse_overrides([override])
    assert parsed.value() == value
    assert parsed.input_line == override


def test_a_sweep_stays_one():
    (parsed,) = OverridesParser.create().parse_overrides(["seed=1,2"])
    assert parsed.is_sweep_override()


@pytest.mark.parametrize("text", ["model.note={a=b}", "model.note=[a=b]", "resume='a=b"])
def test_what_is_a_mistake_in_hydras_grammar_stays_one(text):
    with pytest.raises(OverrideParseException):
        OverridesParser.create().parse_overrides([text])


# The job.


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Makes the config of a command line as Hydra hands it to the command, run in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py", "as", "typed"])
    register_resolvers()
    GlobalHydra.instance().clear()

    def make(*overrides, run_dir, mode=RunMode.RUN):
        config = compose("train", overrides=[f"run_dir={run_dir}", *overrides], return_hydra_config=True)
        with open_dict(config):
            config.hydra.runtime.output_dir = str(tmp_path / run_dir)
            config.hydra.mode = mode
            config.hydra.overrides.task = list(overrides)
            config.hydra.job.config_name = "train"
        HydraConfig.instance().set_config(config)
        with open_dict(config):
            del config["hydra"]
        return config

    with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        yield make
    HydraConfig.instance().cfg = None


def test_the_runs_folder_is_the_configs(job):
    with cli.job_config(job("seed=3", run_dir="logs/a")) as (config, overrides):
        assert config.run_dir == "logs/a"
        assert overrides == ["seed=3"]
        assert sys.argv == ["train.py", "as", "typed"]
        # Where ranks of this run will be sent, whatever `resume=auto` would find by then.
        assert Path(HydraConfig.get().run.dir) == Path("logs/a").absolute()


def test_resume_brings_the_runs_own_overrides_back(job):
    Path("logs/a").mkdir(parents=True)
    OmegaConf.save(OmegaConf.create(["model=lsgan", "trainer.max_steps=10", "seed=3"]), "logs/a/overrides.yaml")
    with cli.job_config(job("resume=logs/a", "trainer.max_steps=20", run_dir="logs/a")) as (config, overrides):
        assert (config.model.name, config.seed, config.trainer.max_steps) == ("lsgan", 3, 20)
        assert config.run_dir == "logs/a"
        assert overrides == ["model=lsgan", "trainer.max_steps=20", "seed=3", "resume=logs/a"]


def test_a_checkpoint_brings_the_overrides_of_its_run_to_another_folder(job):
    Path("logs/a/checkpoints").mkdir(parents=True)
    OmegaConf.save(OmegaConf.create(["model=lsgan", "run_dir=logs/a"]), "logs/a/overrides.yaml")
    with cli.job_config(job("resume=logs/a/checkpoints/last.ckpt", run_dir="logs/b")) as (config, _):
        assert config.model.name == "lsgan"
        assert config.run_dir == "logs/b"


def test_a_run_goes_on_whose_folder_has_an_equals_sign(job):
    Path("logs/seed=3").mkdir(parents=True)
    earlier = ["model=lsgan", "run_dir=logs/seed=3", "cache_dir=a=b"]
    OmegaConf.save(OmegaConf.create(earlier), "logs/seed=3/overrides.yaml")
    with cli.job_config(job("resume=logs/seed=3", run_dir="logs/seed=3")) as (config, overrides):
        assert (config.model.name, config.cache_dir, config.run_dir) == ("lsgan", "a=b", "logs/seed=3")
        assert overrides == [*earlier, "resume=logs/seed=3"]


@pytest.mark.parametrize("overrides", [["resume=logs/a"], ["run_dir=logs/a"], ["resume=auto"]])
def test_a_running_run_is_left_alone(job, overrides):
    config = job(*overrides, run_dir="logs/a")
    with running(Path("logs/a")), pytest.raises(CheckpointError, match="another process"), cli.job_config(config):
        pass


def test_two_runs_of_one_second_have_a_folder_each(job):
    config = job("seed=3", run_dir="logs/a")
    with running(Path("logs/a")), cli.job_config(config) as (mine, _):
        assert mine.run_dir == "logs/a_2"
        assert Path(HydraConfig.get().run.dir) == Path("logs/a_2").absolute()


def test_a_rank_trains_in_the_folder_of_the_first(job, monkeypatch):
    config = job("seed=3", run_dir="logs/a")
    with read_write(HydraConfig.get()), open_dict(HydraConfig.get()):
        HydraConfig.get().run.dir = HydraConfig.get().runtime.output_dir = str(Path("logs/first").absolute())
    monkeypatch.setenv("LOCAL_RANK", "1")
    with running(Path("logs/first")), cli.job_config(config) as (own, _):
        assert own.run_dir == "logs/first"


@pytest.mark.parametrize("has_checkpoint", [True, False])
def test_an_interrupted_run_says_how_it_goes_on(job, has_checkpoint):
    config = job("seed=3", run_dir="logs/a")
    if has_checkpoint:
        Path("logs/a/checkpoints").mkdir(parents=True)
        Path("logs/a/checkpoints/last.ckpt").touch()
    with pytest.raises(KeyboardInterrupt) as caught, cli.job_config(config):
        raise KeyboardInterrupt
    assert caught.value.args == (("resume=logs/a goes on",) if has_checkpoint else ())


def test_without_resume_a_folder_says_nothing(job):
    Path("logs/a").mkdir(parents=True)
    OmegaConf.save(OmegaConf.create(["model=lsgan"]), "logs/a/overrides.yaml")
    with cli.job_config(job("seed=3", run_dir="logs/a")) as (config, overrides):
        assert config.model.name == "dcgan"
        assert overrides == ["seed=3"]


def test_a_job_of_a_sweep_starts_its_ranks_with_its_own_parameters(job, monkeypatch):
    with cli.job_config(job("seed=3", run_dir="sweep/0", mode=RunMode.MULTIRUN)) as (config, _):
        assert sys.argv == [str(REPOSITORY / "src" / "train.py"), "seed=3", "hydra.mode=RUN"]
        assert config.run_dir == "sweep/0"
        # As Lightning leaves it behind; the next job would take itself for one of these ranks.
        monkeypatch.setitem(os.environ, "LOCAL_RANK", "0")
        monkeypatch.setitem(os.environ, "MASTER_PORT", "1234")
    assert sys.argv == ["train.py", "as", "typed"]
    assert not {"LOCAL_RANK", "MASTER_PORT"} & os.environ.keys()


# The commands themselves.


def command(name, *arguments, folder):
    return subprocess.run(
        [sys.executable, REPOSITORY / "src" / f"{name}.py", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
def test_train_evaluate_and_sample(tmp_path):
    trained = command("train", *SMALL, "metrics=none", "trainer.max_steps=3", "run_dir=run", folder=tmp_path)
    assert trained.returncode == 0, trained.stderr
    assert "run/result.json" in trained.stdout
    evaluated = command("evaluate", "ckpt=run", *CHEAP_METRICS, folder=tmp_path)
    assert evaluated.returncode == 0, evaluated.stderr
    assert "kd_efficientnet_lite0_mean" in evaluated.stdout
    assert not (tmp_path / "logs").exists()
    sampled = command("sample", "ckpt=run", "n=4", "out=samples", folder=tmp_path)
    assert sampled.returncode == 0, sampled.stderr
    assert sorted(path.name for path in (tmp_path / "samples").glob("*.png")) == [
        *(f"{index:06d}.png" for index in range(4)),
        "grid.png",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["trainer.max_steps=0"], "gansmith: trainer.max_steps is 0; it counts batches, from 1"),
        (["data.batch_size=9000"], "gansmith: data.batch_size=9000 must be from 1 to"),
        (["resume=nothere"], "gansmith: resume=nothere: there is no checkpoint nothere/checkpoints/last.ckpt"),
        (["model.discriminator.depth=3"], "Key 'depth' is not in struct"),
        (["model=biggest"], "Could not find 'model/biggest'"),
    ],
)
def test_a_mistake_on_the_command_line_is_named(arguments, line, tmp_path):
    ended = command("train", *SMALL, *arguments, folder=tmp_path)
    assert ended.returncode == 1
    assert line in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())


def test_a_command_takes_a_folder_of_a_suite(tmp_path):
    folder = "logs/suites/cpu_small/digits/gan/seed=0"
    answered = command("evaluate", f"ckpt={folder}", "out=numbers=1", "--cfg", "job", folder=tmp_path)
    assert answered.returncode == 0, answered.stderr
    assert f"ckpt: {folder}\n" in answered.stdout
    assert "out: numbers=1\n" in answered.stdout


@pytest.mark.parametrize("question", [("--cfg", "job"), ("--help",)])
def test_questions_are_answered_before_torch_is_imported(question, tmp_path):
    ask = "import runpy, sys; sys.argv = sys.argv[1:]\n"
    ask += "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
    ask += "finally: assert not {'torch', 'lightning'} & sys.modules.keys()"
    script = REPOSITORY / "src" / "train.py"
    answered = subprocess.run(
        [sys.executable, "-c", ask, script, *question], cwd=tmp_path, capture_output=True, text=True, timeout=180
    )
    assert answered.returncode == 0, answered.stderr
    assert "max_steps" in answered.stdout
