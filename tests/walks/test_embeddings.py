"""mode=variations, blend, edit."""

import sys
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from gansmith.errors import ConfigError, GansmithError
from gansmith.inference.checkpoints import load_trained
from gansmith.models.latents import slerp
from gansmith.ranges import to_uint8
from gansmith.walks import embeddings

sys.path.insert(0, str(Path(__file__).parents[1] / "inference"))

import captioned

KEYS = {"seed": 3, "batch_size": 2, "guidance": None, "steps": None, "prompt": None, "caption": None, "other": None}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    ckpt = captioned.save("dalle2_gan", tmp_path_factory.mktemp("dalle2_gan") / "model.ckpt")
    return load_trained(ckpt, torch.device("cpu"))


@pytest.fixture
def settings(tmp_path):
    def of(mode, **changes):
        files = {"picture": "red", "other": "blue"}
        for key, colour in files.items():
            Image.new("RGB", (40, 32), colour).save(tmp_path / f"{key}.png")
        picture = str(tmp_path / "picture.png")
        counts = {"n": 3, "columns": 3}
        return OmegaConf.create(
            {**KEYS, **counts, "mode": mode, "picture": picture, "out": str(tmp_path / "out"), **changes}
        )

    return of


def of_mode(trained, config):
    with torch.no_grad():
        rows, headings = embeddings.MODES[config.mode](trained, config)
    assert all(len(row) == len(headings) for row in rows)
    return rows


def test_variations_are_drawn_from_the_pictures_own_embedding(trained, settings):
    config = settings("variations")
    (row,) = of_mode(trained, config)
    with torch.no_grad():
        own = embeddings.embedded(trained, embeddings.picture_of(trained, config, "picture"))
        alone = trained.model.from_embedding(own, torch.tensor([2]), 3)["upsampler"]
    assert torch.equal(row[0], to_uint8(embeddings.picture_of(trained, config, "picture")))
    assert (row[3].int() - to_uint8(alone).int()).abs().max() <= 1
    assert not torch.equal(row[1], row[2])


def test_a_blend_goes_from_one_embedding_to_the_other(trained, settings, tmp_path):
    config = settings("blend", other=str(tmp_path / "other.png"), n=1)
    (row,) = of_mode(trained, config)
    with torch.no_grad():
        ends = [
            embeddings.embedded(trained, embeddings.picture_of(trained, config, key)) for key in ("picture", "other")
        ]
        for place, share in enumerate((0.0, 0.5, 1.0)):
            embedding = slerp(*ends, torch.tensor([[share]]))
            expected = trained.model.from_embedding(embedding, torch.tensor([0]), 3)["upsampler"]
            assert (row[place].int() - to_uint8(expected).int()).abs().max() <= 1


def test_an_edit_begins_at_the_picture_and_leads_towards_the_new_caption(trained, settings):
    config = settings("edit", caption="a red circle", prompt="a blue circle", n=1)
    (row,) = of_mode(trained, config)
    (variation,) = of_mode(trained, settings("variations", n=1))
    assert (row[0].int() - variation[1].int()).abs().max() <= 1
    assert not torch.equal(row[0], row[2])


@pytest.mark.parametrize(
    ("mode", "changes", "said"),
    [
        ("variations", {"picture": None}, "mode=variations begins from a file: picture=FILE"),
        ("blend", {"other": None}, "mode=blend begins from a file: other=FILE"),
        ("variations", {"guidance": [1, 2]}, "mode=variations takes one number"),
        ("variations", {"steps": 3}, "steps=3: model=dalle2_gan has none; dalle2 has"),
        ("edit", {"caption": "a"}, 'prompt="what it should": no prompt'),
        ("blend", {"other": "nowhere.png"}, "^other=nowhere.png can't be read"),
    ],
)
def test_what_is_missing_is_named(trained, settings, mode, changes, said):
    with pytest.raises(GansmithError, match=said):
        embeddings.embedding_walk(trained, settings(mode, **changes))


@pytest.mark.parametrize(
    ("mode", "key", "instead"),
    [
        ("variations", "prompt", "mode=edit has it"),
        ("edit", "other", "mode=blend has it"),
        ("blend", "mask", "leave it out"),
        ("samples", "caption", "mode=edit has it"),
    ],
)
def test_what_a_mode_has_no_use_for_is_named(mode, key, instead):
    with pytest.raises(ConfigError, match=f"^{key}=a: mode={mode} has no use for it; {instead}$"):
        embeddings.check_used(OmegaConf.create({"mode": mode, key: "a"}))
    embeddings.check_used(OmegaConf.create({"mode": "edit", "prompt": "a", "caption": "b", "picture": "c"}))


def test_models_without_embeddings_are_refused(settings, tmp_path):
    other = load_trained(captioned.save("text_gan", tmp_path / "model.ckpt"), torch.device("cpu"))
    with pytest.raises(ConfigError, match="model=text_gan does not: dalle2 and dalle2_gan do"):
        embeddings.embedding_walk(other, settings("variations"))
