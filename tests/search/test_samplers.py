"""Names and arguments of samplers and pruners."""

import optuna
import pytest

from gansmith.errors import ConfigError
from gansmith.search.samplers import build_pruner, build_sampler


def test_names_choose_optunas_classes():
    assert isinstance(build_sampler({"name": "tpe", "n_startup_trials": 3}, 0), optuna.samplers.TPESampler)
    assert isinstance(build_sampler({"name": "random"}, 0), optuna.samplers.RandomSampler)
    assert isinstance(build_pruner({"name": "median", "n_warmup_steps": 3}), optuna.pruners.MedianPruner)
    hyperband = {"name": "hyperband", "min_resource": 1, "max_resource": 9, "reduction_factor": 3}
    assert isinstance(build_pruner(hyperband), optuna.pruners.HyperbandPruner)


@pytest.mark.parametrize("build", [build_pruner, lambda node: build_sampler(node, 0)])
def test_unknown_names_and_arguments_are_one_line(build):
    for node in ({"name": "luck"}, {}, {"name": "random", "speed": 3}, {"name": "median", "speed": 3}):
        with pytest.raises(ConfigError, match=r"search\.(sampler|pruner)") as error:
            build(node)
        assert "\n" not in str(error.value)
