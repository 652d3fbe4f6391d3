"""The search's memory: an SQLite file that workers share, and from which a killed search goes on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from omegaconf import OmegaConf
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from gansmith.atomic import replacing
from gansmith.data.lock import one_at_a_time
from gansmith.errors import ConfigError, GansmithError
from gansmith.run_lock import is_running, running
from gansmith.search.objective import Objective
from gansmith.search.space import Space

LOCK_SECONDS = 60
# Holds a lock for each trial that a living worker has.
HANDS = "in_hand"


@dataclass(frozen=True)
class Held:
    """A trial that this worker has in its hands; `lock` lets go of it."""

    trial: Trial
    overrides: list[str]
    lock: ExitStack


class SharedStudy:
    """The study in `folder`, made where there is none.

    Args:
        folder: of the search.
        identity: plain containers that say which search it is; another search in the folder is refused.
        space: what is drawn.
        objective: what is reached for.
        sampler: makes the sampler from a seed. Trial i has a seed of its own, whoever draws it and when.
        pruner: Optuna's.
        seed: of the search.

    Raises:
        ConfigError: the folder holds another search.
        GansmithError: its file can't be read.
    """

    def __init__(
        self,
        folder: Path,
        identity: dict[str, Any],
        space: Space,
        objective: Objective,
        sampler: Callable[[int], Any],
        pruner: Any,
        seed: int,
    ) -> None:
        self.folder, self.space, self.sampler, self.seed = folder, space, sampler, seed
        (folder / HANDS).mkdir(parents=True, exist_ok=True)
        with self._alone():
            _check_identity(folder / "search.yaml", identity)
            self.study = _open(folder / "study.db", objective)
        self.study.pruner = pruner

    def run_dir(self, number: int) -> Path:
        """The folder of a trial, a run's folder like any other."""
        return self.folder / f"trial_{number:04d}"

    def trials(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False)

    def claim(self, trials: int) -> Held | None:
        """A trial for this worker: first one whose worker was killed, else a new one.

        Returns:
            None where `trials` are finished or in living hands.
        """
        with self._alone():
            known = self.trials()
            for frozen in known:
                if frozen.state == TrialState.RUNNING and not is_running(self._hand(frozen.number)):
                    return self._hold(Trial(self._drawing(frozen.number), frozen._trial_id))
            if sum(frozen.state != TrialState.WAITING for frozen in known) >= trials:
                return None
            return self._hold(self._drawing(len(known)).ask())

    def tell(self, held: Held, state: TrialState, outcome: str, value: float | None, reason: str) -> None:
        """Writes down how the trial ended, and lets go of it.

        Args:
            outcome: complete, pruned, diverged or failed; kept as the attribute `outcome`.
            reason: what a trial without a value died of; kept as the attribute `reason`.
        """
        with self._alone():
            held.trial.set_user_attr("outcome", outcome)
            if reason:
                held.trial.set_user_attr("reason", reason)
            self.study.tell(held.trial, value, state=state)
            held.lock.close()

    def let_go(self, held: Held) -> None:
        """Leaves the trial as it is, for whoever goes on with the search."""
        with self._alone():
            held.lock.close()

    def best(self) -> FrozenTrial | None:
        """None as long as no trial is complete."""
        complete = [trial for trial in self.trials() if trial.state == TrialState.COMPLETE]
        sign = 1 if self.study.direction == StudyDirection.MINIMIZE else -1
        return min(complete, key=lambda trial: sign * (trial.value or 0.0), default=None)

    def _drawing(self, number: int) -> Study:
        state = np.random.SeedSequence((self.seed, number)).generate_state(1)
        self.study.sampler = self.sampler(int(state[0]))
        return self.study

    def _hold(self, trial: Trial) -> Held:
        lock = ExitStack()
        lock.enter_context(running(self._hand(trial.number)))
        overrides = self.space.suggest(trial)
        trial.set_user_attr("overrides", overrides)
        return Held(trial, overrides, lock)

    def _hand(self, number: int) -> Path:
        return self.folder / HANDS / f"trial_{number:04d}"

    def _alone(self) -> Any:
        return one_at_a_time(self.folder / ".lock")


def _open(path: Path, objective: Objective) -> Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        # Not Optuna's journal file: a line cut short in it, by a full disk or a kill, makes it unreadable for good.
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": LOCK_SECONDS}}
        )
        direction = StudyDirection.MINIMIZE if objective.direction == "min" else StudyDirection.MAXIMIZE
        return optuna.create_study(storage=storage, study_name="search", direction=direction, load_if_exists=True)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise GansmithError(f"{path}: can't be opened as a study of Optuna {optuna.__version__} ({reason})") from error


def _check_identity(path: Path, identity: dict[str, Any]) -> None:
    """Writes down which search it is, or compares it with what is there."""
    if not path.exists():
        with replacing(path) as temporary:
            temporary.write_text(OmegaConf.to_yaml(OmegaConf.create(identity)), encoding="utf-8")
        return
    earlier = OmegaConf.to_container(OmegaConf.load(path))
    differing = [key for key in identity if not isinstance(earlier, dict) or earlier.get(key) != identity[key]]
    if differing:
        raise ConfigError(
            f"search.dir={path.parent}: it holds a search with other {', '.join(differing)} ({path.name} has them); "
            "search.name=NAME starts another"
        )
