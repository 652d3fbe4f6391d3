"""Small pictures enlarged again, by models that know what comes out."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from gansmith.data.captioned.scenes.module import SceneData
from gansmith.data.captioned.scenes.source import Scenes
from gansmith.diffusion.enlarging import enlarged, reduced
from gansmith.errors import ConfigError
from gansmith.metrics.captions import CaptionProtocol
from gansmith.metrics.enlarging import enlarging_psnr
from gansmith.metrics.psnr import IDENTICAL, psnr
from gansmith.ranges import to_uint8, to_unit_range

PICTURES = SceneData("scenes", Scenes(size=10, test_size=12), resolution=32, channels=3).split("test")
PLACES = torch.tensor([1, 3, 4, 8])
CAPTIONS = ["one", "three", "four", "eight"]


def measured(enlarge):
    model = SimpleNamespace(sampler=nn.Linear(1, 1), resolutions=[8, 16, 32], enlarge=enlarge)
    return enlarging_psnr(model, PICTURES, PLACES, CAPTIONS, 7, torch.device("cpu"), batch_size=2)


def test_a_bicubic_model_is_as_true_as_bicubic_interpolation():
    theirs, bicubic = measured(lambda small, *_: enlarged(small, 32))
    real = PICTURES.batch(PLACES)
    expected = psnr(to_uint8(enlarged(reduced(to_unit_range(real), 16), 32)), real).mean().item()
    assert theirs == bicubic == pytest.approx(expected)


def test_the_last_stage_gets_what_the_one_before_it_would_draw():
    asked = []

    def enlarge(small, indices, seed, captions):
        asked.append((small.shape[-1], indices.tolist(), seed, captions))
        return to_unit_range(PICTURES.batch(PLACES[indices]))

    theirs, bicubic = measured(enlarge)
    assert theirs == IDENTICAL > bicubic
    assert asked == [(16, [0, 1], 7, CAPTIONS[:2]), (16, [2, 3], 7, CAPTIONS[2:])]


def test_models_of_one_stage_are_refused():
    protocol = CaptionProtocol("captions", metrics=["enlarging"])
    with pytest.raises(ConfigError, match="model=text_gan has one stage"):
        protocol.check_model(SimpleNamespace(name="text_gan", sample_stages=None))
    protocol.check_model(SimpleNamespace(name="imagen", sample_stages=None, resolutions=[16, 32]))
    assert (protocol.primary_metric, protocol.direction) == ("enlarging_psnr", "max")
