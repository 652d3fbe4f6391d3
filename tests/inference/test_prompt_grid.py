"""Several prompts, or several weights of guidance, beside each other."""

import json

import captioned
import numpy as np
import pytest
from PIL import Image

from gansmith.data.captioned.folder import CaptionedFolder
from gansmith.inference import sample_checkpoint
from gansmith.inference.prompt_grid import Cell, batches_of, rows_of, rows_on_sheet

PROMPTS = ["a red circle", "绿色的三角形", "a blue square left of a green cross"]


@pytest.fixture
def prompts(tmp_path):
    path = tmp_path / "prompts.txt"
    path.write_text("\n\n".join(PROMPTS), encoding="utf-8")
    return str(path)


def pixels(path):
    return np.array(Image.open(path)).astype(int)


def assert_same(first, second):
    """Up to rounding: sums of a batch of another size may end in other bits."""
    assert np.abs(pixels(first) - pixels(second)).max() <= 1


def lines(out):
    return [json.loads(line) for line in (out / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]


def test_every_prompt_of_a_file_has_the_pictures_that_it_has_alone(text_gan, prompts, tmp_path):
    out = tmp_path / "all"
    paths = sample_checkpoint(captioned.settings(text_gan, out, prompts=prompts, seed=5, batch_size=4))
    assert [path.name for path in paths] == [f"{place:03d}-{number:04d}.png" for place in range(3) for number in (0, 1)]
    for place, prompt in enumerate(PROMPTS):
        alone = sample_checkpoint(captioned.settings(text_gan, tmp_path / str(place), prompt=prompt, seed=5))
        for number, path in enumerate(alone):
            assert_same(path, out / f"{place:03d}-{number:04d}.png")
    assert not np.array_equal(pixels(paths[0]), pixels(paths[1]))
    assert not np.array_equal(pixels(paths[0]), pixels(paths[2]))


def test_what_each_file_shows_is_written_beside_it(text_gan, prompts, tmp_path):
    out = tmp_path / "out"
    sample_checkpoint(captioned.settings(text_gan, out, prompts=prompts, seed=5))
    assert lines(out)[3] == {
        "file_name": "001-0001.png",
        "text": "绿色的三角形",
        "seed": 5,
        "sample": 1,
        "guidance": None,
    }
    assert {line["file_name"] for line in lines(out)} == {path.name for path in out.glob("0*.png")}
    assert "绿色的三角形" in (out / "metadata.jsonl").read_text(encoding="utf-8")


def test_what_was_drawn_can_be_trained_on(text_gan, prompts, tmp_path):
    out = tmp_path / "out"
    sample_checkpoint(captioned.settings(text_gan, out, prompts=prompts))
    kept = CaptionedFolder().load("train", 32, 3, root=out, test_fraction=0.0)
    assert sorted(kept.captions(index)[0] for index in range(len(kept))) == sorted(2 * PROMPTS)


def test_weights_of_guidance_stand_beside_each_other_and_begin_from_the_same_noise(imagen, prompts, tmp_path):
    few = {"seed": 3, "n": 1, "steps": 2}
    out = tmp_path / "grid"
    paths = sample_checkpoint(captioned.settings(imagen, out, prompts=prompts, guidance=[0, 1, 2.5], **few))
    assert [path.name for path in paths[:4]] == [
        "000-0000-guidance0.png",
        "000-0000-guidance1.png",
        "000-0000-guidance2.5.png",
        "001-0000-guidance0.png",
    ]
    for weight in (1, 2.5):
        alone = captioned.settings(imagen, tmp_path / str(weight), prompt=PROMPTS[1], guidance=weight, **few)
        assert_same(*sample_checkpoint(alone), out / f"001-0000-guidance{weight:g}.png")
    # At 0 the caption is ignored in the first stage: what differs comes of the second, which adds little.
    ignored = [pixels(out / f"{place:03d}-0000-guidance0.png") for place in (0, 1)]
    followed = [pixels(out / f"{place:03d}-0000-guidance2.5.png") for place in (0, 1)]
    assert np.abs(ignored[0] - ignored[1]).mean() < np.abs(followed[0] - followed[1]).mean()
    assert [(line["guidance"], line["steps"]) for line in lines(out)[:3]] == [(0, 2), (1, 2), (2.5, 2)]


def test_a_list_of_guidance_takes_a_single_prompt_too(imagen, tmp_path):
    paths = sample_checkpoint(captioned.settings(imagen, tmp_path, prompt="", guidance=[1, 2], steps=1, columns=1))
    assert len(paths) == 4
    with Image.open(tmp_path / "grid.png") as sheet:
        # A title, two pictures of 64 pixels, two rows; `columns` leaves out no weight.
        assert sheet.size == (2 + 252 + 2 * 66, 14 + 2 * 66)


def test_the_sheet_has_a_row_for_each_prompt(text_gan, prompts, tmp_path):
    sample_checkpoint(captioned.settings(text_gan, tmp_path / "out", prompts=prompts, n=3, columns=2))
    with Image.open(tmp_path / "out" / "grid.png") as sheet:
        assert sheet.size == (2 + 252 + 2 * 66, 14 + 3 * 66)


def test_cells_of_one_weight_are_drawn_together():
    rows = rows_of(["a", "b"], 1, [1, 2])
    assert [[cell.guidance for cell in batch] for batch in batches_of(rows, 3)] == [[1, 1], [2, 2]]
    assert [len(batch) for batch in batches_of(rows_of(["a", "b", "c"], 3, 2.0), 4)] == [4, 4, 1]


def test_the_sheet_does_not_grow_with_the_prompts():
    rows = rows_of([str(place) for place in range(300)], 4, None)
    assert len(rows_on_sheet(rows, 8)) == 64
    assert len(rows_on_sheet(rows, 1)) == 256
    assert {len(row) for row in rows_on_sheet(rows, 2)} == {2}
    assert rows_on_sheet(rows_of(["a"], 300, None), 300) == [[Cell(0, "a", number) for number in range(300)]]
