"""Directions in closed form."""

import json

import numpy as np
import pytest
import torch
import walking
from PIL import Image

from gansmith.errors import ConfigError
from gansmith.walks.sefa import factors, sefa, walked


def test_directions_are_the_eigenvectors_that_numpy_finds():
    matrix = torch.randn(16, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    values, directions = factors(matrix)
    expected, vectors = np.linalg.eigh(matrix.numpy().T @ matrix.numpy())
    np.testing.assert_allclose(values, expected[::-1])
    alignment = np.abs((directions.numpy() * vectors.T[::-1]).sum(1))
    np.testing.assert_allclose(alignment, 1)
    torch.testing.assert_close(directions @ directions.t(), torch.eye(5).double())
    assert (directions.gather(1, directions.abs().argmax(1, keepdim=True)) > 0).all()


def test_no_direction_changes_a_linear_generator_more_than_the_first():
    model = walking.linear_model()
    walker = walking.walker(model)
    _, directions = factors(walker.matrices()[0])

    @torch.no_grad()
    def change(direction):
        ends = model.decode(torch.stack([direction, -direction]), torch.arange(2), 3)
        return (ends[0] - ends[1]).norm().item()

    others = torch.nn.functional.normalize(torch.randn(100, 5, generator=torch.Generator().manual_seed(0)), dim=1)
    along = [change(direction.float()) for direction in directions]
    assert along == sorted(along, reverse=True)
    assert along[-1] <= min(map(change, others))
    assert max(map(change, others)) <= along[0]


def test_steps_move_codes_along_the_direction_in_the_layers_alone():
    direction, steps = torch.tensor([0.0, 1.0]), torch.tensor([-2.0, 0.0, 2.0])
    codes = torch.randn(4, 2)
    moved = walked(codes, direction, steps, [0])
    assert torch.equal(moved - codes[:, None], (steps[:, None] * direction).expand(4, 3, 2))
    layered = torch.zeros(4, 3, 2)
    moved = walked(layered, direction, steps, [1, 2])
    assert torch.equal(moved[:, :, 0], torch.zeros(4, 3, 2))
    assert torch.equal(moved[:, :, 2], (steps[:, None] * direction).expand(4, 3, 2))


@pytest.mark.parametrize("build", [walking.stylegan2_model, walking.conditional_model, walking.biggan_model])
def test_the_middle_of_every_row_is_the_sample_itself(build, tmp_path):
    model = build()
    sheet, numbers = sefa(walking.walker(model), walking.settings(n=2, columns=3, directions=2), tmp_path)
    samples = model.sample_images(torch.arange(2), 3)[:, 0].long()
    with Image.open(sheet) as image:
        assert image.size[1] == 14 + 4 * 66
        for row in range(4):
            left, top = 2 + 82 + 66, 14 + 66 * row
            part = image.convert("L").crop((left, top, left + 64, top + 64))
            middle = torch.tensor(list(part.getdata())).view(64, 64)[::8, ::8]
            assert (middle - samples[row % 2]).abs().max() <= 1
    found = json.loads(numbers.read_text())
    assert found["eigenvalues"] == sorted(found["eigenvalues"], reverse=True)
    assert len(found["eigenvalues"]) == model.latent


def test_layers_choose_the_matrices_of_stylegan2(tmp_path):
    walker = walking.walker(walking.stylegan2_model())
    _, numbers = sefa(walker, walking.settings(layers="coarse"), tmp_path)
    found = json.loads(numbers.read_text())
    assert found["layers"] == [0, 1]
    expected, _ = factors(torch.cat(walker.matrices()[:2]))
    assert found["eigenvalues"] == pytest.approx(expected.tolist())


def test_what_does_not_work_is_named(tmp_path):
    walker = walking.walker(walking.conditional_model())
    for changes, message in (
        ({"directions": 0}, "directions=0: it counts from 1"),
        ({"directions": 6}, "directions=6: a latent of 5 numbers"),
        ({"reach": 0}, "reach=0: it is how far"),
        ({"layers": "0-1"}, "layers=0-1: take all"),
    ):
        with pytest.raises(ConfigError, match=message):
            sefa(walker, walking.settings(**changes), tmp_path)
    model = walking.linear_model()
    model.ema_generator = torch.nn.Linear(5, 5)
    with pytest.raises(ConfigError, match=r"model=linear: its generator has no latent_matrices\(\)"):
        sefa(walking.walker(model), walking.settings(), tmp_path)
