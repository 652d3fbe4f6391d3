import math

import pytest

from gansmith.errors import ConfigError
from gansmith.networks.scales import enlargements


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_the_steps_make_the_scale(scale):
    assert math.prod(enlargements(scale)) == scale


@pytest.mark.parametrize("scale", [0, 5, 16])
def test_other_scales_are_refused(scale):
    with pytest.raises(ConfigError, match=f"scale is {scale}; it can be 1, 2, 3, 4, 8"):
        enlargements(scale)
