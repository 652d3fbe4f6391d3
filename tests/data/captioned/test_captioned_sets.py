"""Captioned sets: the one caption of an evaluation, parts of a set, and fingerprints."""

from collections import Counter

import pytest
import torch

from gansmith.data.captioned.captions import CaptionedImages, FewCaptioned, caption_of, one_of
from gansmith.data.imageset import MemoryImages


@pytest.fixture
def captioned():
    images = torch.arange(12, dtype=torch.uint8)[:, None, None, None].expand(12, 3, 2, 2).contiguous()
    return CaptionedImages(MemoryImages(images), [(f"{i}", f"number {i}", f"{i} again") for i in range(12)])


def test_the_caption_of_an_evaluation_is_fixed_and_one_of_the_pictures(captioned):
    for index in range(12):
        assert caption_of(captioned, index, seed=4) == caption_of(captioned, index, seed=4)
        assert caption_of(captioned, index, seed=4) in captioned.captions(index)


def test_every_caption_has_its_turn():
    turns = Counter(one_of("abc", seed=0, place=place) for place in range(3000))
    assert min(turns.values()) > 900
    assert [one_of("abc", 0, place) for place in range(30)] != [one_of("abc", 1, place) for place in range(30)]


def test_a_part_of_a_set_keeps_pictures_and_captions_together(captioned):
    few = FewCaptioned(captioned, 4)
    assert len(few) == 4
    for index, picture in enumerate(few.batch(torch.arange(4))):
        assert few.captions(index)[0] == str(int(picture[0, 0, 0]))


def test_pictures_and_captions_have_fingerprints_of_their_own(captioned):
    other = CaptionedImages(captioned.images, [("changed",), *captioned.texts[1:]])
    assert other.fingerprint == captioned.fingerprint
    assert other.captions_fingerprint != captioned.captions_fingerprint
    few = FewCaptioned(captioned, 4)
    assert few.captions_fingerprint not in (
        captioned.captions_fingerprint,
        FewCaptioned(captioned, 5).captions_fingerprint,
    )
    assert (captioned.labels, captioned.classes) == (None, 0)
