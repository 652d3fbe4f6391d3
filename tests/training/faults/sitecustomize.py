"""Python imports this when it starts, where this folder is on PYTHONPATH.

FAULTS names what goes wrong in this process, and at which step: `pause=6 noise` and so on. A process can't
be killed from outside at an exact moment, but it can kill itself there, and SIGKILL leaves it no last word.
"""

import functools
import hashlib
import io
import json
import os
import random
import signal
import time
from pathlib import Path

FAULTS = dict(item.partition("=")[::2] for item in os.environ.get("FAULTS", "").split())


def local_rank():
    return int(os.environ.get("LOCAL_RANK", "0"))


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def wrap(owner, name, before=None, after=None):
    """Calls `before(*arguments)` and `after(result, *arguments)` around a function or method."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*arguments, **keywords):
        if before is not None:
            before(*arguments)
        result = original(*arguments, **keywords)
        if after is not None:
            after(result, *arguments)
        return result

    setattr(owner, name, wrapped)


def at(step, act):
    """`act` when a training step begins."""
    from gansmith.models.adversarial import AdversarialModel

    wrap(AdversarialModel, "training_step", lambda model, *_: act(model) if model.global_step == int(step) else None)


def slow(seconds):
    from gansmith.models.adversarial import AdversarialModel

    wrap(AdversarialModel, "training_step", lambda *_: time.sleep(float(seconds)))


def noise(_):
    """Losses that draw from every global generator, as dropout and augmentations may."""
    import numpy as np
    from torch.nn.functional import dropout

    from gansmith.models.gan import GAN

    original = GAN.discriminator_loss

    def noisy(model, batch):
        scale = 0.5 + 0.5 * random.random() * np.random.rand()  # noqa: NPY002
        return original(model, {**batch, "image": dropout(batch["image"], 0.1) * scale})

    GAN.discriminator_loss = noisy


def pause(step):
    """The first process says that it has come to `step`, and waits there for a signal."""
    from gansmith.training.interrupt import Interrupt

    def wait(model):
        if local_rank() == 0:
            interrupt = next(callback for callback in model.trainer.callbacks if isinstance(callback, Interrupt))
            Path(os.environ["PAUSED"]).touch()
            while interrupt.received is None:
                time.sleep(0.01)

    at(step, wait)


def hang(*_):
    Path(os.environ["PAUSED"]).touch()
    time.sleep(60)


def hang_at(step):
    """The run says that it has come to `step`, and never gets through it."""
    at(step, hang)


def hang_at_the_end(_):
    """The run says that it has come to its last evaluation, and never gets through it."""
    from gansmith.training.evaluation import Evaluation

    wrap(Evaluation, "on_train_end", hang)


def kill_in_half_step(step):
    """When one side has stepped and the other has not."""
    from gansmith.models.generative import GenerativeModel

    def check(model, side, *_):
        if model.global_step == int(step) and side == model.turns(int(step))[-1]:
            die()

    wrap(GenerativeModel, "_half_step", check)


def kill_in_save(step):
    """With half of a checkpoint on the disk."""
    import torch

    save = torch.save

    def half(content, file, *_):
        if content["global_step"] != int(step):
            return save(content, file)
        buffer = io.BytesIO()
        save(content, buffer)
        file.write(buffer.getvalue()[: buffer.tell() // 2])
        file.flush()
        die()

    torch.save = half


def kill_after_save(step):
    """As soon as `last.ckpt` is there."""
    from gansmith.training.checkpoints import AtomicCheckpointIO

    def check(_, io, content, path, *rest):
        if content["global_step"] == int(step) and Path(path).name == "last.ckpt":
            die()

    wrap(AtomicCheckpointIO, "save_checkpoint", after=check)


def kill_before_the_end(_):
    """Behind the last step, before the last evaluation."""
    from gansmith.training.evaluation import Evaluation

    wrap(Evaluation, "on_train_end", lambda *_: die())


def kill_last_rank(step):
    at(step, lambda model: die() if local_rank() == 1 else None)


def kill_first_rank(step):
    at(step, lambda model: die() if local_rank() == 0 else None)


def raise_in_last_rank(step):
    from gansmith.training.watch import Watch

    def fail(watch, trainer, *_):
        if trainer.global_step == int(step) and local_rank() == 1:
            raise RuntimeError("a callback of rank 1 failed")

    wrap(Watch, "on_train_batch_end", fail)


def write_down(folder):
    """What each rank trains on, sends and measures, a JSON object a line."""
    import torch.distributed as dist

    from gansmith.models.adversarial import AdversarialModel
    from gansmith.training.evaluation import Evaluation

    now = {"step": None, "side": None}

    def write(**content):
        with (Path(folder) / f"rank{local_rank()}.jsonl").open("a") as file:
            file.write(json.dumps(content) + "\n")

    def step(model, batch, *_):
        rows = [hashlib.sha1(row.numpy().tobytes()).hexdigest() for row in batch["image"]]
        write(kind="step", step=model.global_step, rows=rows, lr=model.optimizers()[0].param_groups[0]["lr"])

    wrap(AdversarialModel, "training_step", step)
    wrap(
        AdversarialModel,
        "_half_step",
        lambda model, side, *_: now.update(step=model.global_step, side=side),
        lambda *_: now.update(step=None, side=None),
    )
    wrap(dist, "all_reduce", lambda tensor, *_: write(kind="sent", **now, bytes=tensor.numel() * tensor.element_size()))
    wrap(Evaluation, "_evaluate", after=lambda metrics, *_: write(kind="metrics", **metrics))


for name, value in FAULTS.items():
    globals()[name](value)
