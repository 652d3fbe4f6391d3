"""Settings of models that have to lie in a range."""

import pytest

from gansmith.errors import ConfigError
from gansmith.models.checks import check_not_negative, check_shares


def test_weights_begin_at_nothing():
    check_not_negative(pixel_weight=0.0, level=3)
    with pytest.raises(ConfigError, match=r"^model\.level is -0\.1; it can't be negative$"):
        check_not_negative(pixel_weight=0.0, level=-0.1)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_leaves_something(share):
    check_shares(drop=0.0, drop_caption=0.999)
    with pytest.raises(ConfigError, match=r"^model\.drop is .*; it is from 0 on and below 1$"):
        check_shares(drop_caption=0.5, drop=share)
