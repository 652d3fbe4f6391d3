"""Two models under one protocol: is one better, or can they not be told apart?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gansmith.errors import ConfigError, GansmithError
from gansmith.results.filters import matching, values_there
from gansmith.results.leaderboard import board_key, direction_of, grouped, newest_of_each_seed
from gansmith.results.metric_names import begins_with, is_side_note, primary_metric
from gansmith.results.page.words import decimals, fixed
from gansmith.results.runs import Run, Which, collect
from gansmith.results.statistics import Difference, paired_difference, seeds_needed, welch_difference


@dataclass(frozen=True)
class Side:
    """One of the two: its name in sentences, its runs, and the metric's finite values by seed."""

    name: str
    runs: tuple[Run, ...]
    values: dict[int, float]


@dataclass(frozen=True)
class Comparison:
    """A against B on one board.

    Attributes:
        metric: full name of the result.
        direction: whether it is better when it is smaller or larger.
        advantage: by how much A is better than B, negative where it is worse; None where a side has fewer than
            two seeds, and so nothing can be said.
    """

    data: str
    protocol_name: str
    metric: str
    direction: Literal["min", "max"]
    a: Side
    b: Side
    advantage: Difference | None


def runs_of(what: str, logs: Sequence[Path]) -> list[Run]:
    """The runs in the folder or record `what`, or those in `logs` that meet the conditions `what`, set off by commas.

    Raises:
        GansmithError: there are none.
    """
    if Path(what).exists():
        runs, problems = collect([Path(what)])
        if not runs:
            raise GansmithError(f"{what}: there are no records of runs{f'; {problems[0]}' if problems else ''}")
        return runs
    if not any(sign in what for sign in "=<>"):
        raise GansmithError(f"{what}: neither a folder of runs nor a condition such as model=dcgan")
    there, where = collect(logs)[0], ", ".join(map(str, logs))
    if not there:
        raise GansmithError(f"{what}: there are no records of runs in {where}")
    conditions = what.split(",")
    runs = matching(there, conditions)
    if not runs:
        raise GansmithError(f"{what}: none of {len(there)} runs in {where} meets it; {values_there(there, conditions)}")
    return runs


def compare(
    a: Sequence[Run], b: Sequence[Run], names: tuple[str, str], metric: str | None = None, which: Which = "last"
) -> list[Comparison]:
    """A comparison for each data set, resolution and protocol that both have.

    Args:
        names: of A and B, for where their models do not tell them apart.
        metric: the result, in full or as its beginning (`fd`); None takes the protocol's primary one.

    Raises:
        ConfigError: they share no protocol, or a run; a side holds several variants; there is no such metric.
    """
    shared = {run.run_dir.resolve() for run in a} & {run.run_dir.resolve() for run in b}
    if shared:
        raise ConfigError(f"{names[0]} and {names[1]} share the run {min(shared)}; compare runs that differ")
    boards = grouped(a, board_key), grouped(b, board_key)
    common = [key for key in boards[0] if key in boards[1] and key[2]]
    if not common:
        raise ConfigError(
            f"{names[0]} ({described(a)}) and {names[1]} ({described(b)}) were not measured by the same protocol on "
            "the same data: nothing can be compared; src/evaluate.py measures a checkpoint by another protocol"
        )
    return [compare_on_board(boards[0][key], boards[1][key], names, metric, which) for key in common]


def described(runs: Sequence[Run]) -> str:
    """The boards of the runs, in words."""
    words = [
        f"{run.problem}, {run.record.resolution} px, {run.record.protocol.get('name', 'no metrics')} "
        f"{run.record.protocol.get('hash', '')}".strip()
        for run in runs
    ]
    return "; ".join(dict.fromkeys(words))


def compare_on_board(
    a: Sequence[Run], b: Sequence[Run], names: tuple[str, str], metric: str | None, which: Which
) -> Comparison:
    full = metric_of([*a, *b], metric, which)
    direction = direction_of(full, [*a, *b])
    for runs, name in zip((a, b), names):
        check_one_variant(runs, name)
    models = a[0].record.model, b[0].record.model
    labels = models if models[0] != models[1] else names
    sides = [side_of(runs, label, full, which) for runs, label in zip((a, b), labels)]
    return Comparison(
        data=a[0].problem,
        protocol_name=str(a[0].record.protocol.get("name", "")),
        metric=full,
        direction=direction,
        a=sides[0],
        b=sides[1],
        advantage=advantage(sides[0].values, sides[1].values, direction),
    )


def metric_of(runs: Sequence[Run], metric: str | None, which: Which) -> str:
    """The result's full name. Raises ConfigError if not all runs have it."""
    names = [name for name in runs[0].scores(which) if all(name in run.scores(which) for run in runs)]
    if metric is None:
        metric = primary_metric(runs[0].record.protocol, names)
    fitting = [name for name in names if name == metric] or [
        name for name in names if begins_with(name, metric) and not is_side_note(name)
    ]
    if not fitting:
        raise ConfigError(f"--metric={metric}: all runs have {', '.join(names) or 'no metrics in common'}")
    return fitting[0]


def check_one_variant(runs: Sequence[Run], name: str) -> None:
    """Raises ConfigError for runs that differ in more than the seed, as their spread would be no seed's."""
    variants = {run.variant: run for run in runs}
    if len(variants) > 1:
        listed = ", ".join(f"variant={variant} (as {run.run_dir})" for variant, run in variants.items())
        raise ConfigError(f"{name} holds {len(variants)} variants, not only seeds of one; take one of {listed}")


def side_of(runs: Sequence[Run], name: str, metric: str, which: Which) -> Side:
    counted = newest_of_each_seed(runs)
    values = {run.record.seed: run.scores(which)[metric] for run in counted}
    return Side(name, tuple(counted), {seed: value for seed, value in values.items() if value is not None})


def advantage(a: dict[int, float], b: dict[int, float], direction: str) -> Difference | None:
    """Of A over B: seed by seed where both have the same seeds, else of the means; None without two seeds each."""
    if min(len(a), len(b)) < 2:
        return None
    sign = 1.0 if direction == "max" else -1.0
    if a.keys() == b.keys():
        return paired_difference([sign * a[seed] for seed in sorted(a)], [sign * b[seed] for seed in sorted(a)])
    return welch_difference([sign * value for value in a.values()], [sign * value for value in b.values()])


def sentence(comparison: Comparison) -> str:
    """What the numbers allow to say, in a sentence."""
    a, b, found = comparison.a, comparison.b, comparison.advantage
    if found is None:
        return (
            f"Nothing can be said of {a.name} and {b.name} from {seeds(len(a.values), len(b.values))}: how much "
            f"{comparison.metric} differs from seed to seed is not known. It takes at least 2 seeds each, better 5 "
            "(python src/train.py -m … seed=0,1,2,3,4)."
        )
    better, worse = (a, b) if found.mean > 0 else (b, a)
    low, high = (found.low, found.high) if found.mean > 0 else (-found.high, -found.low)
    places = decimals([low, high])
    ends = f"{fixed(low, places)} to {fixed(high, places)}"
    how = f"95 % interval {ends}, {seeds(*found.seeds)}, {'paired' if found.paired else 'not paired'}"
    size = f"{fixed(abs(found.mean), places)} ± {fixed(found.margin, places)} {comparison.metric}"
    if found.is_clear:
        return f"{better.name} is better than {worse.name} by {size} ({how})."
    return f"{a.name} and {b.name} cannot be told apart: {better.name} is ahead by {size} ({how})."


def seeds(first: int, second: int) -> str:
    return f"{first} {'seed' if first == 1 else 'seeds'} each" if first == second else f"{first} and {second} seeds"


def needed_sentence(comparison: Comparison, difference: float | None = None) -> str | None:
    """How many seeds tell `difference` (above 0) apart, or the one observed; None where the spread is not known."""
    found = comparison.advantage
    if found is None:
        return None
    size = abs(found.mean) if difference is None else difference
    number = seeds_needed(size, found.std, found.paired)
    what = "seed by seed" if found.paired else "from seed to seed"
    wanted = fixed(size, decimals([found.low, found.high])) if difference is None else f"{size:g}"
    return (
        f"To find a true difference of {wanted} in 4 of 5 cases takes {number or 'more than 1000'} seeds each, "
        f"if the deviation {what} is the {fixed(found.std, decimals([found.std]))} observed."
    )
