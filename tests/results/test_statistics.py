import math

import numpy as np
import pytest
from scipy import stats

from gansmith.results.statistics import (
    estimate,
    paired_difference,
    power,
    seeds_needed,
    welch_difference,
)

A, B = [12.1, 9.8, 11.5, 10.2], [14.0, 13.1, 12.2, 15.5]


def test_mean_and_sample_deviation():
    figure = estimate(A)
    assert figure.mean == pytest.approx(np.mean(A))
    assert figure.std == pytest.approx(np.std(A, ddof=1))
    assert (figure.n, figure.failed) == (4, 0)


def test_one_seed_has_no_deviation():
    assert (estimate([3.0]).mean, estimate([3.0]).std) == (3.0, None)


@pytest.mark.parametrize("failure", [None, math.nan, math.inf])
def test_failures_are_counted_and_not_averaged(failure):
    figure = estimate([1.0, failure, 3.0])
    assert (figure.mean, figure.n, figure.failed) == (2.0, 2, 1)
    assert math.isnan(estimate([failure]).mean)


def test_the_paired_interval_is_students():
    found = paired_difference(A, B)
    expected = stats.ttest_rel(A, B).confidence_interval(0.95)
    assert found.mean == pytest.approx(np.mean(A) - np.mean(B))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.paired


@pytest.mark.parametrize("b", [B, B[:2], [*B, 40.0]])
def test_the_other_interval_is_welchs(b):
    found = welch_difference(A, b)
    expected = stats.ttest_ind(A, b, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.seeds == (4, len(b))
    assert not found.paired


def test_by_hand():
    # Differences 1 and 3: mean 2, deviation sqrt(2), of the mean 1; t of one degree of freedom is tan(0.475 pi).
    found = paired_difference([2.0, 5.0], [1.0, 2.0])
    assert found.margin == pytest.approx(math.tan(0.475 * math.pi))
    assert not found.is_clear


def test_values_without_any_spread_leave_no_doubt():
    for found in (paired_difference([1.0, 1.0], [2.0, 2.0]), welch_difference([1.0, 1.0], [2.0, 2.0])):
        assert (found.low, found.high) == (-1.0, -1.0)
        assert found.is_clear
        assert found.needed == 2


def test_pairing_takes_out_what_the_seeds_share():
    a = [1.0, 5.0, 9.0]
    b = [2.0, 6.1, 9.9]
    assert paired_difference(a, b).is_clear
    assert not welch_difference(a, b).is_clear


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize(("interval", "shared"), [(paired_difference, 3.0), (welch_difference, 0.0)])
def test_intervals_hold_the_true_difference_in_95_of_100_cases(interval, shared, seeds):
    draw = np.random.default_rng(0)
    trials, held = 2000, 0
    for _ in range(trials):
        common = draw.normal(0, shared, seeds) if shared else 0.0
        found = interval(list(draw.normal(1, 1, seeds) + common), list(draw.normal(0, 1, seeds) + common))
        held += found.low <= 1 <= found.high
    # Welch's is a little wide for very few values.
    assert 0.935 <= held / trials <= (0.965 if interval is paired_difference else 0.985)


@pytest.mark.parametrize(
    ("size", "paired", "seeds"),
    # Cohen, Statistical power analysis (1988), table 2.4.1: two samples at d = 0.5, 0.8, 1; then one sample.
    [(0.5, False, 64), (0.8, False, 26), (1.0, False, 17), (0.5, True, 34), (1.0, True, 10)],
)
def test_seeds_needed_are_those_of_the_tables(size, paired, seeds):
    assert seeds_needed(size, 1.0, paired) == seeds
    assert seeds_needed(-10 * size, 10.0, paired) == seeds


def test_small_differences_take_too_many_seeds():
    assert seeds_needed(0.01, 1.0, False) is None
    assert seeds_needed(0.0, 1.0, False) is None
    assert seeds_needed(0.0, 0.0, True) is None
    assert seeds_needed(1e6, 1.0, False) == 2


def test_power_is_the_share_of_experiments_that_find_the_difference():
    draw = np.random.default_rng(1)
    a, b = draw.normal(1.5, 1, (5000, 5)), draw.normal(0, 1, (5000, 5))
    found = stats.ttest_ind(a, b, axis=1)
    assert power(1.5, 1.0, 5, paired=False) == pytest.approx(
        np.mean((found.pvalue < 0.05) & (found.statistic > 0)), abs=0.02
    )
