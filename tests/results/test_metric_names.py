import pytest

from gansmith.metrics.captions import CaptionProtocol
from gansmith.metrics.paired import PairedProtocol
from gansmith.metrics.protocol import Protocol
from gansmith.metrics.recall import RetrievalProtocol
from gansmith.results.metric_names import OTHER_NAMES, is_side_note, larger_is_better, primary_metric


@pytest.mark.parametrize(
    "name",
    [
        *("psnr", "psnr_y", "ssim_reverse", "isc_mean", "recall_dinov2-vit-b-14", "cas", "modes_found"),
        *("right_shape", "held_out_all", "retrieval_1", "held_out_retrieval_5", "real_held_out_retrieval_1"),
    ],
)
def test_likeness_and_shares_are_better_when_larger(name):
    assert larger_is_better(name)


@pytest.mark.parametrize(
    "name", ["fid", "fd_vgg16", "kid_mean", "kd_vgg16_mean", "ppl_vgg16", "l1", "ifd_vgg16", "modes_kl"]
)
def test_distances_are_better_when_smaller(name):
    assert not larger_is_better(name)


@pytest.mark.parametrize("protocol", [Protocol, PairedProtocol, CaptionProtocol, RetrievalProtocol])
def test_names_and_protocols_agree_on_what_is_better(protocol):
    names = {metric: OTHER_NAMES.get(metric, metric) for metric in protocol.KNOWN}
    said = set(protocol.LARGER_IS_BETTER) & set(protocol.KNOWN)
    assert {metric for metric, name in names.items() if larger_is_better(name)} == said


def test_what_is_no_result_of_the_model():
    assert all(map(is_side_note, ["kid_std", "input_psnr", "real_retrieval_1", "real_held_out_retrieval_5"]))
    assert not any(map(is_side_note, ["kid_mean", "psnr", "retrieval_1", "held_out_retrieval_5"]))


@pytest.mark.parametrize(
    ("protocol", "names", "primary"),
    [
        ({"primary_metric": "kid_mean", "primary": "fd"}, ["fid", "kid_mean"], "kid_mean"),
        ({"primary": "fd", "metrics": ["kd", "fd"]}, ["kd_vgg16_mean", "fd_vgg16"], "fd_vgg16"),
        ({"primary": None, "metrics": ["kd", "fd"]}, ["kd_vgg16_mean", "kd_vgg16_std", "fd_vgg16"], "kd_vgg16_mean"),
        ({"primary": "fd"}, ["isc_mean", "fid"], "fid"),
        ({"primary": "kd"}, ["kid_std", "kid_mean"], "kid_mean"),
        ({"primary": "psnr"}, ["input_psnr", "psnr"], "psnr"),
        ({"primary": "psnr_y"}, ["psnr", "psnr_y"], "psnr_y"),
        ({"primary": "fd"}, ["psnr"], ""),
        ({}, ["psnr"], ""),
    ],
)
def test_the_primary_metric_is_found_in_older_records_too(protocol, names, primary):
    assert primary_metric(protocol, names) == primary
