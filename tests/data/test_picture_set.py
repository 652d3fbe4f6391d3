import pytest
import torch

from gansmith.data import picture_set as picture_set_module
from gansmith.data.picture_set import PictureExamples, Resized, Together
from gansmith.data.pictures import MemoryPictures
from gansmith.errors import DataError


def noise(*sizes, seed=0, channels=3):
    generator = torch.Generator().manual_seed(seed)
    pictures = [torch.randint(256, (channels, *size), generator=generator, dtype=torch.uint8) for size in sizes]
    return MemoryPictures(pictures, [f"{seed}/{i}.png" for i in range(len(sizes))])


def pair(source=((4, 6), (8, 8)), target=((8, 12), (16, 16)), scale=2):
    return Together(
        {"source": noise(*source, seed=1), "target": noise(*target, seed=2)}, {"source": scale, "target": 1}
    )


def test_a_sample_has_the_pictures_of_one_place_and_the_size_of_the_larger():
    pairs = pair()
    assert (len(pairs), pairs.sizes, pairs.names) == (2, [(8, 12), (16, 16)], ["2/0.png", "2/1.png"])
    sample = pairs.read(1)
    assert torch.equal(sample["source"], pairs.pictures["source"].read(1))
    assert torch.equal(sample["target"], pairs.pictures["target"].read(1))


def test_sizes_that_do_not_fit_name_both_files():
    with pytest.raises(DataError, match=r"^1/1\.png is 7x8 and its partner 2/1\.png 16x16; .*2 times \(data\.scale\)"):
        pair(source=((4, 6), (8, 7)))
    with pytest.raises(DataError, match=r"^1/0\.png is 6x4 and its partner 2/0\.png 12x8; expected one size$"):
        pair(scale=1)


def test_resized_samples_are_squares_of_the_whole_picture():
    resized = Resized(pair(), 4)
    assert resized.sizes == [(4, 4)] * 2
    sample = resized.read(0)
    assert (sample["source"].shape, sample["target"].shape) == ((3, 2, 2), (3, 4, 4))
    whole = torch.zeros(1, 8, 16, dtype=torch.uint8)
    whole[..., 8:] = 200
    picture = Resized(Together({"image": MemoryPictures([whole], "a")}, {"image": 1}), 8).read(0)["image"]
    assert picture[0, 0, :2].unique().tolist() == [0]
    assert picture[0, 0, 6:].unique().tolist() == [200]


def test_resized_samples_are_the_same_in_memory_and_at_use(monkeypatch):
    kept = Resized(pair(), 6)
    monkeypatch.setattr(picture_set_module, "ROOM", 0)
    made = Resized(pair(), 6)
    assert (kept.in_memory, made.in_memory) == (True, False)
    assert kept.fingerprint == made.fingerprint
    assert torch.equal(kept.read(1)["source"], made.read(1)["source"])


def test_fingerprint_changes_with_pictures_order_fields_and_transform():
    pictures = noise((4, 4), (4, 5))
    plain = Together({"image": pictures}, {"image": 1})
    others = [
        Together({"image": pictures.take([1, 0])}, {"image": 1}),
        Together({"image": pictures.take([0])}, {"image": 1}),
        Together({"target": pictures}, {"target": 1}),
        Together({"image": noise((4, 4), (4, 5), seed=1)}, {"image": 1}),
        Together({"image": MemoryPictures(pictures.pictures, "ab", pictures.keys, "grey")}, {"image": 1}),
        Resized(plain, 4),
        Resized(plain, 2),
    ]
    prints = {one.fingerprint for one in (plain, *others)}
    assert len(prints) == 1 + len(others)
    assert Together({"image": noise((4, 4), (4, 5))}, {"image": 1}).fingerprint == plain.fingerprint


def test_examples_of_several_sets_begin_the_shorter_one_anew():
    source = Together({"source": noise((4, 4), (5, 5))}, {"source": 1})
    target = Together({"target": noise((3, 3), (6, 6), (7, 8))}, {"target": 1})
    examples = PictureExamples([source, target])
    assert len(examples) == len(list(examples)) == 3
    assert [one["source"].shape[1] for one in examples] == [4, 5, 4]
    assert [one["target"].shape[1] for one in examples] == [3, 6, 7]
    assert examples.fingerprint != PictureExamples([target, source]).fingerprint
