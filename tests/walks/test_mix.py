"""Sheets of mixed styles."""

import pytest
import torch
import walking
from PIL import Image

from gansmith.errors import ConfigError
from gansmith.walks.mix import mix, mixed_styles


def test_all_layers_of_another_sample_give_its_w_and_none_keeps_the_own_picture():
    model = walking.stylegan2_model()
    walker = walking.walker(model)
    rows = torch.arange(2)
    w = walker.code(torch.arange(4), "w")
    styles = w[:, None].repeat(1, 4, 1)
    own = mixed_styles(styles[:2], styles[2:], [])
    other = mixed_styles(styles[:2], styles[2:], [0, 1, 2, 3])
    for column in range(2):
        assert torch.equal(walker.show(own[:, column], rows, "w", ""), model.sample_images(rows, 3))
        # Noise stays that of the row.
        expected = walker.show(w[2 + column].repeat(2, 1), rows, "w", "")
        assert torch.equal(walker.show(other[:, column], rows, "w", ""), expected)


def test_some_layers_are_those_of_the_column():
    rows, columns = torch.randn(2, 5, 3), torch.randn(4, 5, 3)
    mixed = mixed_styles(rows, columns, [1, 2])
    assert mixed.shape == (2, 4, 5, 3)
    assert torch.equal(mixed[1, 3, [0, 3, 4]], rows[1, [0, 3, 4]])
    assert torch.equal(mixed[1, 3, [1, 2]], columns[3, [1, 2]])


def test_the_sheet_has_sources_left_and_above(tmp_path):
    model = walking.stylegan2_model()
    (path,) = mix(walking.walker(model), walking.settings(n=2, columns=3, layers="fine"), tmp_path)
    samples = model.sample_images(torch.arange(5), 3)[:, 0]
    with Image.open(path) as sheet:
        assert sheet.size == (2 + 4 * 66, 2 + 3 * 66)

        def at(row, column):
            left, top = 2 + 66 * column, 2 + 66 * row
            part = sheet.convert("L").crop((left, top, left + 64, top + 64))
            return torch.tensor(list(part.getdata())).view(64, 64)[::8, ::8]

        assert all(torch.equal(at(1 + row, 0), samples[row].long()) for row in range(2))
        assert all(torch.equal(at(0, 1 + column), samples[2 + column].long()) for column in range(3))
        assert (at(0, 0) == 255).all()


def test_what_does_not_work_is_named(tmp_path):
    with pytest.raises(ConfigError, match="mode=mix: model=cgan has no styles; stylegan2 has"):
        mix(walking.walker(walking.conditional_model()), walking.settings(), tmp_path)
    with pytest.raises(ConfigError, match="layers=2-4: take all, coarse, middle, fine, or some of 0-3"):
        mix(walking.walker(walking.stylegan2_model()), walking.settings(layers="2-4"), tmp_path)
