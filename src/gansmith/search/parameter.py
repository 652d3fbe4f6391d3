"""One setting that is searched: where it is drawn from, and the overrides that it becomes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial

from gansmith.errors import ConfigError
from gansmith.jobs import quoted

Distribution = FloatDistribution | IntDistribution | CategoricalDistribution

COMMON = ("key", "type", "when")
RANGE = ("low", "high", "log", "step")
FIELDS = {"float": RANGE, "int": RANGE, "categorical": ("choices",)}

PLAIN_WORD = re.compile(r"[A-Za-z_][\w./-]*")
# Words that Hydra reads as something else than a string.
NO_STRINGS = ("null", "true", "false", "nan", "inf")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a search space.

    Args:
        name: what tables and plots call it.
        keys: of conf/train.yaml; all of them get its value.
        distribution: Optuna's; choices are the texts of overrides.
        when: names of earlier parameters, and the texts of the values at which this one is searched too.
    """

    name: str
    keys: tuple[str, ...]
    distribution: Distribution
    when: Mapping[str, tuple[str, ...]]

    def suggest(self, trial: Trial) -> str:
        """The trial's value, as an override's text."""
        match self.distribution:
            case FloatDistribution(low=low, high=high, log=log, step=step):
                return text_of(trial.suggest_float(self.name, low, high, log=log, step=step))
            case IntDistribution(low=low, high=high, log=log, step=step):
                return text_of(trial.suggest_int(self.name, low, high, log=log, step=step))
            case CategoricalDistribution(choices=choices):
                return str(trial.suggest_categorical(self.name, choices))

    @property
    def examples(self) -> list[str]:
        """All choices, or one number of the range, as overrides' texts."""
        if isinstance(self.distribution, CategoricalDistribution):
            return [str(choice) for choice in self.distribution.choices]
        return [text_of(self.distribution.low)]

    def overrides(self, text: str) -> list[str]:
        return [f"{key}={text}" for key in self.keys]


def parse(name: str, node: Any, earlier: Mapping[str, Parameter]) -> Parameter:
    """The parameter that a plain config describes.

    Raises:
        ConfigError: with the key that is wrong, missing or unknown.
    """
    place = f"search.space.{name}"
    if not isinstance(node, dict):
        raise ConfigError(f"{place}: is {node!r}; it needs key, type and a range")
    kind = node.get("type")
    if kind not in FIELDS:
        raise ConfigError(f"{place}.type={kind}: it can be {', '.join(FIELDS)}")
    for field in node:
        if field not in (*COMMON, *FIELDS[kind]):
            raise ConfigError(f"{place}.{field}: unknown; type={kind} has {', '.join((*COMMON, *FIELDS[kind]))}")
    distribution = _choices(place, node) if kind == "categorical" else _range(place, kind, node)
    return Parameter(name, _keys(place, node), distribution, _conditions(f"{place}.when", node.get("when"), earlier))


def _keys(place: str, node: dict[str, Any]) -> tuple[str, ...]:
    found = node.get("key")
    keys = found if isinstance(found, list) else [found]
    if not keys or not all(isinstance(key, str) and key for key in keys):
        raise ConfigError(f"{place}.key={found}: it names a key of conf/train.yaml, or several as a list")
    return tuple(keys)


def _choices(place: str, node: dict[str, Any]) -> CategoricalDistribution:
    choices = node.get("choices")
    if not isinstance(choices, list) or not choices:
        raise ConfigError(f"{place}.choices={choices}: it must be a list of values")
    try:
        texts = [text_of(choice) for choice in choices]
    except TypeError as error:
        raise ConfigError(f"{place}.choices: {error}") from error
    if len(set(texts)) < len(texts):
        raise ConfigError(f"{place}.choices={choices}: a value is there twice")
    return CategoricalDistribution(texts)


def _range(place: str, kind: str, node: dict[str, Any]) -> Distribution:
    wanted = (int,) if kind == "int" else (int, float)
    for end in ("low", "high"):
        if not isinstance(node.get(end), wanted) or isinstance(node[end], bool):
            raise ConfigError(f"{place}.{end}={node.get(end)}: it must be {'a whole' if kind == 'int' else 'a'} number")
    if not isinstance(node.get("log", False), bool):
        raise ConfigError(f"{place}.log={node['log']}: it can be true or false")
    step = node.get("step")
    if step is not None and (not isinstance(step, wanted) or isinstance(step, bool)):
        raise ConfigError(f"{place}.step={step}: it must be a number")
    options = {"log": node.get("log", False)} | ({} if step is None else {"step": step})
    try:
        make = IntDistribution if kind == "int" else FloatDistribution
        return make(node["low"], node["high"], **options)
    except ValueError as error:
        raise ConfigError(f"{place}: {' '.join(str(error).split()).replace('`', '')}") from error


def _conditions(place: str, node: Any, earlier: Mapping[str, Parameter]) -> dict[str, tuple[str, ...]]:
    if node is not None and not isinstance(node, dict):
        raise ConfigError(f"{place}={node}: it maps an earlier parameter to a value, or to a list of values")
    conditions = {}
    for name, values in (node or {}).items():
        parent = earlier.get(name)
        if parent is None or isinstance(parent.distribution, FloatDistribution):
            raise ConfigError(f"{place}.{name}: no categorical or int parameter of this name stands before it")
        texts = tuple(text_of(value) for value in (values if isinstance(values, list) else [values]))
        for text in texts:
            if isinstance(parent.distribution, CategoricalDistribution) and text not in parent.examples:
                raise ConfigError(f"{place}.{name}={text}: {name} can be {', '.join(parent.examples)}")
        conditions[name] = texts
    return conditions


def text_of(value: Any) -> str:
    """The value in Hydra's grammar of overrides; it is read back as the same value.

    Raises:
        TypeError: no value of that kind can be an override.
    """
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case int() | float():
            return repr(value)
        case str():
            is_word = PLAIN_WORD.fullmatch(value) and value.lower() not in NO_STRINGS
            return value if is_word else quoted(value)
        case list():
            return f"[{','.join(text_of(item) for item in value)}]"
    raise TypeError(f"{value!r} is no number, word, truth value, null or list")
