import itertools

import pytest
import torch

from gansmith.data.crop_stream import Crop, Crops, CropStream
from gansmith.data.picture_set import Together
from gansmith.data.pictures import MemoryPictures
from gansmith.errors import ConfigError, DataError

B, SIDE = 6, 8
SIZES = [(8, 8), (12, 20), (16, 9), (24, 24)]


def coded(sample, height, width, scale=1):
    """A picture whose pixels say where they are: sample, row and column of the picture `scale` times larger."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([torch.full_like(rows, sample), scale * rows, scale * columns]).to(torch.uint8)


def plain(sizes=SIZES):
    pictures = [coded(i, *size) for i, size in enumerate(sizes)]
    return Together({"image": MemoryPictures(pictures, [f"{i}.png" for i in range(len(sizes))])}, {"image": 1})


def pairs(scale, sizes=SIZES):
    names = [f"{i}.png" for i in range(len(sizes))]
    target = MemoryPictures([coded(i, scale * h, scale * w) for i, (h, w) in enumerate(sizes)], names)
    source = MemoryPictures([coded(i, h, w, scale) for i, (h, w) in enumerate(sizes)], names)
    return Together({"source": source, "target": target}, {"source": scale, "target": 1})


def stream(pictures=None, side=SIDE, flip=True, rotate=True, seed=0, batch_size=B, **options):
    sets = pictures if isinstance(pictures, list) else [pictures or plain()]
    return CropStream([Crops(one, side, flip, rotate, seed) for one in sets], batch_size, **options)


def take(count, *args, **options):
    return list(itertools.islice(stream(*args, **options), count))


def joined(batches, name="image"):
    return torch.cat([batch[name] for batch in batches])


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_both_sides_of_a_pair_show_the_same_place_the_same_way_round(scale):
    for batch in take(40, pairs(scale), side=4 * scale):
        source, target = batch["source"], batch["target"]
        assert source.shape == (B, 3, 4, 4)
        assert target.shape == (B, 3, 4 * scale, 4 * scale)
        # Every pixel of the source stands for a block of the target, of which it has the upper left place.
        blocks = target.unfold(2, scale, scale).unfold(3, scale, scale)
        assert torch.equal(blocks.amin((4, 5)), source)


def test_a_crop_is_a_square_of_one_picture_turned_and_mirrored():
    for picture in joined(take(40)):
        sample, rows, columns = picture
        assert (sample == sample[0, 0]).all()
        assert rows.unique().numel() == columns.unique().numel() == SIDE
        along = rows if (rows == rows[:, :1]).all() else columns
        across = columns if along is rows else rows
        assert (along == along[:, :1]).all()
        assert (across == across[:1]).all()


def orientations(**options):
    corners = joined(take(40, plain([(8, 8)]), **options))[:, 1:, :, :]
    return {tuple(one[:, 0, 0].tolist() + one[:, 0, -1].tolist()) for one in corners}


def test_flips_and_turns_give_all_eight_orientations_and_only_where_wanted():
    upright = (0, 0, 0, 7)
    assert len(orientations()) == 8
    assert orientations(rotate=False) == {upright, (0, 7, 0, 0)}
    assert len(orientations(flip=False)) == 4
    assert orientations(flip=False, rotate=False) == {upright}


def test_pictures_are_drawn_in_proportion_to_their_area():
    samples = joined(take(700))[:, 0, 0, 0].long()
    areas = torch.tensor([h * w for h, w in SIZES], dtype=torch.float64)
    expected = areas / areas.sum()
    measured = torch.bincount(samples, minlength=len(SIZES)) / len(samples)
    assert (measured - expected).abs().max() < 0.03


def test_every_position_is_equally_likely():
    places = joined(take(700, plain([(10, 12)]), flip=False, rotate=False))[:, 1:, 0, 0].long()
    counts = torch.bincount(places[:, 0] * 5 + places[:, 1], minlength=15)
    assert len(counts) == 15
    assert counts.min() > 0.75 * len(places) / 15
    assert counts.max() < 1.25 * len(places) / 15


def test_pictures_of_one_size_each_come_once_before_any_comes_again():
    samples = joined(take(7, plain([(9, 10)] * 14)))[:, 0, 0, 0]
    assert torch.equal(samples.view(3, 14).sort().values.long(), torch.arange(14).expand(3, 14))


def test_a_batch_may_be_larger_than_the_set():
    assert len(take(1, plain([(8, 8), (8, 8)]), batch_size=9)[0]["image"]) == 9


@pytest.mark.parametrize("sizes", [SIZES, [(9, 9)] * 5])
@pytest.mark.parametrize("world_size", [2, 3])
def test_slices_of_the_ranks_make_up_the_batch_of_one_process(world_size, sizes):
    ranks = [take(12, plain(sizes), rank=rank, world_size=world_size) for rank in range(world_size)]
    for whole, *slices in zip(take(12, plain(sizes)), *ranks, strict=True):
        assert torch.equal(joined(slices), whole["image"])


@pytest.mark.parametrize("sizes", [SIZES, [(9, 9)] * 5])
@pytest.mark.parametrize("step", [1, 4, 50])
def test_starting_at_a_step_equals_having_come_there(step, sizes):
    came, started = take(step + 3, plain(sizes))[step:], take(3, plain(sizes), start=step)
    assert torch.equal(joined(came), joined(started))


def test_seeds_give_different_crops():
    assert not torch.equal(joined(take(2, seed=1)), joined(take(2, seed=2)))


def test_sets_are_drawn_independently():
    sides = [Together({name: plain().pictures["image"]}, {name: 1}) for name in ("source", "target")]
    crops = [Crops(one, SIDE, True, True, seed) for seed, one in enumerate(sides)]
    batches = list(itertools.islice(CropStream(crops, B), 100))
    source, target = (joined(batches, name)[:, 0, 0, 0].long() for name in ("source", "target"))
    together = torch.bincount(source * len(SIZES) + target, minlength=len(SIZES) ** 2).view(len(SIZES), -1) / 600
    apart = together.sum(1, keepdim=True) * together.sum(0, keepdim=True)
    assert (together - apart).abs().max() < 0.04


def test_a_picture_smaller_than_the_crop_is_named_with_what_would_work():
    with pytest.raises(DataError, match=r"^2\.png is 9x16, smaller .*=12; data\.resolution=9 .*data\.resize=12 "):
        stream(plain([(12, 12), (12, 14), (16, 9)]), side=12)
    with pytest.raises(DataError, match=r"data\.resolution=8 fits"):
        stream(pairs(4, [(2, 3)]), side=16)


def test_a_batch_that_does_not_divide_names_its_key():
    with pytest.raises(ConfigError, match=r"data\.batch_size=6 does not divide among 4"):
        stream(world_size=4)


class Decoded(MemoryPictures):
    """The same pictures as if each had to be decoded."""

    in_memory = False


class Broken(Decoded):
    def read(self, index):
        raise DataError("picture.png can't be read")


def held(kind):
    pictures = plain().pictures["image"]
    return Together({"image": kind(pictures.pictures, pictures.names)}, {"image": 1})


@pytest.mark.slow
def test_workers_change_nothing():
    assert torch.equal(joined(take(6, start=2)), joined(take(6, held(Decoded), start=2, workers=2)))


def test_an_unreadable_picture_in_a_worker_is_still_one_line():
    with pytest.raises(DataError, match=r"^picture.png can't be read$"):
        take(1, held(Broken), workers=1)


def test_pictures_in_memory_use_no_workers():
    assert (stream(workers=2).workers, stream(held(Decoded), workers=2).workers) == (0, 2)


def test_global_generator_is_left_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    take(5)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_crop_is_mirrored_before_it_is_turned():
    picture = coded(0, 8, 8)
    crop = Crop(0, top=2, left=4, side=4, mirrored=True, turns=1)
    assert torch.equal(torch.from_numpy(crop.of(picture, 1).copy()), picture[:, 2:6, 4:8].flip(-1).rot90(1, (-2, -1)))
