"""Networks that are built for what an encoder gives."""

from types import SimpleNamespace

from torch import nn

from gansmith.networks.captioned import Captioned, Cascade
from gansmith.networks.text.bag_of_words import BagOfWords


class Told(nn.Module):
    def __init__(self, **told):
        super().__init__()
        self.told = SimpleNamespace(**told)


def test_networks_are_told_the_size_of_the_encoders_vectors():
    text = BagOfWords(size=6, buckets=8)
    parts = Captioned(text, {"network": Told, "critic": Told})
    assert parts["text"] is text
    assert [parts[name].told.condition for name in ("network", "critic")] == [6, 6]


def test_a_cascade_has_a_network_for_each_side():
    parts = Cascade(BagOfWords(size=6, buckets=8), [8, 16, 32], lambda **told: Told(first=True, **told), Told)
    assert list(parts) == ["text", "to_8", "to_16", "to_32"]
    assert [parts[f"to_{side}"].told.resolution for side in (8, 16, 32)] == [8, 16, 32]
    assert [hasattr(parts[f"to_{side}"].told, "first") for side in (8, 16, 32)] == [True, False, False]
    assert parts["to_32"].told.condition == 6
