"""Pictures and the codes that come nearest to them."""

import json

import pytest
import torch
import walking
from PIL import Image

from gansmith.data.pixels import to_image
from gansmith.errors import ConfigError, DataError
from gansmith.metrics.psnr import psnr
from gansmith.walks.project import Projector, project
from gansmith.walks.targets import Targets, targets_of


def targets(pictures, labels=None):
    return Targets(pictures, [str(place) for place in range(len(pictures))], labels)


def in_range(model):
    """StyleGAN2 whose pictures lie in [-1, 1]: what is cut off there can't be found again."""
    with torch.no_grad():
        for name, parameter in model.sampler.named_parameters():
            if name.endswith("to_picture.convolution.weight"):
                parameter.mul_(0.1)
    return model


def sharp(model):
    """Weights so large that pictures differ."""
    with torch.no_grad():
        for parameter in model.sampler.parameters():
            parameter.mul_(2)
    return model


@pytest.mark.parametrize("space", ["z", "w", "w+"])
def test_a_picture_of_the_generator_is_found_again(space):
    model = in_range(walking.stylegan2_model())
    walker = walking.walker(model)
    rows = torch.arange(2)
    pictures = walker.show(walker.code(torch.tensor([5, 6]), "w"), rows, "w", "")
    projector = Projector(walker, space, perceptual=0.0)
    code, found = projector.project(targets(pictures), rows, 60)
    start, _ = projector._start(targets(pictures), rows)
    before = walker.show(start, rows, projector.space, "")
    assert code.shape == ((2, 4, 5) if space == "w+" else (2, 5))
    assert (psnr(found, pictures) > psnr(before, pictures) + 6).all()
    assert torch.equal(found, walker.show(code, rows, projector.space, ""))
    assert torch.equal(projector.project(targets(pictures), rows, 60)[0], code)


def test_of_a_linear_generator_it_is_the_least_squares_solution():
    model = walking.linear_model()
    layer = model.sampler.layer
    pictures = torch.randint(100, 156, (2, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    code, _ = Projector(walking.walker(model), "z", 0.0).project(targets(pictures), torch.arange(2), 500)
    wanted = pictures.flatten(1) / 127.5 - 1 - layer.bias
    expected = torch.linalg.lstsq(layer.weight, wanted.t()).solution.t()
    torch.testing.assert_close(code, expected, atol=2e-3, rtol=0)


def test_the_perceptual_distance_has_its_own_gradient_and_a_class_its_own_picture():
    model = sharp(walking.conditional_model())
    walker = walking.walker(model)
    wanted = targets(model.sample_images(torch.arange(2), 3, label=2), torch.tensor([2, 2]))
    code, _ = Projector(walker, "z", perceptual=1.0).project(wanted, torch.arange(2), 4)
    without, _ = Projector(walker, "z", perceptual=0.0).project(wanted, torch.arange(2), 4)
    assert code.isfinite().all()
    assert not torch.allclose(code, without)


def test_nothing_of_the_model_changes():
    model = walking.conditional_model()
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    wanted = targets(torch.zeros(1, 1, 8, 8, dtype=torch.uint8), torch.tensor([1]))
    Projector(walking.walker(model), "z", 0.0).project(wanted, torch.arange(1), 3)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(module.training for module in model.modules())


def test_a_folder_of_pictures_leaves_a_sheet_codes_and_numbers(tmp_path, capsys):
    model = walking.conditional_model()
    for number in range(3):
        picture = torch.full((3, 20, 12), 60 * number, dtype=torch.uint8)
        (tmp_path / "in").mkdir(exist_ok=True)
        to_image(picture, 3).save(tmp_path / "in" / f"{number}.png")
    config = walking.settings(picture=str(tmp_path / "in"), n=2, batch_size=1)
    sheet, codes, numbers = project(walking.walker(model, label=1), config, tmp_path / "out")
    with Image.open(sheet) as image:
        assert image.size == (2 + 3 * 66, 14 + 2 * 66)
    kept = torch.load(codes, weights_only=True)
    assert kept["names"] == ["0.png", "1.png"]
    assert kept["code"].shape == (2, 5)
    found = json.loads(numbers.read_text())
    assert [entry["picture"] for entry in found["pictures"]] == ["0.png", "1.png"]
    decoded = model.eval().decode(kept["code"][:1], torch.arange(1), 3, label=1)
    assert found["pictures"][0]["psnr"] == pytest.approx(
        psnr(((decoded + 1) * 127.5).round(), torch.zeros(1, 1, 8, 8)).item()
    )
    assert f"psnr {found['pictures'][0]['psnr']:.2f}" in capsys.readouterr().out


def test_test_pictures_of_the_run_are_spread_and_keep_their_labels():
    walker = walking.walker(walking.conditional_model())
    walker.model.classes = 10
    found = targets_of(None, 4, walker)
    from gansmith.config import instantiate

    test = instantiate(walking.DATA).split("test")
    places = torch.tensor([place * len(test) // 4 for place in range(4)])
    assert torch.equal(found.pictures, test.batch(places))
    assert torch.equal(found.labels, test.labels[places])


def test_pictures_become_what_the_run_was_trained_on(tmp_path):
    walker = walking.walker(walking.stylegan2_model())
    wide = Image.new("RGB", (32, 16), "white")
    wide.paste("black", (8, 0, 24, 16))
    wide.save(tmp_path / "wide.png")
    found = targets_of(str(tmp_path / "wide.png"), 8, walker)
    assert found.pictures.shape == (1, 1, 8, 8)
    # Its centre square is black, but for what the filter sees beside it.
    assert found.pictures[:, :, :, 1:-1].max() <= 16


def test_what_does_not_work_is_named(tmp_path):
    conditional, styles = walking.walker(walking.conditional_model()), walking.walker(walking.stylegan2_model())
    (tmp_path / "broken.png").write_bytes(b"no picture")
    broken, nowhere = str(tmp_path / "broken.png"), str(tmp_path / "nowhere")
    for walker, error, changes, message in (
        (styles, ConfigError, {"steps": 0}, "steps=0: it counts from 1"),
        (styles, ConfigError, {"perceptual": -1}, "perceptual=-1: it weighs"),
        (conditional, ConfigError, {"space": "w+"}, r"space=w\+: model=cgan has z here"),
        (conditional, ConfigError, {"picture": broken}, "model=cgan has classes: label=…"),
        (styles, DataError, {"picture": broken}, r"picture=.*broken\.png can't be read: is no JPEG"),
        (styles, DataError, {"picture": nowhere}, r"picture=.*nowhere does not exist"),
    ):
        with pytest.raises(error, match=message):
            project(walker, walking.settings(**changes), tmp_path)
    with pytest.raises(ConfigError, match=r"truncation=0\.5: mode=project"):
        project(walking.walker(walking.stylegan2_model(), truncation=0.5), walking.settings(), tmp_path)
