"""Where a number comes from: the code, the packages, the config and the device that made it."""

import hashlib
import json
import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gansmith

PACKAGE = Path(gansmith.__file__).parent
GIT_SECONDS = 5.0
PACKAGES = ("torch", "torchvision", "lightning", "torchmetrics", "torch-fidelity")
# The parts of a config that say which experiment it is: not where it lies, goes on from or is shown.
EXPERIMENT = ("model", "data", "task", "trainer", "metrics", "seed")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide what a number is."""
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "gansmith": gansmith.__version__,
    }


def git_state(folder: Path = PACKAGE) -> tuple[str | None, bool | None]:
    """Commit of the checkout that tracks `folder`, and whether anything in it differs from that commit.

    (None, None) without git, without a commit, or where the folder merely lies inside somebody else's
    repository, as an installed package does.
    """
    tracked = git(folder, "ls-files", ".")
    commit = git(folder, "rev-parse", "HEAD")
    status = git(folder, "status", "--porcelain")
    if not tracked or commit is None or status is None:
        return None, None
    return commit, bool(status)


def git(folder: Path, *arguments: str) -> str | None:
    """Output of a git command; None if it fails or takes more than five seconds."""
    # A hook's GIT_DIR would point git at another repository than the folder's.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, env=environment, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def config_hash(config: dict[str, Any]) -> str:
    """Twelve hexadecimal digits of the SHA-256 of a config of plain containers; keys in any order."""
    text = json.dumps(config, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def experiment_hash(config: dict[str, Any]) -> str:
    """The hash of those parts of a run's whole config that say which experiment it is."""
    return config_hash({key: config[key] for key in EXPERIMENT if key in config})


def variant_hash(config: dict[str, Any]) -> str:
    """The same without the seeds of the run, its model and its data: runs that share it differ in these alone."""
    parts = {key: config[key] for key in EXPERIMENT if key in config and key != "seed"}
    for part in ("model", "data"):
        parts[part] = {key: value for key, value in parts.get(part, {}).items() if key != "seed"}
    return config_hash(parts)


def describe_task(task: dict[str, Any] | None) -> dict[str, Any]:
    """A task's settings, its name as in conf/task and their hash; nothing for none and for pairs as they are."""
    if not task:
        return {}
    settings = {key: value for key, value in task.items() if key != "_target_"}
    class_name = str(task.get("_target_", "")).rpartition(".")[2]
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", class_name).lower()
    return {} if name == "given" else {**settings, "name": name, "hash": config_hash(task)}


def device_name(device: Any, count: int = 1) -> str:
    """`cpu`, or the accelerator's name, as in "2 x NVIDIA A100" for two processes.

    Args:
        device: a torch.device.
        count: number of processes, each with a device of its own.
    """
    # Imported here: reading records and ranking them needs no torch.
    import torch

    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return name if count == 1 else f"{count} x {name}"


def peak_memory(device: Any) -> int | None:
    """Most bytes that tensors took on a CUDA device since the process began; None for other devices."""
    import torch

    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
