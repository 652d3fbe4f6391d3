"""Stands in for src/train.py: the same arguments, files, signals and exit codes, a parabola instead of a GAN.

Of its overrides, `x` (or `model.x`) and `shift` set the curve: the value falls to (x - 0.3)^2 + shift over the steps.
`steps` and `pause` (seconds a step) set its length, `fault` what goes wrong, `faulty` with which x at least.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from gansmith.results.record import Record, Scores
from gansmith.run_lock import running

METRIC = "fd_stand_in"


class Training:
    def __init__(self, given):
        self.given, self.run_dir = given, Path(given["run_dir"].strip("'\""))
        self.x, self.shift = float(given.get("x", 0.5)), float(given.get("shift", 0))
        self.steps, self.pause = int(given.get("steps", 5)), float(given.get("pause", 0))
        self.is_stopped = False
        self.checkpoint = self.run_dir / "checkpoints" / "last.ckpt"

    def stop(self, *_):
        self.is_stopped = True

    def value(self, step):
        return (self.x - 0.3) ** 2 + self.shift + (self.steps - step) / self.steps

    def run(self):
        signal.signal(signal.SIGTERM, self.stop)
        first = int(self.checkpoint.read_text()) if self.given.get("resume") == "auto" else 0
        with (self.run_dir / "starts").open("a") as file:
            file.write(f"{first}\n")
        for step in range(first + 1, self.steps + 1):
            time.sleep(self.pause)
            self.fail(step)
            with (self.run_dir / "metrics.jsonl").open("a") as file:
                file.write(json.dumps({"step": step, "seconds": 0, METRIC: self.value(step)}) + "\n")
            self.checkpoint.parent.mkdir(exist_ok=True)
            self.checkpoint.write_text(str(step))
            if self.is_stopped:
                sys.exit(128 + signal.SIGTERM)
        value = float("nan") if self.given.get("fault") == "nan" else self.value(self.steps)
        record(value, self.steps).write(self.run_dir / "result.json")

    def fail(self, step):
        fault = self.given.get("fault")
        if step < 2 or self.x < float(self.given.get("faulty", 0)):
            return
        if fault == "error":
            sys.exit("gansmith: data.root=nowhere: no such folder")
        if fault == "diverge":
            sys.exit("gansmith: step 2: the generator's loss is not finite; a lower rate may help")
        if fault == "die":
            os.kill(os.getpid(), signal.SIGKILL)


def record(value, steps):
    scores = Scores(step=steps, metrics={METRIC: value, "kd_stand_in_mean": value / 10})
    empty = dict.fromkeys(("commit", "dirty", "peak_memory", "samples"))
    return Record(
        model="stand_in", data="none", resolution=8, protocol={}, best=scores, last=scores, steps=steps, images=steps,
        seconds=0.0, device="cpu", parameters={}, seed=0, versions={}, config_hash="", checkpoints={}, **empty,
    )  # fmt: skip


if __name__ == "__main__":
    training = Training(dict(item.split("=", 1) for item in sys.argv[1:]))
    with running(training.run_dir):
        training.run()
