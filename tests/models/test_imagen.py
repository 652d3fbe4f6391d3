"""A cascade of diffusion models."""

from functools import partial

import pytest
import torch
from torch.nn.functional import mse_loss

from gansmith.diffusion.drawing import Drawing
from gansmith.diffusion.enlarging import Enlarging, enlarged, reduced
from gansmith.diffusion.sampler import Sampler
from gansmith.diffusion.schedule import Cosine
from gansmith.errors import CheckpointError, ConfigError
from gansmith.models.imagen import Imagen
from gansmith.networks.captioned import Captioned
from gansmith.networks.diffusion_unet import UNet
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.noise import Noise
from gansmith.training.schedules import Schedule

CAPTIONS = ["a red circle", "two blue squares", "", "绿色的三角形"]


def imagen(**changes):
    torch.manual_seed(0)
    unet = partial(UNet, channels=3, features=32, multipliers=(1, 2), attention=())
    parts = Captioned(
        BagOfWords(size=16, buckets=64),
        {"to_8": partial(unet, resolution=8), "to_16": partial(unet, resolution=16, beside=3)},
    )
    with torch.no_grad():
        for parameter in parts.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    sampler = Sampler(Cosine(), steps=3)
    plain = {"generator": partial(torch.optim.SGD, lr=0.1)}
    settings = {
        "resolutions": [8, 16],
        "drawing": Drawing(sampler),
        "enlarging": Enlarging(sampler),
        "name": "imagen",
        **changes,
    }
    return Imagen(parts, optimizer=plain, schedule={"generator": Schedule()}, **settings).eval()


def drawn(model, indices, prompt="a red circle", **conditions):
    with torch.no_grad():
        return model.sample(torch.tensor(indices), 5, prompt, **conditions)


def losses(model, rows, start, captions=CAPTIONS, total=4):
    model.noise = Noise(1, total, start, torch.float32)
    image = torch.linspace(-1, 1, total * 3 * 256).view(total, 3, 16, 16)[start : start + rows]
    return model.loss_terms("generator", {"image": image, "caption": captions[start : start + rows]})


def test_a_sample_is_a_function_of_its_number_and_its_caption():
    model = imagen()
    three = drawn(model, [0, 1, 2], ["a", "b", "c"])
    assert three.shape == (3, 3, 16, 16)
    assert three.abs().max() <= 1
    torch.testing.assert_close(drawn(model, [2], "c"), three[2:], atol=1e-4, rtol=0)
    assert not torch.allclose(drawn(model, [2], "d"), three[2:], atol=1e-3)


def test_the_loss_of_a_batch_is_the_mean_over_its_parts():
    model = imagen()
    whole, parts = losses(model, 4, 0), [losses(model, 2, start) for start in (0, 2)]
    assert set(whole) == {"to_8", "to_16"}
    for name, value in whole.items():
        torch.testing.assert_close(value, sum(part[name] for part in parts) / 2)


def test_only_the_networks_that_are_to_train_have_a_loss():
    assert set(losses(imagen(trains=[16]), 2, 0)) == {"to_16"}


def test_captions_are_left_out_as_often_as_asked():
    """With all of them left out, which ones they were does not matter."""
    model = imagen(drop=0.999999)
    assert losses(model, 4, 0) == losses(model, 4, 0, captions=CAPTIONS[::-1])
    assert losses(imagen(drop=0.0), 4, 0) != losses(imagen(drop=0.0), 4, 0, captions=CAPTIONS[::-1])


def test_data_of_another_size_are_refused():
    with pytest.raises(ConfigError, match=r"data\.resolution=16, and model\.resolutions=\[8\] end at another"):
        losses(imagen(resolutions=[8]), 2, 0)


def test_without_weight_what_guidance_leads_away_from_does_not_matter():
    model = imagen()
    assert torch.equal(drawn(model, [0], guidance=1.0), drawn(model, [0], guidance=1.0, negative="blue"))
    assert not torch.equal(drawn(model, [0], guidance=4.0), drawn(model, [0], guidance=4.0, negative="blue"))


def test_a_picture_is_begun_from_and_kept_where_the_mask_says():
    model, picture = imagen(), torch.rand(1, 3, 16, 16) * 2 - 1
    torch.testing.assert_close(drawn(model, [0], picture=picture, strength=0.0), picture)
    mask = torch.zeros(16, 16)
    mask[:, 8:] = 1
    edited = drawn(model, [0, 1], picture=picture, mask=mask)
    torch.testing.assert_close(edited[..., :8], picture[..., :8].expand(2, -1, -1, -1))
    assert not torch.allclose(edited[..., 8:], picture[..., 8:].expand(2, -1, -1, -1), atol=0.1)


def test_the_stage_above_adds_to_the_enlarged_picture():
    """A network that foresees no residual leaves the enlarged picture."""
    model = imagen()
    for parameter in model.generator["to_16"].parameters():
        torch.nn.init.zeros_(parameter)
    model.enlarging = Enlarging(Sampler(Cosine(), kind="clean", steps=2))
    stages = model.stages(torch.tensor([0]), 5, "a")
    expected = enlarged(stages["to_8"], 16).clamp(-1, 1)
    torch.testing.assert_close(stages["to_16"], expected)


def test_reducing_averages_squares():
    picture = torch.randn(1, 1, 4, 4)
    assert mse_loss(reduced(picture, 2)[0, 0, 0, 0], picture[0, 0, :2, :2].mean()) < 1e-12


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"resolutions": [16, 8]}, r"model\.resolutions is \[16, 8\]"),
        ({"trains": [4]}, r"model\.trains has 4"),
        ({"drop": 1.0}, r"model\.drop is 1\.0"),
    ],
)
def test_values_that_do_not_work_are_one_line(changes, said):
    with pytest.raises(ConfigError, match=said):
        imagen(**changes)


def test_without_a_caption_there_is_nothing_to_draw():
    with pytest.raises(ConfigError, match="draws what a caption says"):
        drawn(imagen(), [0], None)
    with pytest.raises(ConfigError, match="2 captions for 1 samples"):
        drawn(imagen(), [0], ["a", "b"])


def test_the_last_stage_alone_enlarges_faultless_pictures():
    """One that foresees no residual gives them back, whatever noise it was trained to expect."""
    model = imagen()
    for parameter in model.generator["to_16"].parameters():
        torch.nn.init.zeros_(parameter)
    model.enlarging = Enlarging(Sampler(Cosine(), kind="clean", steps=2), level=0.9)
    small = torch.rand(2, 3, 8, 8) - 0.5
    with torch.no_grad():
        found = model.enlarge(small, torch.arange(2), 5, ["a", "b"])
    torch.testing.assert_close(found, enlarged(small, 16))
    with pytest.raises(ConfigError, match="model=imagen enlarges nothing"):
        imagen(resolutions=[8]).enlarge(small, torch.arange(2), 5, "a")


def test_a_stage_is_trained_onto_those_of_another_run(tmp_path):
    """What does not train stays, and so do the words, which it was trained with."""
    first, second = imagen(trains=[8]), imagen(trains=[16])
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.mul_(1.5)
    torch.save({"state_dict": first.state_dict(), "config": {"model": {}, "data": {}}}, tmp_path / "first.ckpt")
    second.start_from(tmp_path / "first.ckpt")
    second.keep_the_rest()
    torch.testing.assert_close(second.generator.state_dict(), first.generator.state_dict(), rtol=0, atol=0)
    learning = {name.split(".")[0] for name, weight in second.generator.named_parameters() if weight.requires_grad}
    assert learning == {"to_16"}
    sum(losses(second, 2, 0).values()).backward()
    assert all(weight.grad is None for weight in second.generator.text.parameters())


def test_a_run_of_another_form_is_one_line(tmp_path):
    torch.save(
        {"state_dict": imagen(resolutions=[8, 16]).state_dict(), "config": {"model": {}, "data": {}}},
        tmp_path / "other.ckpt",
    )
    other = imagen()
    del other.generator["to_16"]
    with pytest.raises(CheckpointError, match=r"does not fit the model: to_16\."):
        other.start_from(tmp_path / "other.ckpt")
