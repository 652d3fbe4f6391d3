import itertools

import pytest
import torch

from gansmith.data.imageset import MemoryImages
from gansmith.data.stream import BatchStream
from gansmith.errors import ConfigError, DataError

N, B = 23, 6


def pictures(labels=True):
    """Picture i holds the value i in its left column, so that order and mirroring can be read off."""
    images = torch.zeros(N, 1, 2, 2, dtype=torch.uint8)
    images[:, 0, :, 0] = torch.arange(1, N + 1, dtype=torch.uint8)[:, None]
    return MemoryImages(images, torch.arange(N) if labels else None, N if labels else 0)


class Decoded(MemoryImages):
    """The same pictures as if each had to be decoded."""

    in_memory = False


class Broken(Decoded):
    def batch(self, indices):
        raise DataError("picture.png can't be read")


def take(count, **options):
    dataset = options.pop("dataset", None) or pictures()
    return list(itertools.islice(BatchStream(dataset, options.pop("batch_size", B), **options), count))


def joined(batches, name="image"):
    return torch.cat([batch[name] for batch in batches])


def test_each_epoch_shows_every_picture_once_and_in_another_order():
    labels = joined(take(3 * N), "label")[: B * 3 * N // N * N].view(-1, N)
    for epoch in labels:
        assert torch.equal(epoch.sort().values, torch.arange(N))
    assert not torch.equal(labels[0], labels[1])


def test_a_batch_may_straddle_epochs_and_may_be_as_large_as_the_set():
    straddling = joined(take(4, batch_size=N - 1), "label")
    assert torch.equal(straddling, joined(take(4, batch_size=N), "label")[: len(straddling)])


def test_label_belongs_to_image():
    for batch in take(10, horizontal_flip=True):
        assert batch["image"].dtype == torch.uint8
        assert batch["label"].dtype == torch.int64
        assert torch.equal(batch["image"].amax((1, 2, 3)).long() - 1, batch["label"])


def test_without_labels_a_batch_has_none():
    assert set(take(1, dataset=pictures(labels=False))[0]) == {"image"}


@pytest.mark.parametrize("world_size", [2, 3])
def test_slices_of_the_ranks_make_up_the_batch_of_one_process(world_size):
    ranks = [take(12, rank=rank, world_size=world_size, horizontal_flip=True, seed=5) for rank in range(world_size)]
    for whole, *slices in zip(take(12, horizontal_flip=True, seed=5), *ranks, strict=True):
        assert all(len(part["image"]) == B // world_size for part in slices)
        for name in ("image", "label"):
            assert torch.equal(joined(slices, name), whole[name])


@pytest.mark.parametrize("step", [1, 4, 50])
def test_starting_at_a_step_equals_having_come_there(step):
    for came, started in zip(
        take(step + 9, horizontal_flip=True)[step:], take(9, start=step, horizontal_flip=True), strict=True
    ):
        assert torch.equal(came["image"], started["image"])
        assert torch.equal(came["label"], started["label"])


@pytest.mark.slow
def test_workers_change_nothing():
    dataset = Decoded(pictures().images, torch.arange(N), N)
    alone = take(14, horizontal_flip=True, start=2)
    ahead = take(14, horizontal_flip=True, start=2, workers=2, dataset=dataset)
    assert torch.equal(joined(alone), joined(ahead))
    assert torch.equal(joined(alone, "label"), joined(ahead, "label"))


def test_an_unreadable_picture_in_a_worker_is_still_one_line():
    with pytest.raises(DataError, match=r"^picture.png can't be read$"):
        take(1, dataset=Broken(pictures().images), workers=1)


def test_about_half_of_the_samples_are_mirrored_independently_of_the_epoch():
    mirrored = joined(take(200, horizontal_flip=True))[:, 0, 0, 0] == 0
    assert 0.45 < mirrored.float().mean() < 0.55
    assert not torch.equal(mirrored[:N], mirrored[N : 2 * N])
    assert not (joined(take(20))[:, 0, 0, 0] == 0).any()


def test_seeds_give_different_orders_and_one_seed_the_same():
    assert torch.equal(joined(take(4, seed=1)), joined(take(4, seed=1)))
    assert not torch.equal(joined(take(4, seed=1)), joined(take(4, seed=2)))


@pytest.mark.parametrize("workers", [0, 1])
def test_global_generator_is_left_alone(workers):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    take(5, horizontal_flip=True, workers=workers, dataset=Decoded(pictures().images))
    assert torch.equal(torch.get_rng_state(), before)


def test_time_spent_waiting_is_part_of_the_time_elapsed():
    stream = BatchStream(pictures(), B)
    assert (stream.waited, stream.elapsed) == (0.0, 0.0)
    list(itertools.islice(stream, 3))
    assert 0 < stream.waited < stream.elapsed


@pytest.mark.parametrize("options", [{"batch_size": N + 1}, {"batch_size": 0}, {"batch_size": 6, "world_size": 4}])
def test_a_batch_that_does_not_fit_names_its_key(options):
    with pytest.raises(ConfigError, match=r"data\.batch_size="):
        BatchStream(pictures(), **options)
