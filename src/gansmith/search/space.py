"""What is searched: the parameters of conf/search/*.yaml, some only where others have certain values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from optuna.trial import Trial

from gansmith.errors import ConfigError
from gansmith.search.parameter import Parameter, parse


@dataclass(frozen=True)
class Space:
    """Parameters in the order in which they are drawn."""

    parameters: tuple[Parameter, ...]

    @classmethod
    def parse(cls, node: Any) -> Space:
        """Raises ConfigError with the key at which the plain config is no search space."""
        if not isinstance(node, dict) or not node:
            raise ConfigError("search.space: has no parameters; each is a name with key, type and a range")
        found: dict[str, Parameter] = {}
        for name, parameter in node.items():
            found[str(name)] = parse(str(name), parameter, found)
        keys = [key for parameter in found.values() for key in parameter.keys if not parameter.when]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise ConfigError(f"search.space: {twice} is the key of two parameters")
        return cls(tuple(found.values()))

    def suggest(self, trial: Trial) -> list[str]:
        """The trial's overrides; a parameter whose condition does not hold is neither drawn nor among them."""
        texts: dict[str, str] = {}
        for parameter in self.parameters:
            if all(texts.get(name) in allowed for name, allowed in parameter.when.items()):
                texts[parameter.name] = parameter.suggest(trial)
        return [item for parameter in self.active(texts) for item in parameter.overrides(texts[parameter.name])]

    def active(self, texts: dict[str, str]) -> list[Parameter]:
        return [parameter for parameter in self.parameters if parameter.name in texts]

    def check_apart(self, overrides: Sequence[str]) -> None:
        """Raises ConfigError if the command line sets a key that is searched."""
        given = {item.partition("=")[0].lstrip("+~") for item in overrides}
        for parameter in self.parameters:
            for key in given.intersection(parameter.keys):
                raise ConfigError(
                    f"search.space.{parameter.name}.key: {key} is given too; without it, or with "
                    f"'~search.space.{parameter.name}', there is one value for it"
                )

    def check_keys(self, compose: Callable[[list[str]], Any]) -> None:
        """Composes each choice and one number of each range, so that a wrong key costs no trial.

        Args:
            compose: the config of a training from overrides.

        Raises:
            ConfigError: the config does not have a key, or a group no such choice.
        """
        for parameter in self.parameters:
            reaching = self._reaching(parameter)
            for text in parameter.examples:
                try:
                    compose([*reaching, *parameter.overrides(text)])
                except (HydraException, OmegaConfBaseException) as error:
                    reason = " ".join(str(error).split("\nAvailable options")[0].split())
                    raise ConfigError(f"search.space.{parameter.name}.key: {reason}") from error

    def _reaching(self, parameter: Parameter) -> list[str]:
        """Overrides at which `parameter` is searched."""
        texts: dict[str, str] = {}
        for earlier in reversed(self.parameters[: self.parameters.index(parameter)]):
            wanting = [parameter, *self.active(texts)]
            allowed = next((child.when[earlier.name] for child in wanting if earlier.name in child.when), None)
            if allowed:
                texts[earlier.name] = allowed[0]
        return [item for earlier in self.active(texts) for item in earlier.overrides(texts[earlier.name])]
