"""What a few seeds say: means, differences with their confidence intervals, and how many seeds it takes."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

LEVEL = 0.95
POWER = 0.8
MOST_SEEDS = 1000


@dataclass(frozen=True)
class Estimate:
    """A metric over seeds.

    Attributes:
        mean: over those seeds whose value is finite; NaN if none is.
        std: sample standard deviation (n - 1); None for fewer than two seeds.
        n: number of finite values.
        failed: number of values that were not finite.
    """

    mean: float
    std: float | None
    n: int
    failed: int = 0


def estimate(values: Sequence[float | None]) -> Estimate:
    """Mean and deviation of one metric's values, one a seed; None and NaN are those that failed."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    mean = fmean(finite) if finite else math.nan
    std = stdev(finite) if len(finite) > 1 else None
    return Estimate(mean, std, len(finite), len(values) - len(finite))


@dataclass(frozen=True)
class Difference:
    """Mean of A less mean of B, and what is known of it.

    Attributes:
        mean: A - B.
        low, high: confidence interval at the level 95 %.
        seeds: numbers of values behind A and B.
        paired: whether A and B were compared seed by seed.
        std: the deviation that a seed brings: of the differences if paired, else of a model's own values,
            pooled over A and B.
    """

    mean: float
    low: float
    high: float
    seeds: tuple[int, int]
    paired: bool
    std: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no difference out."""
        return self.low > 0 or self.high < 0

    @property
    def margin(self) -> float:
        """Half the interval's width."""
        return (self.high - self.low) / 2

    @property
    def needed(self) -> int | None:
        """Seeds for each side to tell a difference of this size apart; see `seeds_needed`."""
        return seeds_needed(self.mean, self.std, self.paired)


def paired_difference(a: Sequence[float], b: Sequence[float]) -> Difference:
    """Student's interval of the mean of the differences, seed by seed (n >= 2 values each, in the same order)."""
    differences = [first - second for first, second in zip(a, b, strict=True)]
    mean, std = fmean(differences), stdev(differences)
    margin = t_quantile(len(a) - 1) * std / math.sqrt(len(a))
    return Difference(mean, mean - margin, mean + margin, (len(a), len(b)), True, std)


def welch_difference(a: Sequence[float], b: Sequence[float]) -> Difference:
    """Welch's interval (1947) of the difference of two means, for deviations that differ; n >= 2 values each.

    Not a bootstrap: of three or five values it gives intervals that are too narrow.
    """
    squared = [stdev(values) ** 2 / len(values) for values in (a, b)]
    freedom = len(a) + len(b) - 2.0
    if any(squared):
        parts = [square**2 / (len(values) - 1) for square, values in zip(squared, (a, b))]
        freedom = sum(squared) ** 2 / sum(parts)
    mean = fmean(a) - fmean(b)
    margin = t_quantile(freedom) * math.sqrt(sum(squared))
    pooled = math.sqrt((stdev(a) ** 2 + stdev(b) ** 2) / 2)
    return Difference(mean, mean - margin, mean + margin, (len(a), len(b)), False, pooled)


def t_quantile(freedom: float) -> float:
    """The value that Student's t with so many degrees of freedom exceeds, either way, in 5 % of cases."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + LEVEL) / 2))


def seeds_needed(difference: float, std: float, paired: bool) -> int | None:
    """The fewest seeds for each side with which a t test at 5 % finds a true difference in 80 % of cases.

    Args:
        difference: the true difference of the means.
        std: as `Difference.std`.
        paired: whether seeds are compared one by one.

    Returns None where 1000 do not suffice. From few seeds `std` is itself uncertain, and so is the answer.
    """
    tried = range(2, MOST_SEEDS + 1)
    place = bisect_left(tried, POWER, key=lambda seeds: power(difference, std, seeds, paired))
    return tried[place] if place < len(tried) else None


def power(difference: float, std: float, seeds: int, paired: bool) -> float:
    """The chance, in [0, 1], that a t test with so many seeds for each side finds the difference, with its sign."""
    from scipy.special import nctdtr

    if not std:
        return 1.0 if difference else 0.0
    freedom = seeds - 1 if paired else 2 * seeds - 2
    shift = abs(difference) / (std * math.sqrt((1 if paired else 2) / seeds))
    return 1.0 - float(nctdtr(freedom, shift, t_quantile(freedom)))
