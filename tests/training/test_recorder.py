"""What a finished run leaves behind."""

import pytest
import runs
import yaml

from gansmith.metrics.protocol import Protocol
from gansmith.results.provenance import experiment_hash, variant_hash
from gansmith.results.record import Record
from gansmith.training.recorder import describe


def test_a_protocol_says_which_result_ranks_and_how():
    described = describe(Protocol("test", metrics=("kd", "fd"), primary="fd"))
    assert (described["primary_metric"], described["direction"]) == ("fd_efficientnet_lite0", "min")
    assert described["metrics"] == ["kd", "fd"]
    assert describe(Protocol("test", metrics=())) == {}


@pytest.mark.slow
def test_a_record_repeats_its_command_and_knows_its_seeds(tmp_path):
    quick = ["data=digits", "metrics=none", "logger=none", "trainer=cpu", "trainer.max_steps=2"]
    for seed in (1, 2):
        runs.train("model=dcgan", *quick, f"seed={seed}", f"run_dir={tmp_path / str(seed)}")
    first, second = (Record.read(tmp_path / str(seed) / "result.json") for seed in (1, 2))
    config = yaml.safe_load((tmp_path / "1" / "config.yaml").read_text())
    assert first.overrides == ["model=dcgan", *quick, "seed=1", f"run_dir={tmp_path / '1'}"]
    assert first.variant == second.variant == variant_hash(config)
    assert (first.config_hash == second.config_hash, first.config_hash) == (False, experiment_hash(config))
    assert first.flops == second.flops != {}
    assert first.task == {}
