"""Few pictures of a set: which ones, and that they come with their labels."""

import torch

from gansmith.data.few import FewImages
from gansmith.data.imageset import MemoryImages


def pictures(count: int = 20, classes: int = 4) -> MemoryImages:
    """Sorted by class, as files often are."""
    images = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1)
    return MemoryImages(images, torch.arange(count) * classes // count, classes)


def test_they_are_evenly_spaced_and_keep_their_labels():
    few = FewImages(pictures(), 8)
    assert few.batch(torch.arange(8)).flatten().tolist() == [0, 2, 5, 7, 10, 12, 15, 17]
    assert few.labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert (len(few), few.classes, few.in_memory) == (8, 4, True)
    assert few.batch(torch.tensor([7, 0])).flatten().tolist() == [17, 0]


def test_all_of_them_are_the_set_in_its_order():
    few = FewImages(pictures(), 20)
    assert torch.equal(few.batch(torch.arange(20)), pictures().images)


def test_other_pictures_have_another_fingerprint():
    few = {FewImages(pictures(), limit).fingerprint for limit in (8, 8, 9)}
    assert len(few | {FewImages(pictures(21), 8).fingerprint}) == 3


def test_without_labels():
    assert FewImages(MemoryImages(pictures().images), 3).labels is None
