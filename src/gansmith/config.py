"""From config to objects, and the checks on the way. Light: nothing here imports torch before it is needed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gansmith.errors import ConfigError
from gansmith.ranks import is_first_process
from gansmith.run_lock import is_running

PACKAGES = ("gansmith", "torch", "torchvision")


def instantiate(node: Any, **arguments: Any) -> Any:
    """The object that `node` describes, its children first.

    The one place where names in a config become code. A checkpoint carries its config, and a file
    from the internet must not run code: `_target_` can only name a class that gansmith itself defines, or
    a module, optimizer or data set class of torch and torchvision.

    Args:
        node: a config with `_target_`, as in `hydra.utils.instantiate`.
        **arguments: further keyword arguments of the outermost call.

    Raises:
        ConfigError: a name outside that list, or one that does not exist; arguments that don't fit.
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate as hydra_instantiate

    from gansmith.errors import GansmithError

    plain = to_plain(node)
    _check_names(plain)
    try:
        return hydra_instantiate(plain, _convert_="all", **arguments)
    except InstantiationException as error:
        if isinstance(error.__cause__, GansmithError):
            raise error.__cause__ from None
        raise ConfigError(" ".join(str(error).split())) from error


def check_target(target: str) -> Any:
    """The class that the dotted name `target` stands for, if a config may name it."""
    package, _, path = target.partition(".")
    if package not in PACKAGES or not path:
        raise ConfigError(f"_target_: {target} is not allowed; a config can name parts of {', '.join(PACKAGES)}")
    found = _locate(target)
    # A name can lead out of the package through what a module imports.
    is_own = isinstance(found, type) and found.__module__.partition(".")[0] == package
    if not is_own or not (package == "gansmith" or _is_building_block(found)):
        raise ConfigError(f"_target_: {target} is not allowed; a config names classes: networks, optimizers, data ...")
    return found


def _locate(target: str) -> Any:
    parts = target.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError as error:
            if not target.startswith(f"{error.name}.") and error.name != target:
                raise ConfigError(f"_target_: {target} needs the package {error.name}, which is not here") from error
            continue
        try:
            for part in parts[length:]:
                found = getattr(found, part)
        except AttributeError:
            break
        return found
    raise ConfigError(f"_target_: there is no {target}")


def _is_building_block(found: type) -> bool:
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.utils.data import Dataset

    return issubclass(found, (Module, Optimizer, Dataset))


def _check_names(node: Any) -> None:
    """Raises ConfigError if a name anywhere in the plain `node` is not allowed, or could be hidden."""
    if isinstance(node, str) and "${" in node:
        # Hydra would resolve it later, and what comes out could have a `_target_` of its own.
        raise ConfigError(f"{node}: a resolved config has no interpolations")
    if isinstance(node, dict):
        if "_target_" in node:
            check_target(str(node["_target_"]))
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for child in node:
            _check_names(child)


def to_plain(node: Any) -> Any:
    """Containers of Python's own, with interpolations resolved.

    Raises:
        ConfigError: a mandatory value is missing, or an interpolation leads nowhere.
    """
    if not OmegaConf.is_config(node):
        return node
    try:
        return OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        key = f"{error.full_key}: " if error.full_key else ""
        raise ConfigError(f"{key}{str(error).splitlines()[0]}") from error


def check_needs(config: DictConfig, needs: tuple[str, ...], gives: tuple[str, ...]) -> None:
    """Whether the data give what the model needs.

    Raises:
        ConfigError: they don't; the message names data that would.
    """
    missing = [field for field in needs if field not in gives]
    if missing:
        fitting = "one folder a class (data=image_folder), or data=mnist5k, digits, cifar10, ..."
        hints = {
            "label": f"data with labels: {fitting}",
            "caption": "data with captions: data=scenes, or one's own (data=captioned_folder)",
        }
        hint = hints.get(missing[0], "choose other data")
        raise ConfigError(
            f"model={config.model.name} needs {', '.join(missing)}, and data={config.data.name} gives "
            f"{', '.join(gives)}; {hint}"
        )


def check_partners(config: DictConfig, needed: bool, are_there: bool) -> None:
    """Raises ConfigError where a model would take two pictures for a pair that have nothing to do with each other."""
    if needed and not are_there:
        raise ConfigError(
            f"model={config.model.name} learns from pairs, and the pictures of data={config.data.name} have no "
            "partners; model=cyclegan and model=cut need none, data=pairs and data=paired_folders have them"
        )


def difference(before: Any, after: Any, path: str = "") -> list[str]:
    """Dotted keys at which two plain configs differ, each with both values."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(key for key in after if key not in before)]
        return [
            line
            for key in keys
            for line in difference(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
        ]
    return [] if before == after else [f"{path}: {before} in the checkpoint, {after} now"]


def register_resolvers() -> None:
    """`${run_dir:...}` and `${job_dir:...}` of conf/train.yaml; for networks `${add:a,b}`, `${half:side}`,
    `${patch:side}`, `${middle:side}` and `${by_size:size,a,b}`.
    """
    OmegaConf.register_new_resolver("run_dir", _run_dir, replace=True)
    OmegaConf.register_new_resolver("job_dir", _job_dir, replace=True)
    OmegaConf.register_new_resolver("add", lambda *terms: sum(terms), replace=True)
    OmegaConf.register_new_resolver("half", lambda side: max(side // 2, 1), replace=True)
    # Of U-Nets with two stages: pixels along a place, and places along the smaller stage.
    OmegaConf.register_new_resolver("patch", _patch, replace=True)
    OmegaConf.register_new_resolver("middle", lambda side: side // _patch(side) // 2, replace=True)
    OmegaConf.register_new_resolver("by_size", _by_size, replace=True)


def _patch(side: int) -> int:
    return 1 if side < 32 else 2


def _by_size(size: str, small: Any, paper: Any) -> Any:
    """The value of a network that suits a CPU, or that of its paper. Raises ConfigError for another size."""
    values = {"small": small, "paper": paper}
    if size not in values:
        raise ConfigError(f"model.size={size}; it can be {', '.join(values)}")
    return values[size]


def _run_dir(resume: str | None, fresh: str, overrides: list[str]) -> str:
    """The folder of the run: a new one, that of `resume`, or the newest one begun with the same overrides."""
    if resume in (None, ""):
        return fresh
    if resume == "auto":
        return _unfinished_run(Path(fresh).parent, list(overrides)) or fresh
    return str(run_of(resume))


def run_of(resume: str | None) -> Path | None:
    """The folder of the run that `resume` names by itself or by a checkpoint."""
    if resume in (None, ""):
        return None
    path = Path(str(resume))
    if path.suffix == ".ckpt":
        path = path.parent.parent if path.parent.name == "checkpoints" else path.parent
    return path


def _job_dir(number: int, overrides: str) -> str:
    """The folder of a sweep's job: its number, and its overrides as far as one name holds them."""
    return f"{number}_{overrides}".replace("/", ".")[:150]


def _unfinished_run(logs: Path, overrides: list[str]) -> str | None:
    wanted = identifying(overrides)
    for checkpoint in sorted(logs.glob("*/checkpoints/last.ckpt"), key=lambda path: path.stat().st_mtime, reverse=True):
        run = checkpoint.parent.parent
        is_open = not (run / "result.json").exists() and identifying(saved_overrides(run)) == wanted
        # The other processes of a run find the first one in it.
        if is_open and not (is_first_process() and is_running(run)):
            return str(run)
    return None


def identifying(overrides: list[str]) -> list[str]:
    """The overrides that say which run it is, not where it lies or goes on."""
    return sorted(item for item in overrides if item.partition("=")[0].lstrip("+") not in ("resume", "run_dir"))


def merged(earlier: list[str], later: list[str]) -> list[str]:
    """Both lists of overrides as one, in which the later value of a key has replaced the earlier one."""
    return list({item.partition("=")[0]: item for item in (*earlier, *later)}.values())


def saved_overrides(run: Path) -> list[str]:
    """What `run` was started with on the command line; empty where that is not known."""
    path = run / "overrides.yaml"
    return [str(item) for item in OmegaConf.load(path)] if path.exists() else []
