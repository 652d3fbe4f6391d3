"""Models of captions in whole runs: two processes against one, killed against not, and eight pictures by heart."""

import signal

import pytest
import runs
import torch

from gansmith.config import instantiate
from gansmith.data.captioned.captions import caption_of
from gansmith.inference.checkpoints import find_checkpoint, load_trained

SMALL = (
    "data=scenes",
    "data.batch_size=8",
    "logger=none",
    "metrics=none",
    "trainer=cpu",
    "trainer.max_steps=10",
    "callbacks.checkpoints.every_n_steps=3",
    "callbacks.watch.every_n_steps=4",
)
WORDS = ("model.text.size=16", "model.text.buckets=64")
DRAWN = ("callbacks.samples.every_n_steps=8", "callbacks.samples.count=2")
DRAWING = (*SMALL, *WORDS, *DRAWN)
IMAGEN = ("model=imagen", "model.drawing.sampler.steps=2")
ALL = {
    "imagen": (*DRAWING, *IMAGEN),
    "imagen_gan": (*DRAWING, "model=imagen_gan", "model.features=4"),
    "text_gan": (*DRAWING, "model=text_gan", "model.features=4"),
    # With an encoder that is taught in the first three steps.
    "dalle2": (*DRAWING, "model=dalle2", "model.encoder_share=0.3", "model.drawing.sampler.steps=2"),
    "dalle2_gan": (*DRAWING, "model=dalle2_gan", "model.encoder_share=0.3", "model.features=4"),
}
ENCODER = (*SMALL, *WORDS, "model=dual_encoder", "model.encoder.text.dropout=0.5")
OVERFIT = (
    "debug=overfit",
    "data.limit=4",
    "data.batch_size=4",
    "logger=none",
    "trainer=cpu",
    "callbacks.samples.every_n_steps=1000",
)
FORMS = {"imagen": 500, "dalle2": 400, "text_gan": 300, "imagen_gan": 400, "dalle2_gan": 500}
"""Steps that each needs."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_two_ranks_train_what_one_process_trains(name, tmp_path):
    """Also the encoder, whose pairs are told from those of both."""
    assert_two_ranks_train_what_one_does(ALL[name], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_a_killed_run_ends_as_one_that_was_not(name, tmp_path):
    assert_a_kill_changes_nothing(ALL[name], tmp_path)


@pytest.mark.slow
def test_a_killed_encoder_drops_out_what_it_would_have(tmp_path):
    assert_a_kill_changes_nothing(ENCODER, tmp_path)


@pytest.mark.slow
def test_so_does_a_model_that_reads_with_the_text_tower_of_another_run(tmp_path):
    runs.train(*ENCODER, f"run_dir={tmp_path / 'encoder'}")
    reading = (
        *(*SMALL, *DRAWN, *IMAGEN),
        "model/text=dual_words",
        f"model.text.frozen.ckpt={tmp_path / 'encoder'}",
        *(f"model.text.{part}.{size}" for part in ("frozen.tower.text", "words") for size in ("size=16", "buckets=64")),
    )
    assert_two_ranks_train_what_one_does(reading, tmp_path)
    assert_a_kill_changes_nothing(reading, tmp_path)


def assert_two_ranks_train_what_one_does(overrides, folder):
    exact = [*overrides, "trainer.precision=64-true"]
    runs.train(*exact, f"run_dir={folder / 'one'}")
    runs.train(*exact, "trainer=ddp", f"run_dir={folder / 'two'}")
    one, two = (runs.checkpoint(folder / name)["state_dict"] for name in ("one", "two"))
    assert one.keys() == two.keys()
    for key, weights in one.items():
        torch.testing.assert_close(two[key], weights, rtol=0, atol=1e-9, msg=key)


def assert_a_kill_changes_nothing(overrides, folder):
    whole, killed = folder / "whole", folder / "killed"
    runs.train(*overrides, f"run_dir={whole}")
    runs.train(*overrides, f"run_dir={killed}", faults="kill_in_half_step=7", expect=-signal.SIGKILL)
    runs.train(f"resume={killed}")
    runs.assert_same_run(killed, whole)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
def test_a_few_pictures_are_learnt_by_heart(name, tmp_path):
    """What is drawn for each caption is nearest to the caption's own picture."""
    run_dir = tmp_path / name
    runs.train(*OVERFIT, f"model={name}", f"trainer.max_steps={FORMS[name]}", f"run_dir={run_dir}")
    trained = load_trained(find_checkpoint(run_dir), torch.device("cpu"))
    data = instantiate(trained.config["data"])
    data.setup()
    pictures, every = data.trained_on, torch.arange(4)
    captions = [caption_of(pictures, index, 0) for index in range(4)]
    drawn = trained.model.sample_images(every, 0, prompt=captions).float()
    distances = (drawn[:, None] - pictures.batch(every).float()).square().flatten(2).mean(2)
    assert distances.argmin(1).tolist() == every.tolist(), distances
