import pytest

from gansmith.results.page.markup import Markup, join, tag
from gansmith.results.page.words import compact, count, decimals, duration, fixed, metric_label


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (7, "7"), (0.125, "0.125"), (320_000, "320k"), (1_234_567, "1.23M"), (999_999, "1M"), (5e10, "50G")],
)
def test_large_numbers_are_short(value, words):
    assert compact(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (90, "1.5 min"), (5400, "1.5 h"), (3 * 86400, "3 d")]
)
def test_times_are_told_in_the_largest_unit_that_fits(seconds, words):
    assert duration(seconds) == words


def test_a_column_has_as_many_decimals_as_its_middle_value_needs():
    assert decimals([123.4, 150.0, 99.0]) == 1
    assert decimals([0.012, 0.034, 0.0567]) == 5
    assert decimals([]) == decimals([0.0, float("nan")]) == 1
    assert decimals([50_000.0]) == 0
    assert decimals([1e-12]) == 6


def test_no_number_is_shown_as_nothing():
    assert fixed(12.346, 2) == "12.35"
    assert fixed(1234.5, 1) == "1,234.5"
    assert fixed(0.00001, 2) == "1.00e-05"
    assert fixed(0.0, 2) == "0.00"
    assert fixed(-1.5e9, 1) == "-1.50e+09"


def test_headings_leave_out_the_extractor_that_the_board_names():
    assert metric_label("fd_efficientnet_lite0", "efficientnet_lite0") == "FD"
    assert metric_label("kd_vgg16_mean", "vgg16") == "KD mean"
    assert metric_label("fid", "inception-v3-compat") == "FID"
    assert metric_label("precision_dinov2", None) == "precision dinov2"


def test_nouns_follow_their_number():
    assert [count(n, "run") for n in (0, 1, 2000)] == ["0 runs", "1 run", "2,000 runs"]


def test_text_is_escaped_and_markup_is_not():
    assert tag("p", "a<b", tag("b", "&"), title='"') == '<p title="&quot;">a&lt;b<b>&amp;</b></p>'
    assert tag("input", class_="x", disabled=True, id=None, checked=False) == '<input class="x" disabled>'
    assert isinstance(join("<", tag("b", "x")), Markup)
