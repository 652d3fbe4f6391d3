"""What W&B and TensorBoard have of a run, read from what they wrote."""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from lightning.pytorch.loggers import WandbLogger
from PIL import Image

from gansmith.config import register_resolvers
from gansmith.experiment import run
from gansmith.metrics.protocol import Protocol
from gansmith.training.loggers import wandb_logger
from gansmith.training.summaries import define_best, evaluations, log_scores, log_table

CONF = str(Path(__file__).parents[2] / "conf")
KD = "kd_efficientnet_lite0_mean"
PROTOCOL = Protocol("test", metrics=("kd", "fd"))
LINES = [
    {"step": 100, "images": 800, "seconds": 1.0, "loss/generator": 0.5},
    {"step": 100, "images": 800, "seconds": 1.5, KD: 3.0, "fd_efficientnet_lite0": 30.0},
    {"step": 200, "images": 1600, "seconds": 3.0, KD: 2.0, "fd_efficientnet_lite0": None},
]


@pytest.fixture
def lines(tmp_path):
    """A metrics.jsonl whose last line a kill has cut short."""
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES) + '{"step": 300, "se')
    return path


@pytest.fixture(scope="module")
def tables():
    """What W&B was given as tables; in a table's file pictures are no more than words."""
    given = []
    with pytest.MonkeyPatch.context() as patch:
        log = WandbLogger.log_table
        patch.setattr(WandbLogger, "log_table", lambda self, *a, **k: given.append((*a, k)) or log(self, *a, **k))
        yield given


@pytest.fixture(scope="module")
def logged(tables, tmp_path_factory):
    """The folder of a small run with all loggers."""
    import wandb

    folder = tmp_path_factory.mktemp("logged")
    overrides = [
        *("data=digits", "data.batch_size=8", "model=dcgan", "model.features=4", "model.latent=4", "trainer=cpu"),
        *("trainer.max_steps=6", "logger=many", "callbacks.watch.every_n_steps=2", "callbacks.samples.count=4"),
        *("callbacks.samples.every_n_steps=4", "callbacks.evaluation.every_n_steps=3", "metrics=fast"),
        *("metrics.metrics=[kd]", "metrics.primary=kd", "metrics.samples=24", "metrics.during_samples=16"),
        *("metrics.reference_samples=24", "metrics.kd_subsets=2", "metrics.kd_subset_size=8", "metrics.resize=32"),
        *(f"run_dir={folder}/run", f"cache_dir={folder}/features"),
    ]
    register_resolvers()
    GlobalHydra.instance().clear()
    with initialize_config_dir(CONF, version_base="1.3"):
        config = compose("train", overrides=overrides)
    try:
        assert run(config, overrides) == 0
    finally:
        wandb.finish()
    return folder / "run"


def record(run_dir):
    return json.loads((run_dir / "result.json").read_text())


def table(run_dir):
    (path,) = run_dir.glob("wandb/offline-run-*/files/media/table/evaluations_*.table.json")
    return json.loads(path.read_text())


def test_the_evaluations_are_the_lines_that_have_the_primary_metric(lines):
    assert evaluations(lines, KD) == LINES[1:]


def test_w_and_b_gets_a_table_of_the_evaluations_with_their_sample_grids(logged, tables):
    name, content = tables[0]
    assert name == "evaluations"
    assert content["columns"] == ["step", "images", KD, KD.replace("mean", "std"), "samples"]
    rows = [dict(zip(content["columns"], row)) for row in content["data"]]
    measured = evaluations(logged / "metrics.jsonl", KD)
    assert [(row["step"], row["images"], row[KD]) for row in rows] == [
        (line["step"], line["images"], line[KD]) for line in measured
    ]
    # Grids were drawn at steps 4 and 6, evaluations done at 3 and 6.
    assert [row["samples"] is not None for row in rows] == [False, True]
    assert rows[1]["samples"].image.tobytes() == Image.open(logged / "samples" / "step_00000006.png").tobytes()
    written = table(logged)
    assert written["columns"] == content["columns"]
    assert [row[:4] for row in written["data"]] == [row[:4] for row in content["data"]]


def test_tensorboard_gets_scalars_and_grids(logged):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(logged / "tensorboard"), size_guidance={"images": 0})
    events.Reload()
    assert [event.step for event in events.Scalars("loss/generator")] == [2, 4, 6]
    during = {line["step"]: line[KD] for line in evaluations(logged / "metrics.jsonl", KD)}
    assert {event.step: event.value for event in events.Scalars(KD)} == pytest.approx(during)
    for which in ("last", "best"):
        scores = record(logged)[which]
        (event,) = events.Scalars(f"{which}/{KD}")
        assert (event.step, event.value) == (6, pytest.approx(scores["metrics"][KD]))
        assert [event.value for event in events.Scalars(f"{which}/step")] == [scores["step"]]
    assert [event.step for event in events.Images("samples")] == [4, 6]
    assert events.Images("samples")[0].encoded_image_string.startswith(b"\x89PNG")


def test_the_summary_has_the_final_scores_and_the_best_of_the_primary_metric(tmp_path, lines):
    import wandb

    logger = wandb_logger(tmp_path / "run", {})
    asked = []
    define = logger.experiment.define_metric
    logger.experiment.define_metric = lambda *names, **options: (
        asked.append((names, options)) or define(*names, **options)
    )
    try:
        define_best([logger], PROTOCOL)
        for step, value in ((100, 3.0), (200, 2.0), (300, 4.0)):
            logger.log_metrics({KD: value}, step=step)
        scores = {"last": {"step": 300, "metrics": {KD: 3.5}}, "best": {"step": 200, "metrics": {KD: 1.5}}}
        log_scores([logger], scores, step=300)
        log_table([logger], lines, KD, None, step=300)
        summary = dict(logger.experiment.summary)
    finally:
        wandb.finish()
    assert asked == [((KD,), {"summary": "min"})]
    assert {name: summary[name] for name in ("best/step", f"best/{KD}", "last/step", f"last/{KD}")} == {
        "best/step": 200,
        f"best/{KD}": 1.5,
        "last/step": 300,
        f"last/{KD}": 3.5,
    }
    assert table(tmp_path / "run")["data"][1] == [200, 1600, 2.0, None, None]
