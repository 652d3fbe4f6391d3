import os
import socket
import sys
import time
import warnings
from pathlib import Path

import pytest
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import OmegaConf

from gansmith.errors import ConfigError
from gansmith.training import loggers
from gansmith.training.loggers import (
    build_loggers,
    csv_logger,
    in_netrc,
    reachable,
    run_id,
    tensorboard_logger,
    wandb_logger,
    wandb_mode,
)

CONF = Path(__file__).parents[2] / "conf" / "logger"
CONFIG = {"model": {"_target_": "os.system", "lr": 1e-3}, "seed": 0}


@pytest.fixture
def account(monkeypatch, tmp_path):
    """A machine without settings of W&B: `account(key=..., network=...)` gives it a key and a network."""
    import wandb

    class Settings:
        mode, base_url, api_key = "online", "https://api.wandb.ai", None

    class Setup:
        settings = Settings()

    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("WANDB_MODE", "WANDB_API_KEY", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(wandb, "setup", Setup)
    monkeypatch.setattr(loggers, "reachable", lambda url: Setup.settings.network)

    def arrange(key, network):
        Setup.settings.api_key, Setup.settings.network = key, network

    return arrange


@pytest.mark.parametrize(
    ("key", "network", "mode"),
    [("k", True, "online"), ("k", False, "offline"), (None, True, "offline"), (None, False, "offline")],
)
def test_online_takes_a_key_and_a_network(account, key, network, mode):
    account(key, network)
    assert wandb_mode() == mode


@pytest.mark.parametrize(
    ("wanted", "mode"),
    [("offline", "offline"), ("dryrun", "offline"), ("disabled", "disabled"), ("online", "online")],
)
def test_a_wish_of_the_environment_holds(account, monkeypatch, wanted, mode):
    account("k", True)
    monkeypatch.setenv("WANDB_MODE", wanted)
    assert wandb_mode() == mode


def test_even_a_wish_for_online_does_not_lead_to_a_prompt(account, monkeypatch):
    account(None, True)
    monkeypatch.setenv("WANDB_MODE", "online")
    assert wandb_mode() == "offline"


def test_a_key_in_netrc_counts(account, tmp_path):
    account(None, True)
    (tmp_path / ".netrc").write_text("machine api.wandb.ai login user password secret\n")
    assert wandb_mode() == "online"
    assert not in_netrc("https://another.host")


def test_a_broken_netrc_is_no_key(tmp_path, monkeypatch):
    path = tmp_path / "netrc"
    path.write_text("machine machine machine\n")
    monkeypatch.setenv("NETRC", str(path))
    assert not in_netrc("https://api.wandb.ai")


def test_a_listening_port_is_reachable_and_a_closed_one_is_not(monkeypatch):
    monkeypatch.setattr(loggers, "getproxies", dict)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert reachable(url)
    assert not reachable(url)


def test_behind_a_proxy_it_is_the_proxy_that_has_to_answer(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setattr(loggers, "getproxies", lambda: {"https": proxy})
        monkeypatch.setattr(loggers, "proxy_bypass", lambda host: False)
        assert reachable("https://nowhere.invalid")


def test_the_probe_gives_up_in_time_even_on_a_stuck_name_look_up(monkeypatch):
    monkeypatch.setattr(loggers, "getproxies", dict)

    def stuck(*_, **__):
        time.sleep(1.5)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", stuck)
    began = time.monotonic()
    assert not reachable("https://api.wandb.ai", seconds=0.2)
    assert time.monotonic() - began < 1.0


def test_other_ranks_get_no_loggers_and_touch_no_network(monkeypatch, tmp_path):
    monkeypatch.setattr(rank_zero_only, "rank", 1)
    monkeypatch.setattr(loggers, "wandb_mode", lambda: pytest.fail("probed"))
    assert build_loggers(OmegaConf.load(CONF / "wandb.yaml"), tmp_path, CONFIG) == []


@pytest.mark.parametrize("nodes", [None, {}, OmegaConf.load(CONF / "none.yaml")])
def test_no_loggers(nodes, tmp_path):
    assert build_loggers(nodes, tmp_path, CONFIG) == []


def test_the_configs_own_targets_are_never_built(tmp_path):
    nodes = OmegaConf.merge(*(OmegaConf.load(CONF / f"{name}.yaml") for name in ("tensorboard", "csv")))
    tensorboard, csv = build_loggers(nodes, tmp_path, CONFIG)
    assert isinstance(tensorboard, TensorBoardLogger)
    assert isinstance(csv, CSVLogger)
    assert Path(tensorboard.log_dir) == tmp_path / "tensorboard"
    assert Path(csv.log_dir) == tmp_path / "csv" / "version_0"


def test_many_is_all_three():
    included = OmegaConf.load(CONF / "many.yaml").defaults
    assert list(included) == ["wandb", "tensorboard", "csv"]
    assert all(name in OmegaConf.load(CONF / f"{name}.yaml") for name in included)


def test_each_line_of_the_csv_is_on_disk_at_once_and_a_resumed_run_keeps_it(tmp_path):
    first = csv_logger(tmp_path, CONFIG)
    first.log_metrics({"loss": 0.5}, step=50)
    second = csv_logger(tmp_path, CONFIG)
    second.log_metrics({"loss": 0.25}, step=100)
    rows = [(Path(logger.log_dir) / "metrics.csv").read_text().split() for logger in (first, second)]
    assert rows == [["loss,step", "0.5,50"], ["loss,step", "0.25,100"]]


def test_a_missing_tensorboard_names_the_extra(tmp_path, monkeypatch):
    def missing(*_, **__):
        raise ModuleNotFoundError("No module named 'tensorboard'")

    monkeypatch.setattr(loggers, "TensorBoardLogger", missing)
    with pytest.raises(ConfigError, match=r"pip install 'gansmith\[tensorboard\]'"):
        tensorboard_logger(tmp_path, CONFIG)


def test_the_run_id_is_made_once(tmp_path):
    first = run_id(tmp_path)
    assert len(first) == 8
    assert run_id(tmp_path) == first
    assert (tmp_path / "wandb_run_id").read_text() == f"{first}\n"


def test_disabled_is_no_logger(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert wandb_logger(tmp_path / "run", CONFIG) is None
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("failure", ["init", "import"])
def test_a_w_and_b_that_does_not_start_is_one_warning(tmp_path, monkeypatch, failure):
    import wandb

    def broken(**_):
        raise wandb.errors.CommError("the server\nsaid no")

    if failure == "init":
        monkeypatch.setattr(wandb, "init", broken)
    else:
        monkeypatch.setitem(sys.modules, "wandb", None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert wandb_logger(tmp_path / "run", CONFIG) is None
    messages = [str(warning.message) for warning in caught if "W&B" in str(warning.message)]
    assert len(messages) == 1
    assert "\n" not in messages[0]


@pytest.mark.parametrize(("mode", "resume"), [("online", "allow"), ("offline", None)])
def test_a_run_is_named_like_its_folder_and_keeps_its_id(tmp_path, monkeypatch, mode, resume):
    import wandb

    asked = []
    monkeypatch.setattr(wandb, "init", lambda **arguments: asked.append(arguments))
    monkeypatch.setattr(loggers, "wandb_mode", lambda: mode)
    for _ in range(2):
        wandb_logger(tmp_path / "2026-01-01_dcgan", CONFIG, project="digits", tags=["a"])
    first, second = asked
    assert first["id"] == second["id"] == run_id(tmp_path / "2026-01-01_dcgan")
    assert (first["name"], first["project"], first["tags"]) == ("2026-01-01_dcgan", "digits", ["a"])
    assert (first["mode"], first["resume"], first["config"]) == (mode, resume, CONFIG)


def test_a_real_offline_run_keeps_to_its_folder_and_stays_silent(tmp_path, monkeypatch, capfd):
    import wandb

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("WANDB_MODE", "offline")
    environment = dict(os.environ)
    logger = wandb_logger(tmp_path / "run", CONFIG)
    try:
        logger.log_metrics({"loss/generator": 0.5}, step=50)
        assert logger.experiment.settings.mode == "offline"
        assert dict(logger.experiment.config) == CONFIG
    finally:
        wandb.finish()
    assert list((tmp_path / "run" / "wandb").glob("offline-run-*/run-*.wandb"))
    assert not list(elsewhere.iterdir())
    assert "".join(capfd.readouterr()) == ""
    assert os.environ["WANDB_MODE"] == environment["WANDB_MODE"]
