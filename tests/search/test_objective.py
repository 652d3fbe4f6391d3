"""Which result a search looks at, and which way."""

import pytest
import stand_in

from gansmith.errors import ConfigError, GansmithError
from gansmith.search.objective import Objective, choose


class Protocol:
    name, metrics = "some", ("fd", "isc")
    primary_metric, direction = "fd_features", "min"

    def result_name(self, metric):
        return {"fd": "fd_features", "isc": "isc_features_mean"}[metric]


def test_without_a_name_it_is_the_primary_metric_of_the_protocol():
    assert choose(Protocol(), None, "last") == Objective("fd_features", "last", "min")


def test_a_metric_has_its_own_direction():
    assert choose(Protocol(), "isc", "best") == Objective("isc_features_mean", "best", "max")
    assert choose(Protocol(), "recall_features", "last").direction == "max"
    assert choose(Protocol(), "kd_features_mean", "last").direction == "min"


def test_what_measures_nothing_can_be_no_objective():
    protocol = Protocol()
    protocol.metrics = ()
    with pytest.raises(ConfigError, match="metrics=some"):
        choose(protocol, None, "last")
    with pytest.raises(ConfigError, match=r"search\.which=first"):
        choose(Protocol(), None, "first")


def test_the_value_is_the_records(tmp_path):
    stand_in.record(0.25, 5).write(tmp_path / "result.json")
    assert Objective(stand_in.METRIC, "best", "min").value(tmp_path) == 0.25
    with pytest.raises(GansmithError, match=r"search\.metric=psnr: the runs have fd_stand_in"):
        Objective("psnr", "last", "max").value(tmp_path)


def test_a_value_that_is_not_finite_is_none(tmp_path):
    stand_in.record(float("inf"), 5).write(tmp_path / "result.json")
    assert Objective(stand_in.METRIC, "last", "min").value(tmp_path) is None
