"""Windows shared out over processes of this machine."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, current_process, parent_process
from typing import Any

import numpy as np
import torch
import torch.multiprocessing

from gansmith.errors import ConfigError, RankError
from gansmith.inference import pick_device
from gansmith.translate.translator import Translator, Window

Mapper = Callable[[Iterable[Window]], Iterator[np.ndarray]]

AHEAD = 2  # windows a process, so that none waits while a picture is read or written

_translator: Translator


def pick_devices(name: str, processes: int) -> list[torch.device]:
    """One for each of `processes`: all GPUs of the machine in turn, shared with the other ranks of torchrun.

    Raises:
        ConfigError: no processes, or the machine has no such device.
    """
    if processes < 1:
        raise ConfigError(f"processes={processes}: it counts from 1")
    device = pick_device(name)
    if device.type != "cuda" or device.index is not None:
        return [device] * processes
    first = int(os.environ.get("LOCAL_RANK", 0)) * processes
    return [torch.device("cuda", (first + number) % torch.cuda.device_count()) for number in range(processes)]


@contextmanager
def working(translator: Translator, devices: list[torch.device]) -> Iterator[Mapper]:
    """Gives a function from windows to their results, in order, inside.

    One device means this process. More mean a process of one thread each, which all have the same weights in
    memory; windows are taken as they are needed, a few ahead of the results.

    Raises:
        RankError: a process has ended.
    """
    if len(devices) == 1:
        translator.to(devices[0])
        yield partial(map, translator)
        return
    context: Any = torch.multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(len(devices), context, initializer=_start, initargs=(translator, devices))
    try:
        yield partial(_in_order, pool, AHEAD * len(devices))
    except BrokenProcessPool as error:
        raise RankError("a process has ended, perhaps for want of memory; fewer processes need less") from error
    except BaseException:
        for process in active_children():  # nobody waits for what they are at
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, ahead: int, windows: Iterable[Window]) -> Iterator[np.ndarray]:
    pending: deque[Future[np.ndarray]] = deque()
    for window in windows:
        pending.append(pool.submit(_translate, window))
        if len(pending) > ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def _start(translator: Translator, devices: list[torch.device]) -> None:
    """In a new process: takes its place and its share of the machine."""
    global _translator
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # A Ctrl-C reaches all processes of a terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    # Processes of a pool are numbered in the order in which they are started.
    number = int(current_process().name.rpartition("-")[2].rpartition(":")[2])
    _translator = translator.to(devices[number % len(devices)])


def _end_with_parent() -> None:
    """However it ended: nobody would tell this process to."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _translate(window: Window) -> np.ndarray:
    return _translator(window)
