"""Runs of `python src/train.py` in processes of their own, as small as they get."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch

REPOSITORY = Path(__file__).parents[2]
FAULTS = Path(__file__).parent / "faults"
CLOCK = {"seconds", "images_per_second", "data_wait"}
# Intervals that do not divide each other: a checkpoint lies amid the steps that a line is the mean of.
TINY = (
    "data=digits",
    "data.batch_size=8",
    "model.features=4",
    "model.latent=4",
    "logger=none",
    "metrics=none",
    "trainer=cpu",
    "trainer.max_steps=24",
    "callbacks.checkpoints.every_n_steps=5",
    "callbacks.watch.every_n_steps=4",
    "callbacks.evaluation.every_n_steps=8",
    "callbacks.samples.every_n_steps=8",
    "callbacks.samples.count=4",
)
# A kernel distance of a few pictures: real, and a fraction of a second.
CHEAP_METRICS = (
    "metrics=fast",
    "metrics.metrics=[kd]",
    "metrics.primary=kd",
    "metrics.samples=24",
    "metrics.during_samples=16",
    "metrics.reference_samples=24",
    "metrics.kd_subsets=2",
    "metrics.kd_subset_size=8",
    "metrics.resize=32",
)
DCGAN = (*TINY, "model=dcgan", *CHEAP_METRICS)
WGAN_GP = (*TINY, "model=wgan_gp", "trainer.max_steps=40")
# What variants keep between steps beside weights: spectral norm's vectors, means of w and of path lengths, strengths of
# augmentation; and what follows the images seen.
OF_OTHER_WIDTHS = tuple(override for override in TINY if not override.startswith("model.features"))
FAMILY = {
    "sngan": (*OF_OTHER_WIDTHS, "model=sngan"),
    "biggan": (*TINY, "model=biggan"),
    "stylegan2": (
        *(*OF_OTHER_WIDTHS, "model=stylegan2", "model.generator.most=8", "model.discriminator.most=8"),
        *("model/augment=ada", "model.augment.interval=1", "model.augment.images=400", "model.augment.target=0"),
    ),
    "r3gan": (
        *(*TINY, "model=r3gan", "model/augment=scheduled", "model.penalty.r1.weight.images=100"),
        *("model.lr_factor.generator.images=100", "model.beta2.generator.images=100", "model.ema.half_life.images=100"),
    ),
}
RANKS = (*TINY, "model=dcgan", *CHEAP_METRICS, "trainer=ddp")

started: list[subprocess.Popen] = []


def start(*overrides, cwd=REPOSITORY, faults="", preexec=None, **environment):
    """The process, in a process group of its own, with `faults` (see faults/sitecustomize.py)."""
    paths = [str(REPOSITORY / "src"), *([str(FAULTS)] if faults else [])]
    process = subprocess.Popen(
        [sys.executable, str(REPOSITORY / "src" / "train.py"), *last_of_each_key(overrides)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "FAULTS": faults, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=preexec,
    )
    started.append(process)
    return process


def last_of_each_key(overrides):
    return {override.partition("=")[0]: override for override in overrides}.values()


def finish(process, seconds=300):
    """The exit code and the output; what is still running after `seconds` has hung."""
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        kill_group(process)
        output, _ = process.communicate()
        raise AssertionError(f"still running after {seconds} s:\n{output}") from None
    return process.returncode, output


def train(*overrides, expect=0, **arguments):
    """The output of a run that ends with the exit code `expect`."""
    code, output = finish(start(*overrides, **arguments))
    assert code == expect, f"exit code {code}, not {expect}:\n{output}"
    return output


def wait_for(condition, process, seconds=300):
    """Until `condition()` holds, as long as the process runs."""
    deadline = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            kill_group(process)
            raise AssertionError(f"waited in vain:\n{process.communicate()[0]}")
        time.sleep(0.01)


def wait_until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)


def alive(process):
    """The processes of the group that still run, zombies aside."""
    fields = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields[stat.parent.name] = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
    return [
        int(number) for number, (state, _, group, *_) in fields.items() if int(group) == process.pid and state != "Z"
    ]


def kill_group(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def checkpoint(run_dir, name="last"):
    return torch.load(Path(run_dir) / "checkpoints" / f"{name}.ckpt", weights_only=True)


def lines(run_dir):
    """`metrics.jsonl` without what a clock measured."""
    texts = (Path(run_dir) / "metrics.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(text).items() if key not in CLOCK} for text in texts]


def record(run_dir):
    return json.loads((Path(run_dir) / "result.json").read_text())


def assert_same_run(run_dir, reference):
    """Everything that a run leaves is the same bit for bit: weights, states, lines, pictures, numbers."""
    for name in ("last", "best"):
        paths = [Path(folder) / "checkpoints" / f"{name}.ckpt" for folder in (run_dir, reference)]
        assert paths[0].exists() == paths[1].exists()
        if paths[0].exists():
            assert_equal(*(what_goes_on(checkpoint(folder, name)) for folder in (run_dir, reference)), path=name)
    assert lines(run_dir) == lines(reference)
    pictures, expected = (
        {path.name: path.read_bytes() for path in folder.glob("samples/*")} for folder in (run_dir, reference)
    )
    assert pictures.keys() == expected.keys()
    assert pictures == expected
    for key in ("best", "last", "steps", "images", "samples", "checkpoints", "config_hash", "protocol"):
        assert record(run_dir)[key] == record(reference)[key], key
    assert not list(Path(run_dir).rglob(".*.tmp"))


def what_goes_on(content):
    """A checkpoint without where it lies and how Lightning counted restarts."""
    kept = ("state_dict", "optimizer_states", "callbacks", "random_states", "images_seen", "means", "global_step")
    return {key: content[key] for key in kept} | {"pools": content.get("pools")}


def assert_equal(left, right, path):
    """Equality of nested containers with tensors, naming the first place where it fails."""
    assert type(left) is type(right), path
    if isinstance(left, torch.Tensor):
        assert left.dtype == right.dtype, path
        assert torch.equal(left, right), path
    elif isinstance(left, dict):
        assert list(left) == list(right), path
        for key in left:
            assert_equal(left[key], right[key], f"{path}.{key}")
    elif isinstance(left, (list, tuple)):
        assert len(left) == len(right), path
        for place, pair in enumerate(zip(left, right)):
            assert_equal(*pair, f"{path}[{place}]")
    else:
        assert left == right, path
