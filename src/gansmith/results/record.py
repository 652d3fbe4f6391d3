"""`result.json`: what a run was and what it reached, in one versioned file that the leaderboard reads."""

import json
import math
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from gansmith.atomic import replacing
from gansmith.errors import GansmithError

SCHEMA = 1


@dataclass(frozen=True)
class Scores:
    """The metrics of one evaluation; a value that was not finite is None once read back."""

    step: int
    metrics: dict[str, float | None]


@dataclass(frozen=True)
class Record:
    """A run, described well enough that its numbers can be compared and its command repeated.

    Attributes:
        model: name of the model's config.
        data: name of the data's config.
        resolution: side of the square images, in pixels.
        protocol: how the metrics were taken: name, hash, extractor, samples, split, ...; only records with
            the same hash are ranked against each other.
        best: the evaluation of `checkpoints["best"]`; None for a run without evaluations.
        last: the evaluation at the last step; None likewise.
        steps: batches seen by the discriminator.
        images: real images seen by the discriminator, over all ranks.
        seconds: wall time of training, evaluations included.
        device: the accelerator's name, or "cpu"; "2 x ..." on two of them.
        peak_memory: most bytes allocated on one accelerator; None on the CPU.
        parameters: number of parameters by network.
        seed: the run's seed.
        versions: Python's and the packages' versions.
        commit: git commit of the code; None outside a checkout.
        dirty: whether the code differed from the commit; None outside a checkout.
        config_hash: see `provenance.config_hash`.
        samples: the last sample grid, relative to the run's folder; None if none was drawn.
        checkpoints: "best", "last" and "pretrained" as far as they exist, relative to the run's folder.
        details: what the model says about itself beside its config, by name, such as the network that its
            perceptual loss looks with.
        flops: floating-point operations (a multiplication and an addition are two) of one picture's way through
            the networks of each side; empty where they could not be counted.
        variant: see `provenance.variant_hash`: what runs share that differ in the seed alone.
        overrides: the command line's, which make the config.
        task: what is to be done with the data's pictures: its settings, name and hash; empty where they are
            generated, or lie there in pairs.
        limit: of how many pictures of the training split the run saw; None for all of them.
        schema: version of this layout. `details` and what follows is missing in older records.
    """

    model: str
    data: str
    resolution: int
    protocol: dict[str, Any]
    best: Scores | None
    last: Scores | None
    steps: int
    images: int
    seconds: float
    device: str
    peak_memory: int | None
    parameters: dict[str, int]
    seed: int
    versions: dict[str, str]
    commit: str | None
    dirty: bool | None
    config_hash: str
    samples: str | None
    checkpoints: dict[str, str]
    details: dict[str, str] = field(default_factory=dict)
    flops: dict[str, int] = field(default_factory=dict)
    variant: str = ""
    overrides: list[str] = field(default_factory=list)
    task: dict[str, Any] = field(default_factory=dict)
    limit: int | None = None
    schema: int = SCHEMA

    def write(self, path: str | Path) -> None:
        """Writes JSON, whole or not at all; numbers that are not finite become null."""
        text = json.dumps(finite(asdict(self)), indent=2, allow_nan=False)
        with replacing(Path(path)) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: str | Path) -> "Record":
        """Reads what `write` wrote.

        Raises:
            GansmithError: the file is missing, is no JSON, or is no record of this schema.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise GansmithError(f"{path}: cannot be read ({error.strerror})") from error
        except ValueError as error:
            raise GansmithError(f"{path}: not a record of a run (no valid JSON)") from error
        if not isinstance(content, dict) or "schema" not in content:
            raise GansmithError(f"{path}: not a record of a run (no key 'schema')")
        if content["schema"] != SCHEMA:
            raise GansmithError(f"{path}: has schema {content['schema']!r}, this version reads {SCHEMA}")
        try:
            return parse(content, cls, "")
        except ValueError as error:
            raise GansmithError(f"{path}: not a record of a run ({error})") from error


def finite(value: Any) -> Any:
    """The same containers with None for floats that JSON has no word for."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def parse(value: Any, hint: Any, key: str) -> Any:
    """Turns parsed JSON into what a type hint asks for; ValueError names the key that does not fit."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        plain = next(argument for argument in arguments if argument is not type(None))
        return None if value is None else parse(value, plain, key)
    if is_dataclass(hint):
        return parse_dataclass(value, hint, key)
    if origin is dict:
        if not isinstance(value, dict):
            raise ValueError(f"'{key}' is not a mapping")
        return {name: parse(item, arguments[1], f"{key}.{name}") for name, item in value.items()}
    if origin is list:
        if not isinstance(value, list):
            raise ValueError(f"'{key}' is not a list")
        return [parse(item, arguments[0], f"{key}.{place}") for place, item in enumerate(value)]
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is not Any and type(value) is not hint:
        raise ValueError(f"'{key}' should be {hint.__name__}, not {json.dumps(value)[:40]}")
    return value


def parse_dataclass(value: Any, cls: Any, key: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"'{key}' is not a mapping")
    hints = get_type_hints(cls)
    prefix = f"{key}." if key else ""
    optional = {
        field.name for field in fields(cls) if field.default is not MISSING or field.default_factory is not MISSING
    }
    missing = [prefix + name for name in hints if name not in value and name not in optional]
    if missing:
        raise ValueError(f"no key '{missing[0]}'")
    return cls(**{name: parse(value[name], hint, prefix + name) for name, hint in hints.items() if name in value})
