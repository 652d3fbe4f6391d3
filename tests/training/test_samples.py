import numpy as np
import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from PIL import Image
from torch import nn

from gansmith.errors import ConfigError
from gansmith.training.samples import PADDING, WHITE, SampleGrids, image_grid, save_grid


class Model(LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.layer = nn.Linear(1, 1)
        self.asked = []

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def training_step(self, batch, batch_idx):
        self.optimizers().step()

    def sample_images(self, indices, seed):
        self.asked.append((indices.tolist(), seed))
        return (indices.to(torch.uint8) + self.trainer.global_step).view(-1, 1, 1, 1).expand(-1, 3, 64, 64)


def fit(callback, steps, logger=False):
    model = Model()
    trainer = Trainer(
        max_steps=steps,
        callbacks=[callback],
        logger=logger,
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, torch.utils.data.DataLoader(torch.zeros(100, 1), batch_size=1))
    return model, trainer


def pictures(run_dir):
    return sorted(path.name for path in (run_dir / "samples").iterdir())


@pytest.mark.parametrize("channels", [1, 3])
def test_every_picture_lies_where_its_row_and_column_say(channels):
    images = torch.randint(0, 256, (7, channels, 64, 64), dtype=torch.uint8)
    grid = image_grid(images, columns=3)
    cell = 64 + PADDING
    assert grid.shape == (channels, PADDING + 3 * cell, PADDING + 3 * cell)
    rest = grid.clone()
    for i, image in enumerate(images):
        top, left = PADDING + (i // 3) * cell, PADDING + (i % 3) * cell
        assert torch.equal(grid[:, top : top + 64, left : left + 64], image)
        rest[:, top : top + 64, left : left + 64] = WHITE
    assert (rest == WHITE).all()


@pytest.mark.parametrize(("side", "factor"), [(8, 8), (28, 2), (32, 2), (33, 1), (64, 1), (128, 1)])
def test_small_pictures_are_enlarged_by_whole_pixels(side, factor):
    image = torch.randint(0, 256, (1, 1, side, side), dtype=torch.uint8)
    tile = image_grid(image, columns=10)[:, PADDING:-PADDING, PADDING:-PADDING]
    assert tile.shape == (1, side * factor, side * factor)
    for row in range(factor):
        for column in range(factor):
            assert torch.equal(tile[:, row::factor, column::factor], image[0])


@pytest.mark.parametrize("channels", [2, 4, 5])
def test_other_channels_stand_side_by_side(channels):
    images = torch.randint(0, 256, (2, channels, 64, 64 // channels), dtype=torch.uint8)
    grid = image_grid(images, columns=1)
    width = channels * (64 // channels)
    assert grid.shape == (1, PADDING + 2 * (64 + PADDING), width + 2 * PADDING)
    first = grid[0, PADDING : PADDING + 64, PADDING : PADDING + width]
    assert torch.equal(first, torch.cat(list(images[0]), dim=1))


def test_oblong_pictures_keep_their_shape():
    grid = image_grid(torch.zeros(2, 1, 16, 32, dtype=torch.uint8), columns=2)
    assert grid.shape == (1, 32 + 2 * PADDING, 2 * 64 + 3 * PADDING)


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_the_file_holds_the_grid(tmp_path, channels):
    images = torch.randint(0, 256, (5, channels, 20, 20), dtype=torch.uint8)
    save_grid(images, tmp_path / "new" / "grid.png", columns=2)
    pixels = torch.from_numpy(np.array(Image.open(tmp_path / "new" / "grid.png")))
    grid = image_grid(images, columns=2)
    assert torch.equal(pixels if channels != 3 else pixels.permute(2, 0, 1), grid if channels == 3 else grid[0])


def test_a_failing_write_leaves_the_old_picture(tmp_path, monkeypatch):
    path = tmp_path / "grid.png"
    save_grid(torch.zeros(1, 1, 8, 8, dtype=torch.uint8), path, columns=1)
    before = path.read_bytes()

    def full(self, target, format):
        target.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OSError, match="No space"):
        save_grid(torch.ones(1, 1, 8, 8, dtype=torch.uint8), path, columns=1)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["grid.png"]


def test_pictures_at_each_interval_and_at_the_end(tmp_path):
    callback = SampleGrids(tmp_path, every_n_steps=4, count=6, columns=3, seed=11)
    model, _ = fit(callback, steps=10)
    assert pictures(tmp_path) == ["step_00000004.png", "step_00000008.png", "step_00000010.png"]
    assert model.asked == [(list(range(6)), 11)] * 3
    assert callback.latest == tmp_path / "samples" / "step_00000010.png"


def test_one_picture_where_the_last_step_is_an_interval(tmp_path):
    model, _ = fit(SampleGrids(tmp_path, every_n_steps=5, count=1), steps=5)
    assert len(model.asked) == 1


def test_pictures_beyond_the_start_are_removed_and_nothing_else(tmp_path):
    folder = tmp_path / "samples"
    folder.mkdir()
    for name in ("step_00000004.png", "step_00000012.png", "step_best.png", "mine.png"):
        (folder / name).touch()
    callback = SampleGrids(tmp_path, every_n_steps=4, count=1)
    trainer = Trainer(logger=False, accelerator="cpu", enable_checkpointing=False, enable_progress_bar=False)
    trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress.total.completed = 8
    trainer.strategy.connect(Model())
    assert trainer.global_step == 8
    callback.on_train_start(trainer, Model())
    assert pictures(tmp_path) == ["mine.png", "step_00000004.png", "step_best.png"]
    assert callback.latest == folder / "step_00000004.png"


def test_tensorboard_gets_the_grid(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logger = TensorBoardLogger(tmp_path, name="tensorboard", version="")
    callback = SampleGrids(tmp_path, every_n_steps=3, count=4, columns=2)
    fit(callback, steps=3, logger=logger)
    events = EventAccumulator(logger.log_dir)
    events.Reload()
    (picture,) = events.Images("samples")
    assert (picture.step, picture.width, picture.height) == (3, 134, 134)


def test_only_rank_zero_samples(tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "is_global_zero", property(lambda self: False))
    model, _ = fit(SampleGrids(tmp_path, every_n_steps=2, count=1), steps=4)
    assert model.asked == []
    assert not (tmp_path / "samples").exists()


@pytest.mark.parametrize("key", ["every_n_steps", "count", "columns"])
def test_numbers_below_one_are_refused(tmp_path, key):
    with pytest.raises(ConfigError, match=rf"callbacks\.samples\.{key}=0"):
        SampleGrids(tmp_path, **{key: 0})
