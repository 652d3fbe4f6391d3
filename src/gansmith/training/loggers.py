"""Loggers: W&B, which never asks and never stops a run, TensorBoard, CSV."""

import netrc
import os
import secrets
import socket
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger, WandbLogger
from lightning.pytorch.utilities import rank_zero_only, rank_zero_warn

from gansmith.errors import ConfigError

PROBE_SECONDS = 2.0


def build_loggers(nodes: Mapping[str, Any] | None, run_dir: str | Path, config: dict[str, Any]) -> list[Logger]:
    """Makes the loggers of the config's `logger` group; none on other ranks than 0, which log nothing.

    Args:
        nodes: by name; `_target_` is one of this module's functions, the rest its further arguments.
        run_dir: the run's folder; every logger keeps its files inside.
        config: the resolved config as plain containers, shown beside the run.

    Raises:
        ConfigError: there is no such logger or argument, or a logger needs a package that is missing.
    """
    if rank_zero_only.rank != 0:  # type: ignore[attr-defined]
        return []
    loggers = [_build(name, dict(node), Path(run_dir), config) for name, node in (nodes or {}).items()]
    return [logger for logger in loggers if logger is not None]


def _build(name: str, options: dict[str, Any], run_dir: Path, config: dict[str, Any]) -> Logger | None:
    kinds = {f"{__name__}.{kind.__name__}": kind for kind in (wandb_logger, tensorboard_logger, csv_logger)}
    target = options.pop("_target_")
    if target not in kinds:
        raise ConfigError(f"logger.{name}._target_ is {target}; it can be {', '.join(kinds)}")
    try:
        return kinds[target](run_dir=run_dir, config=config, **options)
    except TypeError as error:
        raise ConfigError(f"logger.{name}: {error}") from error


def csv_logger(run_dir: Path, config: dict[str, Any]) -> Logger:
    """`run_dir/csv/version_0/metrics.csv`, written as it goes; a resumed run takes the next version."""
    logger = CSVLogger(run_dir, name="csv", flush_logs_every_n_steps=1)
    logger.log_hyperparams(config)
    return logger


def tensorboard_logger(run_dir: Path, config: dict[str, Any]) -> Logger:
    """Event files in `run_dir/tensorboard`.

    Raises:
        ConfigError: TensorBoard is not installed.
    """
    try:
        logger = TensorBoardLogger(run_dir, name="tensorboard", version="", default_hp_metric=False)
    except ModuleNotFoundError as error:
        raise ConfigError(
            "logger=tensorboard needs the package tensorboard: pip install 'gansmith[tensorboard]'"
        ) from error
    logger.log_hyperparams(config)
    return logger


def wandb_logger(
    run_dir: Path,
    config: dict[str, Any],
    project: str = "gansmith",
    entity: str | None = None,
    group: str | None = None,
    tags: Sequence[str] = (),
) -> Logger | None:
    """A W&B run named like the run's folder; None, with one warning, where W&B does not start.

    It is offline where there is no API key or no network (`wandb sync` uploads it later), asks nothing and
    prints nothing. A resumed run goes on under the id that `run_dir/wandb_run_id` keeps.
    """
    os.environ.setdefault("WANDB_SILENT", "true")
    try:
        import wandb

        mode = wandb_mode()
        if mode == "disabled":
            return None
        run_dir.mkdir(parents=True, exist_ok=True)
        wandb.setup()  # reads WANDB_SILENT, before anything has something to say
        # A run left over from an earlier job of a grid would be taken for this one.
        wandb.finish()
        logger = WandbLogger(
            project=project,
            entity=entity,
            group=group,
            tags=list(tags),
            name=run_dir.name,
            id=run_id(run_dir),
            save_dir=run_dir,
            config=config,
            mode=mode,
            resume="allow" if mode == "online" else None,
            settings=wandb.Settings(console="off", silent=True),
        )
        _ = logger.experiment  # starts the run now, where a failure can still be caught
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        rank_zero_warn(f"W&B did not start, the run goes on without it: {reason}")
        return None
    return logger


def run_id(run_dir: Path) -> str:
    """The W&B id of the run in this folder, kept in a file so that a resumed run finds it."""
    path = run_dir / "wandb_run_id"
    if not path.exists():
        path.write_text(secrets.token_hex(4) + "\n", encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def wandb_mode() -> str:
    """`online` if there are a key and a network, else `offline`; WANDB_MODE's offline and disabled hold."""
    wanted = os.environ.get("WANDB_MODE", "").lower()
    if wanted == "disabled":
        return "disabled"
    if wanted in ("offline", "dryrun"):
        return "offline"
    import wandb

    settings = wandb.setup().settings
    if settings.mode in ("offline", "dryrun", "disabled"):
        return "disabled" if settings.mode == "disabled" else "offline"
    url = settings.base_url
    key = settings.api_key or getattr(settings, "identity_token_file", None) or in_netrc(url)
    return "online" if key and reachable(url) else "offline"


def in_netrc(url: str) -> bool:
    """Whether `~/.netrc` (or the file that NETRC names) holds a password for the host."""
    named = os.environ.get("NETRC")
    candidates = [Path(named)] if named else [Path.home() / ".netrc", Path.home() / "_netrc"]
    for path in candidates:
        try:
            if netrc.netrc(path).authenticators(urlsplit(url).hostname or ""):
                return True
        except (OSError, netrc.NetrcParseError):
            continue
    return False


def reachable(url: str, seconds: float = PROBE_SECONDS) -> bool:
    """Whether the host, or the proxy before it, takes a TCP connection within `seconds`, look-up included."""
    address = urlsplit(url)
    proxy = getproxies().get(address.scheme)
    if proxy and not proxy_bypass(address.hostname or ""):
        address = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    port = address.port or (80 if address.scheme == "http" else 443)
    answered = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection((address.hostname or "", port), timeout=seconds).close()
            answered.set()
        except OSError:
            pass

    # In a thread, since name resolution knows no timeout.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(seconds)
    return answered.is_set()
