"""T5 as a text encoder, as Imagen has it (Saharia et al., 2022, arXiv:2205.11487, section 2.1)."""

from __future__ import annotations

from gansmith.networks.text.frozen import Frozen


class T5Text(Frozen):
    """The encoder of T5 (Raffel et al., 2020, arXiv:1910.10683); the whole is the mean of its tokens.

    Args:
        path: folder or name on the hub, such as google-t5/t5-small or google/flan-t5-xl.
        max_tokens: the most tokens of a caption; Imagen reads 128.
        cache_dir: as in `Frozen`; worth its place on disk with the larger ones.

    Raises:
        ConfigError: a package is missing.
        WeightsError: no such folder or name, or there is another network in it.
    """

    network, config = "T5EncoderModel", "T5Config"

    def __init__(self, path: str, max_tokens: int = 128, cache_dir: str | None = None) -> None:
        super().__init__(path, max_tokens, cache_dir)
