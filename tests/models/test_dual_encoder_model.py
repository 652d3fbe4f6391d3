"""Learning which captions belong to which pictures."""

from functools import partial

import pytest
import torch
from torch.nn.functional import cross_entropy

from gansmith.errors import ConfigError
from gansmith.inference.sampling import check_samples
from gansmith.metrics.captions import CaptionProtocol
from gansmith.metrics.protocol import Protocol
from gansmith.models.dual_encoder import DualEncoding
from gansmith.networks.dual_encoder import DualEncoder, ImageEncoder, TextTower
from gansmith.networks.text.bag_of_words import BagOfWords
from gansmith.noise import Noise
from gansmith.ranges import to_unit_range
from gansmith.training.samples import SampleGrids
from gansmith.training.schedules import Schedule

CAPTIONS = ["a red circle", "two blue squares", "a green cross", "an orange triangle"]


def dual_encoding(seed=0):
    torch.manual_seed(seed)
    words = BagOfWords(size=8, buckets=64)
    network = DualEncoder(ImageEncoder(3, 16, features=4, size=6), TextTower(words, size=6))
    plain = {"encoder": partial(torch.optim.SGD, lr=0.1)}
    return DualEncoding(network, optimizer=plain, schedule={"encoder": Schedule()}, name="dual_encoder")


def pictures(rows=4):
    return torch.randint(0, 256, (rows, 3, 16, 16), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def loss(model, image, captions):
    model.noise = Noise(0, len(image), 0, torch.float32)
    return model.loss_terms("encoder", {"image": image, "caption": captions})["contrastive"]


def test_a_pair_is_told_from_all_others_both_ways():
    model, image = dual_encoding(), to_unit_range(pictures())
    found, own = loss(model, image, CAPTIONS), torch.arange(4)
    logits = model.encoder.scale() * model.encoder.image(image) @ model.encoder.text(CAPTIONS).T
    torch.testing.assert_close(found, (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2)


def test_a_batch_of_one_pair_has_nothing_to_learn():
    assert loss(dual_encoding(), to_unit_range(pictures(1)), CAPTIONS[:1]) == 0


def test_which_pairs_stand_first_does_not_matter():
    model, image = dual_encoding(), to_unit_range(pictures())
    torch.testing.assert_close(loss(model, image.flip(0), CAPTIONS[::-1]), loss(model, image, CAPTIONS))


def test_every_weight_learns():
    model = dual_encoding()
    loss(model, to_unit_range(pictures()), CAPTIONS).backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in model.encoder.parameters())


def test_embeddings_of_pictures_as_bytes_are_those_of_training():
    model = dual_encoding().train()
    embedded, read = model.embed(pictures()), model.read(CAPTIONS)
    assert model.encoder.training
    for vectors in (embedded, read):
        assert not vectors.requires_grad
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(4))
    images, texts = model.encoder(to_unit_range(pictures()), CAPTIONS)
    torch.testing.assert_close(embedded, images.detach())
    torch.testing.assert_close(read, texts.detach())


def test_its_fingerprint_is_that_of_its_weights():
    assert dual_encoding().fingerprint == dual_encoding().fingerprint
    assert dual_encoding().fingerprint != dual_encoding(seed=1).fingerprint


def test_what_a_checkpoint_restores_and_a_record_counts_is_the_encoder():
    model = dual_encoding()
    assert model.generator is model.sampler is model.encoder
    assert {name.split(".")[0] for name in model.state_dict()} == {"encoder"}


def test_who_wants_pictures_of_it_is_told_so_in_one_line(tmp_path):
    model = dual_encoding()
    for wants, said in (
        (Protocol("fast").check_model, "metrics=fast measures pictures, .* take metrics=retrieval"),
        (CaptionProtocol("captions").check_model, "metrics=captions measures pictures, .* take metrics=retrieval"),
        (SampleGrids(tmp_path).check_model, "callbacks=default shows samples, .* take callbacks=no_pictures"),
        (partial(check_samples, ckpt="logs/run"), "model=dual_encoder draws no pictures"),
    ):
        with pytest.raises(ConfigError, match=f"^{said}") as caught:
            wants(model)
        assert "model=dual_encoder draws no" in str(caught.value)
        assert "\n" not in str(caught.value)
