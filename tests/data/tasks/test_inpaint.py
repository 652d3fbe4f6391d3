from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.data.tasks.inpaint import split_hole
from gansmith.errors import ConfigError
from gansmith.noise import NoiseByIndex

TASKS = sorted(file.stem for file in (Path(__file__).parents[3] / "conf/task").glob("*.yaml"))
ALL = ["center", "boxes", "strokes", "mixed"]


def derived(task, image):
    return task.derive({"image": image}, NoiseByIndex(0, torch.arange(len(image))))


@pytest.mark.parametrize("masks", ALL)
@pytest.mark.parametrize("channels", [1, 3])
def test_rows_stand_alone(configured, rows_stand_alone, masks, channels):
    rows_stand_alone(configured("inpaint", channels, masks=masks), channels)


@pytest.mark.parametrize("masks", ALL)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_source_is_the_picture_around_a_grey_hole(configured, pictures, masks, channels):
    image = pictures(5, channels)
    task = configured("inpaint", channels, masks=masks)
    fields = derived(task, image)
    assert (task.source_channels, task.target_channels) == (channels + 1, channels)
    assert fields["source"].shape[1] == channels + 1
    picture, hole = split_hole(fields["source"])
    assert torch.equal(hole, fields["mask"] == 1)
    assert torch.equal(fields["source"][:, -1:], 2 * fields["mask"] - 1)
    assert torch.equal(picture, torch.where(hole, 0.0, image))
    assert torch.equal(task.baseline(fields["source"]), picture)
    assert torch.equal(fields["target"], image)


def test_known_pixels_stay(configured, pictures):
    image = pictures(3)
    task = configured("inpaint")
    fields = derived(task, image)
    output = torch.full_like(image, 0.3)
    shown = task.render(fields["source"], output)
    assert torch.equal(shown, torch.where(fields["mask"] == 1, output, image))
    assert torch.equal(task.render(fields["source"], image), image)


def test_a_mask_file_is_brought_to_the_size_of_the_pictures(configured, pictures, tmp_path):
    drawn = np.zeros((12, 20), np.uint8)
    drawn[3:6, 5:15] = 255
    Image.fromarray(drawn).save(tmp_path / "mask.png")
    mask = derived(configured("inpaint", mask_file=str(tmp_path / "mask.png")), pictures(2))["mask"]
    expected = torch.from_numpy(drawn > 0).float().repeat_interleave(2, 0).repeat_interleave(2, 1)
    assert torch.equal(mask, expected.expand(2, 1, -1, -1))


def test_a_mask_file_that_is_none_is_named(configured, tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "black.png")
    with pytest.raises(ConfigError, match=r"task\.mask_file=.*black\.png has no white"):
        configured("inpaint", mask_file=str(tmp_path / "black.png"))
    with pytest.raises(ConfigError, match=r"task\.mask_file=.*absent\.png"):
        configured("inpaint", mask_file=str(tmp_path / "absent.png"))


def test_unknown_masks_are_named(configured):
    with pytest.raises(ConfigError, match=r"task\.masks=circles must be one of center, boxes, strokes, mixed"):
        configured("inpaint", masks="circles")


def test_a_picture_is_prepared_as_in_training(configured, pictures):
    image = pictures(3)
    task = configured("inpaint")
    fields = derived(task, image)
    assert torch.equal(task.prepare(image, fields["mask"]), fields["source"])
    with pytest.raises(ConfigError, match="mask=FILE, or a picture with transparency"):
        task.prepare(image)


@pytest.mark.parametrize("name", [name for name in TASKS if name != "given"])
def test_no_other_task_asks_where_the_picture_is_missing(configured, name):
    assert configured(name).fills_holes == (name == "inpaint")
