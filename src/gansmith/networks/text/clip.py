"""CLIP's text encoder (Radford et al., 2021, arXiv:2103.00020, section 2.4)."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from gansmith.networks.text.frozen import Frozen


class CLIPText(Frozen):
    """The text half of CLIP; the whole is the last token's features, before they are projected beside pictures.

    Args:
        path: folder or name on the hub, such as openai/clip-vit-large-patch14.
        max_tokens: the most tokens of a caption; CLIP reads 77.
        cache_dir: as in `Frozen`.

    Raises:
        ConfigError: a package is missing, or `max_tokens` is more than the network takes.
        WeightsError: no such folder or name, or there is another network in it.
    """

    network, config = "CLIPTextModel", "CLIPTextConfig"

    def __init__(self, path: str, max_tokens: int = 77, cache_dir: str | None = None) -> None:
        super().__init__(path, max_tokens, cache_dir)

    def pooled(self, output: Any, mask: Tensor) -> Tensor:
        """The features of the mark at the caption's end."""
        return output.pooler_output
