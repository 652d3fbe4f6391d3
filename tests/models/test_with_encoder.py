"""Models that learn a dual encoder before anything else."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch
from lightning import Callback, Trainer
from torch.utils.data import DataLoader

from gansmith.errors import CheckpointError, ConfigError, WeightsError
from gansmith.experiment import build_model
from gansmith.models.dual_encoder import contrastive
from gansmith.models.with_encoder import WithEncoder, scaled, take_encoder
from gansmith.networks.dual_encoder import DualEncoder, ImageEncoder, TextTower
from gansmith.networks.fingerprint import fingerprint
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.networks.unclip import Unclip
from gansmith.training.ema import EMA
from gansmith.training.schedules import Schedule

CAPTIONS = ["a red circle", "two blue squares", "a green cross", "an orange triangle"]
WORDS = {"_target_": "gansmith.networks.text.bag_of_words.BagOfWords", "size": 8, "buckets": 32}


def encoder(size=6):
    return DualEncoder(ImageEncoder(3, 8, features=4, size=size), TextTower(BagOfWords(size=8, buckets=32), size=size))


class Reading(WithEncoder):
    """Learns nothing after its encoder but the length of what it reads."""

    def loss_terms(self, side, batch):
        if self.teaches_encoder:
            return self.contrastive_term(batch)
        said = self.generator.text(batch["caption"]).pooled
        return {"length": (said.norm(dim=1) - self.embedded(batch["image"]).norm(dim=1)).square().mean()}


def reading(**changes):
    torch.manual_seed(0)
    parts = Unclip(BagOfWords(size=8, buckets=32), embedding=6, encoder=encoder())
    # Weights decay, whatever their gradient is.
    plain = {"generator": partial(torch.optim.AdamW, lr=0.01, weight_decay=0.1)}
    average = EMA(half_life=4, ramp_up=None)
    settings = {"ema": average, "name": "reading", **changes}
    return Reading({"generator": parts}, optimizer=plain, schedule={"generator": Schedule()}, **settings)


def at(model, step, steps=10):
    model.trainer = SimpleNamespace(global_step=step, max_steps=steps)
    return model


def pictures(rows=4):
    return torch.rand(rows, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


class Look(Callback):
    """Writes down which encoder and which words there were after each step."""

    def __init__(self):
        self.encoders, self.words = [], []

    def on_train_batch_end(self, trainer, pl_module, *_):
        self.encoders.append(fingerprint(pl_module.generator.encoder))
        self.words.append(fingerprint(pl_module.generator.text))


def train(model, steps, folder, resume=None):
    look = Look()
    rows = [{"image": image, "caption": caption} for image, caption in zip(pictures(), CAPTIONS)]
    quiet = {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(
        accelerator="cpu", devices=1, max_epochs=-1, max_steps=steps, logger=False, callbacks=[look],
        default_root_dir=folder, **quiet,
    )  # fmt: skip
    trainer.fit(model, DataLoader(rows, batch_size=4), ckpt_path=resume, weights_only=False)
    return look, trainer


def taught(folder, size=6):
    """A run of a dual encoder whose weights are others than those of `encoder`."""
    network = {
        "_target_": "gansmith.networks.dual_encoder.DualEncoder",
        "image": {
            "_target_": "gansmith.networks.dual_encoder.ImageEncoder",
            "channels": 3,
            "resolution": 8,
            "features": 4,
            "size": size,
        },
        "text": {"_target_": "gansmith.networks.dual_encoder.TextTower", "size": size, "text": WORDS},
    }
    model = {
        "_target_": "gansmith.models.dual_encoder.DualEncoding",
        "name": "dual_encoder",
        "network": network,
        "optimizer": {},
        "schedule": {},
    }
    config = {"model": model, "data": {"name": "none"}, "seed": 0}
    torch.manual_seed(1)
    built = build_model(config)
    (folder / "checkpoints").mkdir(parents=True)
    torch.save({"config": config, "state_dict": built.state_dict()}, folder / "checkpoints" / "last.ckpt")
    return built.encoder


def test_the_encoder_is_taught_in_its_share_of_the_steps():
    model = reading(encoder_share=0.3)
    assert [at(model, step).teaches_encoder for step in range(10)] == 3 * [True] + 7 * [False]
    model = reading(encoder_from="logs/run")
    assert not any(at(model, step).teaches_encoder for step in range(10))


def test_until_then_it_is_all_that_is_minimised():
    model = at(reading(encoder_share=0.3), 2)
    batch = {"image": pictures(), "caption": CAPTIONS}
    found = model.loss_terms("generator", batch)
    torch.testing.assert_close(found, {"contrastive": contrastive(model.generator.encoder, pictures(), CAPTIONS)})
    assert set(at(model, 3).loss_terms("generator", batch)) == {"length"}


def test_afterwards_its_weights_get_no_gradient():
    model = reading(encoder_share=0.3)
    for step, has_one in ((2, True), (3, False)):
        at(model, step).before_step()
        assert {parameter.requires_grad for parameter in model.generator.encoder.parameters()} == {has_one}
        assert all(parameter.requires_grad for parameter in model.generator.text.parameters())


def test_embeddings_have_the_length_at_which_values_have_a_variance_of_one():
    model = reading()
    found = model.embedded(pictures())
    assert not found.requires_grad
    torch.testing.assert_close(found.norm(dim=1), torch.full((4,), 6**0.5))
    torch.testing.assert_close(found, scaled(model.generator.encoder.image(pictures())).detach())


def test_it_stays_as_it_is_once_it_is_taught(tmp_path):
    """Although weights decay; and the words, which come after it, do not change before."""
    model = reading(encoder_share=0.4)
    before = fingerprint(model.generator.encoder), fingerprint(model.generator.text)
    look, _ = train(model, 5, tmp_path)
    assert len({before[0], *look.encoders[:2]}) == 3
    assert set(look.encoders[1:]) == {look.encoders[1]}
    assert look.words[1] == before[1]
    assert len(set(look.words[1:])) == 4


def test_the_average_has_the_encoder_that_was_taught(tmp_path):
    model = reading(encoder_share=0.4)
    train(model, 5, tmp_path)
    assert fingerprint(model.ema_generator.encoder) == fingerprint(model.generator.encoder)


def test_more_steps_than_it_set_out_with_do_not_teach_it_again(tmp_path):
    look, trainer = train(reading(encoder_share=0.4), 5, tmp_path)
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    more, _ = train(reading(encoder_share=0.4), 20, tmp_path, str(tmp_path / "last.ckpt"))
    assert set(more.encoders) == {look.encoders[-1]}


def test_a_share_of_endless_training_is_none(tmp_path):
    with pytest.raises(ConfigError, match=r"^model\.encoder_share is a share of trainer\.max_steps, which is not set$"):
        train(reading(), -1, tmp_path)


def test_another_runs_encoder_is_taken_and_kept(tmp_path):
    theirs = fingerprint(taught(tmp_path / "run"))
    model = reading(encoder_from=str(tmp_path / "run"))
    assert fingerprint(model.generator.encoder) != theirs
    look, _ = train(model, 2, tmp_path)
    assert look.encoders == [theirs, theirs]
    assert fingerprint(model.ema_generator.encoder) == theirs


def test_who_goes_on_keeps_the_encoder_that_was_taken(tmp_path):
    """Even if the run that it came from has another by now."""
    theirs = fingerprint(taught(tmp_path / "run"))
    _, trainer = train(reading(encoder_from=str(tmp_path / "run")), 2, tmp_path)
    trainer.save_checkpoint(tmp_path / "half.ckpt")
    look, _ = train(reading(encoder_from=str(tmp_path / "gone")), 4, tmp_path, str(tmp_path / "half.ckpt"))
    assert look.encoders == [theirs, theirs]


def test_what_a_run_begins_with_has_the_same_encoder_or_says_so(tmp_path):
    theirs = fingerprint(taught(tmp_path / "run"))
    model = reading(encoder_from=str(tmp_path / "run"))
    model.take_encoder()
    model.take_encoder()
    assert fingerprint(model.generator.encoder) == theirs
    other = reading(encoder_from=str(tmp_path / "run"))
    other.encoder_is_taught = True
    with pytest.raises(ConfigError, match=r"is not the encoder of init_from, .* leave out model\.encoder_from$"):
        other.take_encoder()


def test_a_run_fills_the_weights(tmp_path):
    theirs, mine = taught(tmp_path / "run"), encoder()
    take_encoder(mine, str(tmp_path / "run"))
    torch.testing.assert_close(mine.state_dict(), theirs.state_dict(), rtol=0, atol=0)


def test_an_encoder_of_another_form_is_one_line(tmp_path):
    taught(tmp_path / "run", size=5)
    with pytest.raises(WeightsError, match=r"^model\.encoder_from=.*run holds an encoder of another form: ") as caught:
        take_encoder(encoder(), str(tmp_path / "run"))
    assert "\n" not in str(caught.value)
    with pytest.raises(CheckpointError, match="nowhere"):
        take_encoder(encoder(), str(tmp_path / "nowhere"))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 2.0])
def test_a_share_that_does_not_work_is_one_line(share):
    with pytest.raises(ConfigError, match=rf"^model\.encoder_share is {share}; it lies between 0 and 1$"):
        reading(encoder_share=share)
