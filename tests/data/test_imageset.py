import torch

from gansmith.data.imageset import MemoryImages


def test_fingerprint_changes_with_a_pixel_the_order_and_the_shape():
    images = torch.arange(48, dtype=torch.uint8).view(4, 3, 2, 2)
    changed = images.clone()
    changed[2, 1, 0, 1] += 1
    sets = [images, changed, images.flip(0), images.view(4, 3, 1, 4), images.view(12, 1, 2, 2)]
    assert len({MemoryImages(pictures).fingerprint for pictures in sets}) == len(sets)


def test_fingerprint_is_of_the_pictures_not_of_labels_or_memory():
    images = torch.arange(48, dtype=torch.uint8).view(4, 3, 2, 2)
    strided = images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    assert MemoryImages(images).fingerprint == MemoryImages(strided, torch.zeros(4), 1).fingerprint


def test_batch_picks_by_index():
    images = torch.arange(5, dtype=torch.uint8).view(5, 1, 1, 1)
    assert MemoryImages(images).batch(torch.tensor([3, 0, 3])).flatten().tolist() == [3, 0, 3]
