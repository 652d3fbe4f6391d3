import math
import os

import pytest

from gansmith.errors import ConfigError
from gansmith.results.leaderboard import boards, collect
from gansmith.results.published import Published

SKETCH = {"_target_": "gansmith.data.tasks.sketch.Sketch", "sigma": 1.0}
PUBLISHED = Published("fd_vgg16", 7.0, "digits", 8, "fast", "A paper", "biggan", "biggan")


@pytest.fixture
def ranked(tmp_path):
    """The boards of all runs written so far."""
    return lambda **options: boards(collect([tmp_path])[0], **options)


@pytest.fixture
def seeds(write_run):
    """Writes runs of one model with a value for each seed, from 0."""

    def write(model, values, **changes):
        for seed, value in enumerate(values):
            write_run(f"{model}_{seed}", {"fd_vgg16": value}, model=model, seed=seed, **changes)

    return write


def only(found):
    (board,) = found
    return board


def ranks(board):
    return [(row.model, row.rank) for row in board.rows]


def test_a_row_is_a_variant_over_its_seeds(ranked, seeds):
    seeds("dcgan", [10.0, 12.0, 14.0])
    (row,) = only(ranked()).rows
    figure = row.metrics["fd_vgg16"]
    assert (figure.mean, figure.std, figure.n) == (12.0, 2.0, 3)
    assert [run.record.seed for run in row.runs] == [0, 1, 2]


def test_rows_are_ranked_by_the_mean(ranked, seeds):
    seeds("gan", [30.0, 32.0])
    seeds("dcgan", [10.0, 12.0])
    seeds("lsgan", [20.0])
    assert ranks(only(ranked())) == [("dcgan", 1), ("lsgan", 2), ("gan", 3)]


def test_a_metric_may_be_better_when_larger(ranked, seeds, protocol):
    likeness = protocol(primary_metric="fd_vgg16", direction="max")
    seeds("gan", [30.0], protocol=likeness)
    seeds("dcgan", [10.0], protocol=likeness)
    assert ranks(only(ranked())) == [("gan", 1), ("dcgan", 2)]


def test_equal_means_share_a_rank(ranked, seeds):
    for model, value in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        seeds(model, [value])
    assert ranks(only(ranked())) == [("a", 1), ("b", 1), ("c", 3)]


@pytest.mark.parametrize(
    "changes", [{"data": "mnist"}, {"resolution": 16}, {"protocol": {"name": "fast", "hash": "b"}}]
)
def test_other_data_resolutions_and_protocols_are_never_ranked_together(ranked, seeds, changes):
    seeds("dcgan", [10.0])
    seeds("gan", [5.0], **changes)
    found = ranked()
    assert len(found) == 2
    assert all(row.rank in (1, None) for board in found for row in board.rows)


def test_other_tasks_are_never_ranked_together(ranked, seeds):
    seeds("pix2pix", [10.0], config={"task": SKETCH})
    seeds("srgan", [5.0], config={"task": {**SKETCH, "sigma": 2.0}})
    seeds("dcgan", [1.0])
    assert sorted(board.data.rpartition(" ")[0] for board in ranked()) == ["", "digits, sketch", "digits, sketch"]


def test_few_pictures_have_a_board_and_published_numbers_of_their_own(ranked, seeds):
    seeds("dcgan", [1.0])
    seeds("wgan", [2.0], limit=500)
    whole, few = ranked(published=[PUBLISHED])
    assert [(board.data, len(board.rows)) for board in (whole, few)] == [("digits", 2), ("digits[500]", 1)]


def test_a_failed_seed_is_shown_and_its_row_not_ranked(ranked, seeds):
    seeds("wgan", [1.0, None])
    seeds("gan", [None])
    seeds("dcgan", [10.0])
    board = only(ranked())
    assert dict(ranks(board)) == {"dcgan": 1, "wgan": None, "gan": None}
    figures = {row.model: row.metrics["fd_vgg16"] for row in board.rows}
    assert (figures["wgan"].mean, figures["wgan"].n, figures["wgan"].failed) == (1.0, 1, 1)
    assert math.isnan(figures["gan"].mean)


def test_a_row_without_the_primary_metric_stands_last_without_a_rank(ranked, seeds, write_run):
    write_run("old", {"kd_vgg16_mean": 0.1}, model="gan", protocol={"name": "fast", "hash": "0123456789ab"})
    seeds("wgan", [10.0])
    seeds("dcgan", [10.0])
    assert ranks(only(ranked())) == [("dcgan", 1), ("wgan", 1), ("gan", None)]


def test_runs_without_metrics_have_a_board_without_ranks(ranked, write_run):
    write_run("a", {}, protocol={})
    board = only(ranked())
    assert (board.protocol, board.protocol_name, board.primary) == ("", "none", "")
    assert ranks(board) == [("dcgan", None)]


def test_the_same_seed_again_counts_once_and_the_newest(ranked, write_run):
    for age, (name, value) in enumerate([("new", 10.0), ("old", 99.0)]):
        folder = write_run(name, {"fd_vgg16": value})
        os.utime(folder / "result.json", (1000 - age, 1000 - age))
    (row,) = only(ranked()).rows
    assert (row.metrics["fd_vgg16"].mean, row.metrics["fd_vgg16"].n) == (10.0, 1)


def test_best_checkpoints_have_their_own_numbers(ranked, seeds):
    seeds("dcgan", [10.0])
    (row,) = only(ranked(which="best")).rows
    assert (row.which, row.metrics["fd_vgg16"].mean) == ("best", 5.0)


def test_groups_by_any_field(ranked, write_run):
    for name, variant, steps in (("a", "v1", 100), ("b", "v2", 100), ("c", "v3", 200)):
        write_run(name, {"fd_vgg16": 1.0}, variant=variant, config={"trainer": {"max_steps": steps}})
    board = only(ranked(group=("trainer.max_steps",)))
    assert [(row.group, len(row.runs), row.variant) for row in board.rows] == [
        ((("trainer.max_steps", 100),), 2, ""),
        ((("trainer.max_steps", 200),), 1, "v3"),
    ]


def test_sorting_changes_the_order_and_no_rank(ranked, write_run):
    for model, value, seconds in (("a", 1.0, 900.0), ("b", 2.0, 100.0), ("c", 3.0, 500.0)):
        write_run(model, {"fd_vgg16": value}, model=model, seconds=seconds)
    assert ranks(only(ranked(sort="seconds"))) == [("b", 2), ("c", 3), ("a", 1)]
    assert ranks(only(ranked(sort="-seconds"))) == [("a", 1), ("c", 3), ("b", 2)]
    assert ranks(only(ranked(sort="-model"))) == [("c", 3), ("b", 2), ("a", 1)]
    assert ranks(only(ranked(sort="-fd_vgg16"))) == [("c", 3), ("b", 2), ("a", 1)]


@pytest.mark.parametrize(
    "option", [{"sort": "secnods"}, {"sort": "-secnods"}, {"group": ("modle",)}, {"filters": ["a=1"]}]
)
def test_a_misspelt_field_is_an_error(ranked, seeds, option):
    seeds("dcgan", [1.0])
    with pytest.raises(ConfigError, match="no run has this field"):
        ranked(**option)


def test_published_numbers_stand_among_the_rows_without_a_rank(ranked, seeds):
    seeds("dcgan", [10.0])
    seeds("gan", [5.0])
    board = only(ranked(published=[PUBLISHED]))
    assert ranks(board) == [("gan", 1), ("biggan", None), ("dcgan", 2)]
    assert board.rows[1].published == PUBLISHED
    assert board.rows[1].runs == ()


@pytest.mark.parametrize(
    "changes", [{"data": "mnist"}, {"resolution": 32}, {"protocol": "fid50k_full"}, {"metric": "fid"}]
)
def test_published_numbers_of_something_else_are_not_shown(ranked, seeds, changes):
    seeds("dcgan", [10.0])
    other = Published(**{**vars(PUBLISHED), **changes})
    assert ranks(only(ranked(published=[other]))) == [("dcgan", 1)]


def test_published_numbers_of_any_size_and_of_one_model_are_one_row(ranked, write_run):
    write_run("a", {"fd_vgg16": 10.0, "psnr": 20.0})
    items = [Published(**{**vars(PUBLISHED), **changes, "resolution": None}) for changes in ({}, {"metric": "psnr"})]
    (row,) = [row for row in only(ranked(published=items)).rows if row.published]
    assert set(row.metrics) == {"fd_vgg16", "psnr"}
