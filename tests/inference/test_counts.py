"""Keys that count something."""

import pytest
from omegaconf import OmegaConf

from gansmith.errors import ConfigError
from gansmith.inference.counts import check_counts


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "many"])
def test_counts_are_whole_numbers(value):
    with pytest.raises(ConfigError, match=f"n={value}: it counts from 1"):
        check_counts(OmegaConf.create({"n": value}), n=1)
