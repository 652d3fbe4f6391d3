"""Sheets of pairs: every picture in its place, at its size, from held-out pictures alone."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from PIL import Image
from torch import nn

from gansmith.data.base import DataModule
from gansmith.data.tasks.task import Task
from gansmith.errors import ConfigError, DataError
from gansmith.training.samples import PADDING, WHITE, SampleGrids
from gansmith.training.sheets import LABEL_HEIGHT, LABELS, WIDEST, PairSheets, sheet

SIDE = 64


class Halved(Task):
    """The source is the left half of the picture, dimmed by a random number."""

    def __init__(self):
        super().__init__(1, 1)

    def derive(self, fields, draws):
        image = fields["image"]
        return {"source": image[..., : SIDE // 2] * draws.uniform(1, 1, 1, 1), "target": image}

    def baseline(self, source):
        return source.repeat_interleave(2, -1)


class Examples:
    """Picture i has the grey value 10 i."""

    fingerprint = "examples"
    paired = True

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return {"image": torch.full((1, SIDE, SIDE), 10 * index, dtype=torch.uint8)}


class Data(DataModule):
    name = "greys"
    fields = ("image",)

    def __init__(self, count=8):
        super().__init__()
        self.count, self.task = count, Halved()

    def examples(self, split):
        assert split == "test"
        return Examples(self.count)

    def train_dataloader(self):
        return torch.utils.data.DataLoader(torch.zeros(100, 1), batch_size=1)

    def on_after_batch_transfer(self, batch, dataloader_idx):
        return batch


class Model(LightningModule):
    """Translates to the grey value of the step."""

    name = "step"

    def __init__(self, directions=("forward",)):
        super().__init__()
        self.automatic_optimization = False
        self.layer = nn.Linear(1, 1)
        self.directions = directions
        self.asked = []

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def training_step(self, batch, batch_idx):
        self.optimizers().step()

    def translate(self, source, direction, seed):
        self.asked.append((tuple(source.shape), direction, seed))
        width = source.shape[-1] * 2 if direction == "forward" else source.shape[-1] // 2
        return torch.full((1, 1, SIDE, width), self.trainer.global_step / 127.5 - 1)


def fit(callback, steps, model=None, data=None):
    model = model or Model()
    trainer = Trainer(
        max_steps=steps,
        callbacks=[callback],
        logger=False,
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, datamodule=data or Data())
    return model


def read(path):
    return torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1)


def grey(value, height=SIDE, width=SIDE, channels=1):
    return torch.full((1, channels, height, width), value, dtype=torch.uint8)


def test_every_picture_lies_where_its_row_and_column_say():
    rows = [
        [
            torch.randint(0, 256, (1, channels, height, width), dtype=torch.uint8)
            for channels, width in ((1, 70), (3, 90))
        ]
        for height in (64, 80)
    ]
    page = sheet(rows, ("a", "b"))
    lefts, tops = (PADDING, 2 * PADDING + 70), (LABEL_HEIGHT, LABEL_HEIGHT + 64 + PADDING)
    assert page.shape == (3, tops[1] + 80 + PADDING, lefts[1] + 90 + PADDING)
    rest = page.clone()
    rest[:, :LABEL_HEIGHT] = WHITE
    for top, row in zip(tops, rows):
        for left, picture in zip(lefts, row):
            height, width = picture.shape[-2:]
            assert torch.equal(page[:, top : top + height, left : left + width], picture[0].expand(3, -1, -1))
            rest[:, top : top + height, left : left + width] = WHITE
    assert (rest == WHITE).all()


def test_each_column_has_a_label_of_its_own():
    page = sheet([[grey(0)] * 3], LABELS)
    line = page[:, :LABEL_HEIGHT]
    labels = [line[..., PADDING + column * (SIDE + PADDING) :][..., :SIDE] for column in range(3)]
    assert all(int(label.min()) < 100 for label in labels)
    assert not torch.equal(labels[0], labels[1])


def test_rows_of_different_sizes_share_columns():
    page = sheet([[grey(1, 64, 100), grey(2)], [grey(3), grey(4)]], ("a", "b"))
    second = 2 * PADDING + 100
    assert page[0, LABEL_HEIGHT, second] == 2
    assert page[0, LABEL_HEIGHT + SIDE + PADDING, second] == 4
    assert page[0, LABEL_HEIGHT + SIDE + PADDING, PADDING + SIDE] == WHITE


def test_wide_pictures_are_shown_smaller_and_keep_their_shape():
    page = sheet([[grey(7, 500, 2 * WIDEST)]], ("a",))
    assert page.shape == (3, LABEL_HEIGHT + 250 + PADDING, WIDEST + 2 * PADDING)
    assert (page[:, LABEL_HEIGHT:-PADDING, PADDING:-PADDING] == 7).all()


def test_small_pictures_are_enlarged_by_whole_pixels():
    picture = torch.randint(0, 256, (1, 1, 8, 8), dtype=torch.uint8)
    page = sheet([[picture]], ("a",))
    assert torch.equal(page[0, LABEL_HEIGHT:-PADDING:8, PADDING:-PADDING:8], picture[0, 0])


def test_rows_are_input_output_and_truth_of_examples_from_all_over(tmp_path):
    model = fit(PairSheets(tmp_path, every_n_steps=3, count=4, seed=5), steps=3)
    page = read(tmp_path / "samples" / "step_00000003.png")
    column, row = SIDE + PADDING, SIDE + PADDING
    assert page.shape == (3, LABEL_HEIGHT + 4 * row, PADDING + 3 * column)
    cells = page[0, LABEL_HEIGHT::row, PADDING::column]
    assert cells[:, 1].tolist() == [3, 3, 3, 3]
    assert cells[:, 2].tolist() == [0, 20, 40, 60]
    assert model.asked == [((1, 1, SIDE, SIDE // 2), "forward", 5)] * 4


def test_the_same_seed_shows_the_same_inputs(tmp_path):
    pages = []
    for number, seed in enumerate((0, 0, 1)):
        fit(PairSheets(tmp_path / str(number), count=2, seed=seed), steps=1)
        pages.append(read(tmp_path / str(number) / "samples" / "step_00000001.png"))
    assert torch.equal(pages[0], pages[1])
    assert not torch.equal(pages[0], pages[2])


def test_models_of_two_directions_show_both(tmp_path):
    model = fit(PairSheets(tmp_path, count=1, seed=0), steps=1, model=Model(("forward", "reverse")), data=Data(2))
    assert [direction for _, direction, _ in model.asked] == ["forward", "reverse"]
    page = read(tmp_path / "samples" / "step_00000001.png")
    below = page[:, LABEL_HEIGHT + SIDE + PADDING :]
    assert page.shape == (3, 2 * (LABEL_HEIGHT + SIDE + PADDING), PADDING + 3 * (SIDE + PADDING))
    # The way back shows the target first, and half as wide pictures behind it.
    assert below[0, LABEL_HEIGHT, PADDING] == 0
    assert below[0, LABEL_HEIGHT, 2 * PADDING + SIDE] == 1
    assert below[0, LABEL_HEIGHT, 2 * PADDING + SIDE + SIDE // 2] == WHITE


def test_fewer_examples_than_rows_are_all(tmp_path):
    model = fit(PairSheets(tmp_path, count=10), steps=1, data=Data(3))
    assert len(model.asked) == 3


def test_only_rank_zero_translates(tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "is_global_zero", property(lambda self: False))
    assert fit(PairSheets(tmp_path, every_n_steps=2), steps=4).asked == []
    assert not (tmp_path / "samples").exists()


def test_a_model_that_does_not_fit_is_told_what_does(tmp_path):
    trainer = SimpleNamespace(is_global_zero=True, global_step=0)
    with pytest.raises(ConfigError, match=r"callbacks=pairs shows .*, model=gan .*: take callbacks=default"):
        PairSheets(tmp_path).on_train_start(trainer, SimpleNamespace(name="gan"))
    with pytest.raises(ConfigError, match=r"callbacks=default shows .*, model=step .*: take callbacks=pairs"):
        SampleGrids(tmp_path).on_train_start(trainer, Model())


def test_a_run_without_pictures_to_show_stops_before_its_first_step(tmp_path):
    class NothingHeldOut(Data):
        def examples(self, split):
            raise DataError(f"greys has no pictures for its {split} split")

    model = Model()
    with pytest.raises(DataError, match="no pictures for its test split"):
        fit(PairSheets(tmp_path), 3, model, NothingHeldOut())
    assert model.trainer.global_step == 0


@pytest.mark.parametrize("key", ["every_n_steps", "count"])
def test_numbers_below_one_are_refused(tmp_path, key):
    with pytest.raises(ConfigError, match=rf"callbacks\.samples\.{key}=0"):
        PairSheets(tmp_path, **{key: 0})
