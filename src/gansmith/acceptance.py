"""What speaks against a run, before anything of it is written."""

from __future__ import annotations

from collections.abc import Sequence

from lightning import Callback

from gansmith.data.base import DataModule
from gansmith.errors import ConfigError
from gansmith.models.generative import GenerativeModel
from gansmith.models.translation import Translation
from gansmith.training.evaluation import Evaluation
from gansmith.training.pictures import Pictures


def check_run(model: GenerativeModel, data: DataModule, callbacks: Sequence[Callback]) -> None:
    """What is cheap to see comes first; then the data are brought and read, as training will need them anyway.

    Raises:
        ConfigError: parts that do not fit together.
        DataError: there are no pictures, or some can't be read.
    """
    check_parts(model, data)
    for callback in callbacks:
        if isinstance(callback, Pictures):
            callback.check_model(model)
        if isinstance(callback, Evaluation):
            callback.protocol.check_model(model)
    data.prepare_data()
    data.setup("fit")
    data.train_dataloader()
    for callback in callbacks:
        if isinstance(callback, Evaluation):
            callback.protocol.check_data(model, data)


def check_parts(model: GenerativeModel, data: DataModule) -> None:
    """Raises ConfigError where the model can't train, or not on pictures as the data have them."""
    for side in model.sides:
        model.build_optimizer(side)
    if data.batch_size % model.accumulate:
        raise ConfigError(
            f"model.accumulate is {model.accumulate}, which does not divide data.batch_size={data.batch_size}"
        )
    if isinstance(model, Translation):
        model.check_batch(data.blank())
