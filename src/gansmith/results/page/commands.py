"""The line that trains a run again."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from gansmith.results.leaderboard import Row, Run

# Where a run lies and goes on from is no part of what it is.
ELSEWHERE = ("run_dir", "resume", "hydra")
# What a table says anyway, and what changes no number.
NOT_SHOWN = ("model", "data", "seed", "metrics", "trainer", "logger", *ELSEWHERE)


def command(run: Run) -> str:
    """What to type to train the run again; a comment where it is not known."""
    overrides = overrides_of(run)
    if overrides is None:
        return f"# seed {run.record.seed}: the command was not recorded; see {run.run_dir}/config.yaml"
    kept = [shlex.quote(override) for override in overrides if subject(override) not in ELSEWHERE]
    return " ".join(["python src/train.py", *kept])


def distinction(row: Row) -> list[str]:
    """The overrides, common to the row's runs, that tell it from its model's default."""
    every = [overrides_of(run) or [] for run in row.runs]
    shared = [override for override in (every[0] if every else []) if all(override in other for other in every)]
    return [override for override in shared if subject(override) not in NOT_SHOWN]


def distinctions(rows: Sequence[Row]) -> list[list[str]]:
    """What tells each row from the others: its overrides, without those that all measured rows share."""
    own = [distinction(row) for row in rows]
    measured = [set(overrides) for row, overrides in zip(rows, own, strict=True) if row.runs]
    shared = set.intersection(*measured) if measured else set()
    return [[override for override in overrides if override not in shared] for overrides in own]


def labels(rows: Sequence[Row]) -> list[str]:
    """What charts and pictures call the rows: the model, and what tells a row from others of the same model."""
    models = Counter(row.model for row in rows)
    full = [" ".join([row.model, *overrides]) for row, overrides in zip(rows, distinctions(rows), strict=True)]
    named = [row.model if models[row.model] == 1 else words for row, words in zip(rows, full, strict=True)]
    return [
        words if named.count(words) == 1 or not row.variant else f"{words} {row.variant[:6]}"
        for row, words in zip(rows, named, strict=True)
    ]


def overrides_of(run: Run) -> list[str] | None:
    """The command line's overrides: the record's, or for an older record those saved beside it; None without any."""
    if run.record.overrides or run.record.variant:
        return run.record.overrides
    try:
        saved = yaml.safe_load((run.run_dir / "overrides.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return [str(override) for override in saved] if isinstance(saved, list) else None


def subject(override: str) -> str:
    """What is overridden: `seed` of `seed=1`, `hydra` of `hydra.job.chdir=true` and of `hydra/launcher=joblib`."""
    name = override.split("=")[0].lstrip("+~")
    return "hydra" if name.startswith(("hydra.", "hydra/")) else name
