"""The set of scenes: what its items depend on, what its examples know, and what its config refuses."""

from pathlib import Path

import pytest
import torch

from gansmith.data.captioned.captions import caption_of
from gansmith.data.captioned.scenes.module import SceneData
from gansmith.data.captioned.scenes.palette import COLOURS
from gansmith.data.captioned.scenes.shapes import SHAPES
from gansmith.data.captioned.scenes.source import SIZES, Scenes
from gansmith.errors import ConfigError


def load(split="train", resolution=32, channels=3, size=30, **options):
    source = Scenes(size=size, test_size=size, **options)
    return source.load(split, resolution, channels, root=Path(), test_fraction=0)


def test_items_depend_on_seed_split_and_place_alone():
    few, many = load(size=20), load(size=50)
    assert torch.equal(few.batch(torch.arange(20)), many.batch(torch.arange(20)))
    assert [few.captions(index) for index in range(20)] == [many.captions(index) for index in range(20)]
    assert not torch.equal(few.batch(torch.arange(20)), load("test").batch(torch.arange(20)))
    assert not torch.equal(few.batch(torch.arange(20)), load(seed=1).batch(torch.arange(20)))


def test_a_language_says_the_same_beside_another():
    english, both = load(languages=["en"]), load(languages=["zh", "en"])
    for index in range(30):
        assert both.captions(index)[-len(english.captions(index)) :] == english.captions(index)


def test_fingerprints_of_pictures_and_of_captions_change_each_with_its_own():
    pictures = [load(), load("test"), load(resolution=16), load(size=29), load(seed=1)]
    assert len({one.fingerprint for one in pictures}) == len(pictures)
    chinese = load(languages=["zh"])
    assert chinese.fingerprint == load().fingerprint
    assert chinese.captions_fingerprint != load().captions_fingerprint == load().captions_fingerprint


def test_the_statements_of_a_caption_are_found_by_it():
    scenes = load("test")
    for index in range(30):
        scene, caption = scenes.scene(index), caption_of(scenes, index, seed=5)
        assert scenes.statements(index, caption) == scene.statements[scene.captions.index(caption)]
    with pytest.raises(KeyError):
        scenes.statements(0, "a grey dodecahedron")


def test_examples_know_boxes_masks_and_attributes():
    data = SceneData("scenes", Scenes(size=20, test_size=20), resolution=64, channels=3)
    examples = data.examples("test")
    assert len(examples) == 20
    for index in range(20):
        example, scene = examples[index], data.test.scene(index)
        assert torch.equal(example["image"], data.test.batch(torch.tensor([index]))[0])
        names = [(list(COLOURS)[c], list(SHAPES)[s], SIZES[z]) for c, s, z in example["attributes"].tolist()]
        assert names == [(thing.colour, thing.shape, thing.size) for thing in scene.things]
        assert example["boxes"].tolist() == [pytest.approx(thing.box) for thing in scene.things]
        for (left, top, right, bottom), mask in zip(64 * example["boxes"], example["masks"], strict=True):
            rows, columns = mask.nonzero().unbind(1)
            # The tip of a triangle covers no pixel by half.
            assert rows.min() == pytest.approx(float(top), abs=2)
            assert rows.max() + 1 == pytest.approx(float(bottom), abs=1)
            assert (columns.min(), columns.max() + 1) == pytest.approx((float(left), float(right)), abs=1.5)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"size": 0}, "data.source.size=0"),
        ({"languages": []}, "data.source.languages"),
        ({"languages": ["fr"]}, "must be some of en, zh"),
        ({"channels": 1}, "data.channels=1 must be 3"),
        ({"resolution": 15}, "data.resolution=15 must be at least 16"),
    ],
)
def test_what_does_not_work_names_its_key(options, key):
    with pytest.raises(ConfigError, match=key):
        load(**options)
