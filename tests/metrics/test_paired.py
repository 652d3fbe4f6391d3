"""The protocol of pairs: which pictures it compares, how it names and averages their scores, what it refuses."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml
from ranked_pairs import PROTOCOL, Convolution, Data, Noisy, Rectangles
from torch import Tensor

from gansmith.data.held_out import HeldOutPairs
from gansmith.data.tasks.task import Task
from gansmith.errors import ConfigError, DataError
from gansmith.metrics.evaluate import evaluate
from gansmith.metrics.paired import PairedProtocol
from gansmith.metrics.protocol import Protocol
from gansmith.metrics.psnr import psnr
from gansmith.metrics.restoration import batches, measure_restoration
from gansmith.ranges import to_uint8

CONF = Path(__file__).parents[2] / "conf/metrics"
CHEAP = PairedProtocol("test", metrics=("psnr", "ssim", "l1"), batch_size=4)
PERCEPTUAL = "perceptual_efficientnet_lite0"


class Plain(Task):
    """The picture is its own source."""

    def __init__(self, scale: int = 1) -> None:
        super().__init__(3, 3, scale)

    def derive(self, fields: dict[str, Tensor], draws: object) -> dict[str, Tensor]:
        return {"source": fields["image"], "target": fields["image"]}


class Chroma(Plain):
    """An output is what lacks from white."""

    def derive(self, fields: dict[str, Tensor], draws: object) -> dict[str, Tensor]:
        return {"source": fields["image"], "target": 1 - fields["image"]}

    def render(self, source: Tensor, output: Tensor) -> Tensor:
        return 1 - output


class Sized:
    """Grey pictures of given sizes."""

    fingerprint = "sized"
    paired = True

    def __init__(self, *sizes: tuple[int, int]) -> None:
        self.sizes = sizes

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"image": torch.full((1, *self.sizes[index]), index, dtype=torch.uint8)}


def from_file(name: str) -> PairedProtocol:
    merged = {}
    for file in dict.fromkeys(("paired", name)):
        merged |= yaml.safe_load((CONF / f"{file}.yaml").read_text())
    assert merged.pop("_target_") == "gansmith.metrics.paired.PairedProtocol"
    merged.pop("defaults", None)
    return PairedProtocol(**merged)


# The protocol


@pytest.mark.parametrize("name", ["paired", "unpaired", "restoration"])
def test_config_files_are_protocols_of_their_name(name):
    assert from_file(name).name == name


@pytest.mark.parametrize(
    ("metric", "name", "direction"),
    [
        ("psnr", "psnr", "max"),
        ("ssim_y", "ssim_y", "max"),
        ("ms_ssim", "ms_ssim", "max"),
        ("ms_ssim_y", "ms_ssim_y", "max"),
        ("lpips", "lpips_alex", "min"),
        ("l1", "l1", "min"),
        ("perceptual", PERCEPTUAL, "min"),
        ("fd", "fd_efficientnet_lite0", "min"),
        ("kd", "kd_efficientnet_lite0_mean", "min"),
    ],
)
def test_the_primary_metric_has_a_name_and_a_direction(metric, name, direction):
    protocol = replace(PROTOCOL, metrics=(metric,), primary=metric)
    assert (protocol.primary_metric, protocol.direction) == (name, direction)


@pytest.mark.parametrize("change", [{"crop_border": 4}, {"samples": 10}, {"seed": 1}, {"lpips_network": "vgg"}])
def test_the_hash_changes_with_what_changes_a_number(change):
    assert replace(PROTOCOL, **change).hash != PROTOCOL.hash


@pytest.mark.parametrize("change", [{"metrics": ("l1",)}, {"batch_size": 1}, {"name": "x"}, {"during_samples": 3}])
def test_the_hash_does_not_change_with_what_changes_none(change):
    assert replace(PROTOCOL, **change).hash == PROTOCOL.hash


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("metrics", ("isc",)),
        ("primary", "fid"),
        ("samples", 1),  # no distance of sets
        ("during_samples", 0),
        ("crop_border", -1),
        ("lpips_network", "squeeze"),
        ("split", "holdout"),
    ],
)
def test_values_that_do_not_work_are_one_line_that_names_the_key(key, value):
    with pytest.raises(ConfigError, match=rf"^metrics\.{key}=.* does not work: it must be .+$"):
        replace(PROTOCOL, **{key: value})


def test_a_model_that_does_not_fit_is_told_what_does():
    generates, translates = SimpleNamespace(name="dcgan"), SimpleNamespace(name="pix2pix", translate=None)
    with pytest.raises(ConfigError, match=r"^metrics=test compares .*, model=dcgan .*: take metrics=fast$"):
        PROTOCOL.check_model(generates)
    with pytest.raises(ConfigError, match=r"^metrics=fast samples .*, model=pix2pix .*: take metrics=paired$"):
        Protocol("fast").check_model(translates)
    PROTOCOL.check_model(translates)
    Protocol("none", metrics=()).check_model(translates)


# What is measured


def test_scores_are_means_over_all_pictures_in_8_bits():
    model, pairs = Convolution(), HeldOutPairs(Rectangles(), Noisy(), seed=0)
    expected = []
    for index in range(len(pairs)):
        source, target = pairs[index]
        with torch.inference_mode():
            expected.append(psnr(to_uint8(model.translate(source)), to_uint8(target)).item())
    result = CHEAP.measure(model, Data(), device="cpu", cache_dir="nowhere")
    assert result.keys() == {"psnr", "ssim", "l1"}
    assert result["psnr"] == pytest.approx(sum(expected) / len(expected), rel=1e-5)


def test_outputs_are_measured_as_the_pictures_that_they_stand_for():
    """The truth of a task is what its target stands for."""
    perfect = measure_restoration(lambda source: source, Rectangles(), Chroma(), CHEAP)
    assert perfect == {"psnr": 100, "ssim": pytest.approx(1), "l1": 0}
    model = SimpleNamespace(directions=("forward",), dtype=torch.float32, translate=lambda source, *_: 1 - source)
    assert CHEAP.measure(model, Data(task=Chroma()), device="cpu", cache_dir="nowhere") == perfect


def test_distances_are_those_of_the_set_of_outputs_to_the_set_of_truths(tmp_path):
    pairs = HeldOutPairs(Rectangles(3), Noisy(), seed=0)
    sources, targets = ([to_uint8(pairs[index][end]) for index in range(3)] for end in (0, 1))

    class Targets:
        fingerprint, labels = "targets", None

        def __len__(self) -> int:
            return 3

        def batch(self, indices: Tensor) -> Tensor:
            return targets[int(indices)]

    common = {"resize": 32, "kd_subsets": 4, "kd_subset_size": 2, "metrics": ("fd", "kd")}
    generative = Protocol("sets", samples=3, reference_samples=None, batch_size=1, **common)
    expected = evaluate(lambda i: sources[int(i)], Targets(), generative, device="cpu", cache_dir=tmp_path)
    result = measure_restoration(lambda s: s, Rectangles(3), Noisy(), PairedProtocol("pairs", **common))
    assert result == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_all_metrics_come_out_in_both_directions():
    model = Convolution(("forward", "reverse"))
    result = PROTOCOL.measure(model, Data(3), device="cpu", cache_dir="nowhere")
    names = {"psnr", "psnr_y", "ssim", "ssim_y", "l1", PERCEPTUAL}
    names |= {f"{kind}_efficientnet_lite0{part}" for kind, part in (("fd", ""), ("kd", "_mean"), ("kd", "_std"))}
    assert result.keys() == names | {f"{name}_reverse" for name in names}


def test_the_reverse_direction_takes_targets_to_sources():
    """A model that adds nothing: in each direction it scores what the other end leaves."""
    model = SimpleNamespace(
        directions=("forward", "reverse"),
        dtype=torch.float32,
        translate=lambda source, direction, seed: source if direction == "forward" else torch.zeros_like(source),
    )
    result = CHEAP.measure(model, Data(3), device="cpu", cache_dir="nowhere")
    pairs = HeldOutPairs(Rectangles(3), Noisy(), seed=0)
    black = [(to_uint8(pairs[i][0]).double() / 255 - 128 / 255).abs().mean().item() for i in range(3)]
    assert result["l1_reverse"] == pytest.approx(sum(black) / 3)
    assert result["l1"] == CHEAP.measure_inputs(Data(3), device="cpu")["input_l1"]


def test_inputs_score_what_leaving_them_as_they_are_scores():
    inputs = CHEAP.measure_inputs(Data(), device="cpu")
    baseline = measure_restoration(Noisy().baseline, Rectangles(), Noisy(), CHEAP)
    assert inputs == {f"input_{name}": value for name, value in baseline.items()}
    assert Protocol("fast").measure_inputs(Data(), device="cpu") == {}


def test_grey_beside_colour_is_its_three_channels():
    grey = measure_restoration(lambda s: s[:, :1], Rectangles(3), Plain(), CHEAP)
    assert grey == measure_restoration(lambda s: s[:, :1].expand(-1, 3, -1, -1), Rectangles(3), Plain(), CHEAP)


# LPIPS and MS-SSIM


@pytest.fixture
def alexnet(tmp_path) -> str:
    """A file with random weights in torchvision's layout."""
    from torchvision.models import alexnet as architecture

    with torch.device("meta"):
        state = architecture().features.state_dict()
    draw = torch.Generator().manual_seed(0)
    path = tmp_path / "alexnet.pth"
    torch.save(
        {f"features.{key}": 0.05 * torch.randn(value.shape, generator=draw) for key, value in state.items()}, path
    )
    return str(path)


def test_lpips_of_other_weights_has_another_name_and_hash(alexnet):
    published = replace(PROTOCOL, metrics=("lpips",), primary=None)
    other = replace(published, lpips_weights=alexnet)
    digest = other.definition["lpips_weights"]
    assert published.definition["lpips_weights"] == "7be5be79"
    assert other.primary_metric == f"lpips_alex_{digest}" != published.primary_metric
    assert other.hash != published.hash


def test_where_the_weights_lie_changes_no_hash(alexnet, tmp_path):
    copy = tmp_path / "copy.pth"
    copy.write_bytes(Path(alexnet).read_bytes())
    assert replace(PROTOCOL, lpips_weights=alexnet).hash == replace(PROTOCOL, lpips_weights=str(copy)).hash


def test_lpips_and_ms_ssim_are_means_over_pictures(alexnet):
    protocol = replace(CHEAP, metrics=("lpips", "ms_ssim", "ms_ssim_y"), lpips_weights=alexnet)
    large = Sized((180, 176), (176, 190))
    found = measure_restoration(lambda s: s, large, Plain(), protocol)
    assert found == {protocol.result_name("lpips"): 0, "ms_ssim": pytest.approx(1), "ms_ssim_y": pytest.approx(1)}
    noise = torch.Generator().manual_seed(0)
    found = measure_restoration(lambda s: torch.rand(s.shape, generator=noise) * 2 - 1, large, Plain(), protocol)
    assert found[protocol.result_name("lpips")] > 0
    assert found["ms_ssim"] < 0.5


@pytest.mark.parametrize(("metric", "smallest"), [("ms_ssim", 176), ("ms_ssim_y", 176), ("lpips", 31)])
def test_pictures_that_are_too_small_stop_a_run_before_it_starts(metric, smallest):
    protocol = replace(CHEAP, metrics=(metric,), samples=None)

    class Small(Data):
        def examples(self, split: str) -> Sized:
            return Sized((smallest - 1, 200))

    with pytest.raises(
        DataError, match=rf"needs pictures of at least {smallest} pixels a side, not {smallest - 1} x 200"
    ):
        protocol.check_data(Convolution(), Small(task=Plain()))


# Borders


def framed(source: Tensor) -> Tensor:
    """Wrong in a frame of two pixels, and nowhere else."""
    output = -source
    output[..., 2:-2, 2:-2] = source[..., 2:-2, 2:-2]
    return output


@pytest.mark.parametrize(
    ("scale", "border", "perfect"), [(1, None, False), (2, None, True), (1, 2, True), (2, 1, False)]
)
def test_the_border_is_that_of_the_protocol_or_else_the_tasks_scale(scale, border, perfect):
    protocol = replace(CHEAP, crop_border=border)
    result = measure_restoration(framed, Rectangles(3), Plain(scale), protocol)
    assert (result["l1"] == 0) == perfect


def test_a_border_that_leaves_nothing_is_named():
    with pytest.raises(ConfigError, match=r"metrics\.crop_border=140 leaves nothing of a picture of 300 x 280 pix"):
        replace(CHEAP, crop_border=140).check_data(Convolution(), Data(task=Plain()))


# Which pictures


def test_samples_are_drawn_from_all_of_the_split_by_the_seed():
    def shown(seed: int) -> list[int]:
        places: list[int] = []

        class Watched(Rectangles):
            def __getitem__(self, index: int) -> dict[str, Tensor]:
                places.append(index)
                return super().__getitem__(index)

        measure_restoration(lambda s: s, Watched(40), Noisy(), replace(CHEAP, samples=6, seed=seed))
        return places

    first = shown(seed=0)
    assert len(set(first)) == 6
    assert max(first) > 6
    assert shown(seed=0) == first != shown(seed=1)


def test_more_samples_than_pictures_are_all():
    few, all_of_them = (
        measure_restoration(lambda s: s, Rectangles(3), Noisy(), replace(CHEAP, samples=samples))
        for samples in (100, None)
    )
    assert few == all_of_them


def test_pairs_depend_on_the_seed_and_their_place_alone():
    pairs = HeldOutPairs(Rectangles(), Noisy(), seed=3)
    first = pairs[4]
    pairs[7]
    assert torch.equal(HeldOutPairs(Rectangles(), Noisy(), seed=3)[4][0], first[0])
    assert not torch.equal(HeldOutPairs(Rectangles(), Noisy(), seed=4)[4][0], first[0])


# Batches


def test_the_width_of_a_batch_is_a_function_of_the_pictures_size():
    """However many there are of a size: what lacks is filled up with what is there."""
    pairs = HeldOutPairs(Sized((16, 16), (300, 300), (16, 16), (16, 16), (150, 200), (16, 16), (16, 16)), Plain(), 0)
    found = {
        (tuple(batch.truth.shape[-2:]), tuple(batch.places.tolist()))
        for batch in batches(pairs, {place: place for place in range(7)}, batch_size=4)
    }
    assert found == {((300, 300), (1,)), ((16, 16), (0, 2, 3, 5)), ((16, 16), (6, 6, 6, 6)), ((150, 200), (4, 4))}


def test_each_place_has_its_own_pictures():
    pairs = HeldOutPairs(Sized((16, 16), (20, 16), (16, 16)), Plain(), 0)
    for batch in batches(pairs, {0: 2, 1: 0, 2: 1}, batch_size=2):
        for place, truth in zip(batch.places.tolist(), batch.truth):
            assert truth.unique().tolist() == [{0: 2, 1: 0, 2: 1}[place]]


def test_batch_size_changes_no_number():
    one, many = (
        replace(PROTOCOL, batch_size=size).measure(Convolution(), Data(6), device="cpu", cache_dir="nowhere")
        for size in (1, 8)
    )
    assert one == pytest.approx(many, rel=1e-4, abs=1e-6)


def test_the_model_gets_the_protocols_seed_and_whole_pictures():
    model = Convolution()
    replace(CHEAP, seed=5).measure(model, Data(2), device="cpu", cache_dir="nowhere")
    assert {seed for _, _, seed in model.seen} == {5}
    assert {shape[-2:] for shape, _, _ in model.seen} == {Rectangles.SIZES[2], Rectangles.SIZES[1]}


def test_progress_counts_pictures():
    calls: list[tuple[int, int]] = []
    measure_restoration(lambda s: s, Rectangles(6), Plain(), CHEAP, progress=lambda *call: calls.append(call))
    assert calls[-1] == (6, 6)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


# What can't be measured


def test_data_without_a_task_are_named():
    data = Data()
    data.task = None
    with pytest.raises(ConfigError, match=r"data=rectangles has no pairs"):
        CHEAP.check_data(Convolution(), data)


def test_one_picture_has_no_distance_of_sets():
    PairedProtocol("test").check_data(Convolution(), Data(1))
    with pytest.raises(DataError, match=r"the test split has 1 pictures; metrics=test with fd, kd needs at least 2"):
        PROTOCOL.check_data(Convolution(), Data(1))


def test_unrelated_pictures_are_compared_as_sets_alone(monkeypatch):
    monkeypatch.setattr(Rectangles, "paired", False)
    with pytest.raises(ConfigError, match=r"metrics=test compares outputs with their true pictures.*metrics=unpaired"):
        CHEAP.check_data(Convolution(), Data())
    replace(PROTOCOL, metrics=("fd",)).check_data(Convolution(), Data())


class Mismatched(Plain):
    def derive(self, fields: dict[str, Tensor], draws: object) -> dict[str, Tensor]:
        return {"source": fields["image"][..., :-1], "target": fields["image"]}


def test_pictures_of_different_sizes_are_compared_as_sets_alone():
    with pytest.raises(DataError, match=r"300 x 279 and 300 x 280 pixels can't be compared.*metrics=unpaired"):
        CHEAP.check_data(Convolution(), Data(task=Mismatched()))
    sets = replace(PROTOCOL, metrics=("fd",))
    sets.check_data(Convolution(), Data(task=Mismatched()))
    assert measure_restoration(lambda s: s, Rectangles(3), Mismatched(), sets).keys() == {"fd_efficientnet_lite0"}


def test_a_direction_that_makes_no_pictures_is_named():
    class Four(Plain):
        def derive(self, fields: dict[str, Tensor], draws: object) -> dict[str, Tensor]:
            return {"source": torch.cat([fields["image"], fields["image"][:, :1]], 1), "target": fields["image"]}

        def baseline(self, source: Tensor) -> Tensor:
            return source[:, :3]

    CHEAP.check_data(Convolution(), Data(task=Four()))
    with pytest.raises(ConfigError, match=r"reverse direction of model=convolution makes pictures of 4 channels"):
        CHEAP.check_data(Convolution(("forward", "reverse")), Data(task=Four()))


def test_nothing_outside_changes():
    before = torch.get_rng_state()

    def careless(source: Tensor) -> Tensor:
        return source + torch.rand_like(source)

    measure_restoration(careless, Rectangles(3), Noisy(), CHEAP)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.is_inference_mode_enabled()


def test_no_metrics_no_work():
    nothing = PairedProtocol("nothing", metrics=())
    nothing.prepare("cpu")
    nothing.check_data(None, None)
    assert nothing.measure(None, None, device="cpu", cache_dir="nowhere") == {}
    assert nothing.measure_inputs(None, device="cpu") == {}
