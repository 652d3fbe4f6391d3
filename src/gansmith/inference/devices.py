"""Where the work is done: one device, or one for each process that torchrun has started."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist

from gansmith.errors import ConfigError
from gansmith.ranks import is_first_process


def pick_device(name: str) -> torch.device:
    """`auto` is the first accelerator of the machine, or its CPU.

    Raises:
        ConfigError: the machine has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device={name} does not work here; device=auto takes what there is") from error
    return torch.device(name)


@contextmanager
def on_ranks(name: str) -> Iterator[torch.device]:
    """The device of this process; those that torchrun has started are a group during the block.

    Raises:
        ConfigError: the machine has no such device.
    """
    device = pick_device(name)
    if not dist.is_torchelastic_launched():
        yield device
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    if not is_first_process():
        logging.getLogger().setLevel(logging.ERROR)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    yield device
    # Not after an error: the others may wait in a collective that never comes.
    dist.destroy_process_group()
