"""Results of evaluations as a file: one a protocol, with one entry a checkpoint or folder that was measured."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gansmith.atomic import replacing
from gansmith.errors import GansmithError
from gansmith.metrics.base import BaseProtocol
from gansmith.results.record import finite
from gansmith.training.recorder import describe

SCHEMA = 1


@dataclass(frozen=True)
class Result:
    """What one evaluation found.

    Attributes:
        source: the checkpoint relative to its run, or the folder of pictures.
        step, images: batches and real pictures that the checkpoint had seen; None where that is not known.
        content: a digest of the weights that sample, or of the pictures.
        data: name of the data set, or folder of real pictures.
        reference: a digest of the real pictures and of the task.
        device: that it was measured on.
        asked: the protocol's metrics.
        metrics: numbers by name; a value that was not finite is None once read back.
    """

    source: str
    step: int | None
    images: int | None
    content: str
    data: str
    reference: str
    device: str
    asked: list[str]
    metrics: dict[str, float]


class Results:
    """The file `<protocol's name>_<its hash>.json` in `folder`, written anew, whole or not at all, at each `add`.

    Raises:
        GansmithError: a file of that name is there and is no such file.
    """

    def __init__(self, folder: Path, protocol: BaseProtocol) -> None:
        self.protocol = protocol
        self.path = folder / f"{protocol.name}_{protocol.hash}.json"
        self.entries: list[Result] = read(self.path) if self.path.exists() else []

    def find(self, content: str, reference: str, asked: Iterable[str]) -> Result | None:
        """The result of the same weights beside the same pictures, if it has all metrics that are `asked` for."""
        same = [entry for entry in self.entries if (entry.content, entry.reference) == (content, reference)]
        return next((entry for entry in same if set(asked) <= set(entry.asked)), None)

    def add(self, result: Result) -> None:
        """Keeps `result` in place of an earlier one of its source, but for other metrics of the same content."""
        kept = []
        for entry in self.entries:
            if (entry.source, entry.reference) != (result.source, result.reference):
                kept.append(entry)
            elif entry.content == result.content:
                asked = [*entry.asked, *(metric for metric in result.asked if metric not in entry.asked)]
                result = replace(result, asked=asked, metrics=entry.metrics | result.metrics)
        self.entries = [*kept, result]
        self._write()

    def _write(self) -> None:
        content = {
            "schema": SCHEMA,
            "protocol": describe(self.protocol),
            "results": [asdict(entry) for entry in self.entries],
        }
        with replacing(self.path) as temporary:
            temporary.write_text(json.dumps(finite(content), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def read(path: Path) -> list[Result]:
    """The entries of a file that `Results` has written.

    Raises:
        GansmithError: it is none, with the reason.
    """
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("schema") != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        return [Result(**entry) for entry in content["results"]]
    except (ValueError, KeyError, TypeError) as error:
        raise GansmithError(f"{path} is no file of evaluations ({error}); move it away to measure anew") from error
