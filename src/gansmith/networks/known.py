"""Weights from files that others published, or that an earlier run left."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gansmith.errors import WeightsError
from gansmith.networks.known_names import Table, known_tables

WRAPPERS = ("params_ema", "params", "state_dict")
GENERATORS = ("ema_generator.", "generator.")
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def load_known(network: nn.Module, path: str | Path, part: str = "") -> None:
    """Fills `network` from a well-known checkpoint; it then computes what the original does.

    Read are generators of pytorch-CycleGAN-and-pix2pix and CUT (`*_net_G.pth`), of BasicSR, ESRGAN and
    Real-ESRGAN (bare, or inside `params_ema`, `params` or `state_dict`), and checkpoints of gansmith, of which
    the averaged generator is taken where there is one. Nothing in the file is executed.

    Args:
        network: of the size that the file was written with; it is left as it is where an error is raised.
        path: the file.
        part: name of the network among several that are one generator in gansmith's checkpoints.

    Raises:
        WeightsError: the file can't be read, or its weights are those of another network.
    """
    found = _read(Path(path), part)
    wanted = network.state_dict()
    layout, names = _closest(known_tables(network), wanted, found)
    faults = _faults({foreign: wanted[name] for name, foreign in names.items()}, found)
    if faults:
        raise WeightsError(f"{path} does not fit this {type(network).__name__}: in the layout of {layout} {faults}")
    network.load_state_dict({name: found[foreign] for name, foreign in names.items() if foreign in found}, strict=False)


def _faults(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str:
    """In what the file differs from what is wanted; empty where it fits."""
    # Batch norms did not count their batches at first.
    missing = [name for name in wanted.keys() - found.keys() if not name.endswith("num_batches_tracked")]
    surplus = [name for name in found.keys() - wanted.keys() if not _is_idle(name)]
    misshapen = [
        f"{name} of shape {tuple(found[name].shape)}, not {tuple(wanted[name].shape)}"
        for name in wanted.keys() & found.keys()
        if found[name].shape != wanted[name].shape
    ]
    lists = {"it lacks": missing, "it also has": surplus, "it has": misshapen}
    return "; ".join(f"{fault} {_first(sorted(names))}" for fault, names in lists.items() if names)


def _read(path: Path, part: str) -> dict[str, Tensor]:
    """The tensors of the generator in a file, by the names that they have there, without wrappers and prefixes."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(f"can't read {path}: {error.strerror}") from error
    except Exception as error:
        raise WeightsError(f"{path} is damaged, or holds more than the weights that torch.save writes") from error
    tensors = _unwrapped(content, part)
    if not tensors:
        raise WeightsError(f"{path} holds no state dict, neither bare nor inside {', '.join(WRAPPERS)}")
    return tensors


def _unwrapped(content: Any, part: str) -> dict[str, Tensor]:
    if not isinstance(content, Mapping):
        return {}
    for wrapper in WRAPPERS:
        if isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
            break
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): value for name, value in tensors.items()}
    for generator in GENERATORS:
        prefix = f"{generator}{part}." if part else generator
        if inside := {name.removeprefix(prefix): tensors[name] for name in tensors if name.startswith(prefix)}:
            return inside
    return tensors


def _closest(tables: Mapping[str, Table], wanted: Iterable[str], found: Container[str]) -> tuple[str, dict[str, str]]:
    """The layout in which most of the wanted tensors are in the file, and their names there."""
    names = {layout: {name: _translated(name, table) for name in wanted} for layout, table in tables.items()}
    return max(names.items(), key=lambda item: sum(foreign in found for foreign in item[1].values()))


def _translated(name: str, table: Table) -> str:
    module, _, tensor = name.rpartition(".")
    return f"{table[module]}.{tensor}"


def _is_idle(name: str) -> bool:
    """Whether the original network never used this tensor, or has it from its architecture.

    Statistics of instance norms were saved once (batch norms are recognised by their weights), and CUT saves
    the constant filters of its blur pooling.
    """
    return name.rpartition(".")[2] in (*STATISTICS, "filt")


def _first(items: list[str]) -> str:
    rest = len(items) - 1
    return items[0] if not rest else f"{items[0]} and {rest} more"
