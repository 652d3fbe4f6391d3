"""Pictures of a study: its history, which parameters matter, and the value over each of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from optuna.exceptions import ExperimentalWarning
from optuna.study import Study
from optuna.trial import TrialState

from gansmith.atomic import replacing

FEWEST = 2  # complete trials that can differ
DOTS_PER_INCH = 120


def draw(study: Study, folder: Path, metric: str) -> dict[str, str]:
    """Writes `history.png`, `importance.png` and `slices.png` to `folder`.

    Args:
        metric: name of the values.

    Returns:
        what could not be drawn, by name, and why; all of it as long as fewer than two trials are complete.
    """
    import matplotlib

    matplotlib.use("Agg")
    from optuna.visualization import matplotlib as plots

    kinds: dict[str, Callable[..., Any]] = {
        "history": plots.plot_optimization_history,
        "importance": plots.plot_param_importances,
        "slices": plots.plot_slice,
    }
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(complete) < FEWEST:
        return dict.fromkeys(kinds, f"{FEWEST} complete trials are needed")
    missing = {}
    for name, plot in kinds.items():
        try:
            _save(plot, study, folder / f"{name}.png", metric)
        except (ValueError, RuntimeError, ImportError) as error:
            missing[name] = " ".join(str(error).split())
    return missing


def _save(plot: Callable[..., Any], study: Study, path: Path, metric: str) -> None:
    from matplotlib import pyplot

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        warnings.simplefilter("ignore", UserWarning)
        axes = np.atleast_1d(np.asarray(plot(study, target_name=metric), dtype=object)).ravel()
        figure = axes[0].figure
        # Room for a title and a legend beside one axis, and for each of several.
        figure.set_size_inches(max(8.0, 3.2 * len(axes)), 4.8)
        if len(axes) > 1:
            for axis in axes:
                axis.tick_params(axis="x", which="both", rotation=60)
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=DOTS_PER_INCH, format="png", bbox_inches="tight")
        pyplot.close(figure)
