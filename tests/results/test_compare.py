import pytest

from gansmith.errors import ConfigError, GansmithError
from gansmith.results.compare import compare, needed_sentence, runs_of, sentence
from gansmith.results.statistics import paired_difference, seeds_needed, welch_difference

A, B = [12.0, 9.0, 10.0], [24.0, 20.0, 22.5]


@pytest.fixture
def seeds(write_run, tmp_path):
    """Writes runs of one model, a value for each seed, and gives them."""

    def write(model, values, first=0, **changes):
        for seed, value in enumerate(values, first):
            metrics = {"fd_vgg16": value, "psnr": None if value is None else 100 - value}
            write_run(f"{model}/{seed}", metrics, model=model, seed=seed, **changes)
        return runs_of(str(tmp_path / model), [])

    return write


def only(a, b, **options):
    (comparison,) = compare(a, b, ("A", "B"), **options)
    return comparison


def test_the_same_seeds_are_paired(seeds):
    comparison = only(seeds("dcgan", A), seeds("gan", B))
    assert comparison.advantage == paired_difference(B, A)
    assert comparison.advantage.paired


def test_other_seeds_are_not(seeds):
    comparison = only(seeds("dcgan", A), seeds("gan", B, first=1))
    expected = welch_difference(B, A)
    assert comparison.advantage.low == pytest.approx(expected.low)
    assert comparison.advantage.seeds == (3, 3)
    assert not comparison.advantage.paired


def test_the_sentence_names_the_better_one_whatever_the_order(seeds):
    a, b = seeds("dcgan", A), seeds("gan", B)
    found = "dcgan is better than gan by 11.83 ± 1.90 fd_vgg16 (95 % interval 9.94 to 13.73, 3 seeds each, paired)."
    assert sentence(only(a, b)) == sentence(only(b, a)) == found


def test_of_some_metrics_more_is_better(seeds):
    comparison = only(seeds("dcgan", A), seeds("gan", B), metric="psnr")
    assert comparison.direction == "max"
    assert comparison.advantage.mean == pytest.approx(35.5 / 3)


def test_what_can_not_be_told_apart(seeds):
    comparison = only(seeds("dcgan", A), seeds("gan", [9.0, 12.0, 10.5]))
    assert sentence(comparison).startswith("dcgan and gan cannot be told apart: dcgan is ahead by 0.167 ± ")
    assert "difference of 0.167 in 4 of 5" in needed_sentence(comparison)
    assert "if the deviation seed by seed is the 3.014 observed" in needed_sentence(comparison)


def test_numbers_are_plain_digits_to_the_same_place(seeds):
    comparison = only(seeds("dcgan", [100.0, 2000.0]), seeds("gan", [3000.0, 2000.5]))
    assert "dcgan is ahead by 1,450 ± 18,421 fd_vgg16 (95 % interval -16,971 to 19,871, " in sentence(comparison)
    assert "difference of 1,450 in 4" in needed_sentence(comparison)
    assert "is the 2,050 observed" in needed_sentence(comparison)


@pytest.mark.parametrize("b", [[20.0], [20.0, 21.0], [20.0, None]])
def test_one_seed_says_nothing(seeds, b):
    comparison = only(seeds("dcgan", [10.0]), seeds("gan", b))
    assert comparison.advantage is None
    assert sentence(comparison).startswith("Nothing can be said of dcgan and gan from 1 ")
    assert "at least 2 seeds each" in sentence(comparison)
    assert needed_sentence(comparison) is None


def test_the_seeds_for_a_given_difference(seeds):
    comparison = only(seeds("dcgan", [10.0, 11.0, 12.0]), seeds("gan", [20.0, 21.0, 22.5], first=5))
    number = seeds_needed(1.0, comparison.advantage.std, paired=False)
    assert f"difference of 1 in 4 of 5 cases takes {number} seeds each" in needed_sentence(comparison, 1.0)


def test_failed_seeds_are_left_out_and_counted(seeds):
    comparison = only(seeds("dcgan", [*A, None]), seeds("gan", [*B, 21.0]))
    assert (len(comparison.a.runs), len(comparison.a.values)) == (4, 3)
    assert not comparison.advantage.paired


def test_each_board_that_both_have_is_compared(seeds, write_run, tmp_path):
    seeds("dcgan", A)
    seeds("gan", B)
    for model in ("dcgan", "gan"):
        write_run(f"{model}/mnist", {"fd_vgg16": 1.0}, model=model, data="mnist")
    a, b = (runs_of(f"model={model}", [tmp_path]) for model in ("dcgan", "gan"))
    assert sorted(found.data for found in compare(a, b, ("A", "B"))) == ["digits", "mnist"]


def test_two_variants_of_one_model_are_called_what_was_typed(seeds, write_run, tmp_path):
    narrow = seeds("dcgan", A)
    for seed, value in enumerate(B):
        write_run(f"wide/{seed}", {"fd_vgg16": value}, seed=seed, variant="ffffffffffff")
    comparison = only(narrow, runs_of(str(tmp_path / "wide"), []))
    assert (comparison.a.name, comparison.b.name) == ("A", "B")


def test_other_protocols_can_not_be_compared(seeds, protocol):
    with pytest.raises(ConfigError, match="not measured by the same protocol on the same data"):
        only(seeds("dcgan", A), seeds("gan", B, protocol=protocol(hash="ffffffffffff")))


def test_mixed_variants_are_not_seeds(seeds, write_run, tmp_path):
    seeds("dcgan", A)
    write_run("dcgan/wide", {"fd_vgg16": 1.0}, variant="ffffffffffff", seed=9)
    with pytest.raises(ConfigError, match=r"A holds 2 variants.*variant=ffffffffffff"):
        only(runs_of(str(tmp_path / "dcgan"), []), seeds("gan", B))


def test_a_run_is_not_compared_with_itself(seeds):
    runs = seeds("dcgan", A)
    with pytest.raises(ConfigError, match="share the run"):
        only(runs, runs[:1])


def test_a_metric_that_is_not_there(seeds):
    with pytest.raises(ConfigError, match="--metric=fid: all runs have fd_vgg16, psnr"):
        only(seeds("dcgan", A), seeds("gan", B), metric="fid")


def test_a_metric_may_be_shortened(seeds):
    assert only(seeds("dcgan", A), seeds("gan", B), metric="fd").metric == "fd_vgg16"


@pytest.mark.parametrize("what", ["nothing", "model=nothing", "empty"])
def test_no_runs_are_an_error(seeds, tmp_path, what):
    seeds("dcgan", A)
    (tmp_path / "empty").mkdir()
    with pytest.raises(GansmithError, match=what):
        runs_of(str(tmp_path / "empty") if what == "empty" else what, [tmp_path])


def test_a_condition_that_no_run_meets_names_those_that_some_do(seeds, tmp_path):
    seeds("dcgan", A)
    seeds("gan", B)
    with pytest.raises(GansmithError) as caught:
        runs_of("seed<2,model=dcgn", [tmp_path])
    expected = f"seed<2,model=dcgn: none of 6 runs in {tmp_path} meets it; model is dcgan, gan"
    assert str(caught.value) == expected
    with pytest.raises(GansmithError, match="there are no records of runs in "):
        runs_of("model=dcgan", [tmp_path / "absent"])


def test_a_record_stands_for_its_run(seeds, tmp_path):
    (run,) = runs_of(str(seeds("dcgan", A)[0].run_dir / "result.json"), [])
    assert run.run_dir == tmp_path / "dcgan" / "0"


def test_conditions_are_set_off_by_commas(seeds, tmp_path):
    seeds("dcgan", A)
    assert [run.record.seed for run in runs_of("model=dcgan,seed>0", [tmp_path])] == [1, 2]
