"""Conditions on runs as they are typed: `model=dcgan`, `steps>=1000`, `trainer.precision!=32-true`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

from gansmith.errors import ConfigError
from gansmith.results.metric_names import is_side_note
from gansmith.results.runs import Run, Which

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le, ">=": operator.ge, "!=": operator.ne, "=": operator.eq, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
MOST_NAMED = 20
CONDITION = re.compile(r"(?P<field>[^<>=!]+)(?P<operator><=|>=|!=|=|<|>)(?P<value>.*)")


def matching(runs: Sequence[Run], conditions: Sequence[str], which: Which = "last") -> list[Run]:
    """The runs that meet all conditions.

    Raises:
        ConfigError: one is no condition, names a field that no run has, or asks for what is less or more than a word.
    """
    for condition in conditions:
        field, compare, wanted = parsed(condition)
        check_field(runs, field, which)
        values = [run.field(field, which) for run in runs]
        if compare not in (operator.eq, operator.ne) and any(map(is_number, values)) and not reads_as_number(wanted):
            raise ConfigError(f"{condition}: {field} is a number, and {wanted or 'nothing'} is none")
        runs = [run for run, value in zip(runs, values, strict=True) if meets(value, compare, wanted)]
    return list(runs)


def values_there(runs: Sequence[Run], conditions: Sequence[str], which: Which = "last") -> str:
    """Where no run meets all conditions, what the field of the first that leaves none can be, in words."""
    left = list(runs)
    for condition in conditions:
        runs, left = left, matching(left, [condition], which)
        if not left:
            break
    field = parsed(condition)[0]
    values = {value for run in runs if (value := run.field(field, which)) is not None}
    if all(map(is_number, values)):
        ends = sorted({min(values), max(values)})
        return f"{field} is {' to '.join(f'{end:g}' for end in ends)}"
    names = sorted(map(str, values))
    return f"{field} is {', '.join(names[:MOST_NAMED])}{', ...' * (len(names) > MOST_NAMED)}"


def check_field(runs: Sequence[Run], field: str, which: Which) -> None:
    """Raises ConfigError for the name of a field that no run has."""
    if runs and all(run.field(field, which) is None for run in runs):
        names = dict.fromkeys(name for run in runs for name in run.scores(which))
        metrics = ", ".join(name for name in names if not is_side_note(name))
        raise ConfigError(
            f"{field}: no run has this field; there are model, data, steps, seconds, parameters.generator, ..., keys "
            f"of the config such as model.critic_steps, and {metrics or 'no metrics'}"
        )


def parsed(condition: str) -> tuple[str, Callable[[Any, Any], bool], str]:
    match = CONDITION.fullmatch(condition)
    if match is None:
        raise ConfigError(f"{condition} is no condition; one is FIELD=VALUE, with =, !=, <, <=, > or >=")
    return match["field"].strip(), OPERATORS[match["operator"]], match["value"].strip()


def meets(value: Any, compare: Callable[[Any, Any], bool], wanted: str) -> bool:
    """Numbers are compared as numbers, all else as text; no condition holds for what is not there."""
    if value is None:
        return False
    if is_number(value):
        return compare(value, float(wanted)) if reads_as_number(wanted) else compare is operator.ne
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return compare(text, wanted)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
