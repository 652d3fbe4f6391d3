"""Runs a suite of models on data sets: python src/benchmark.py suite=cpu_small jobs=2."""

import signal
import sys

import hydra
from omegaconf import DictConfig

from gansmith.cli import in_one_line


@hydra.main(version_base="1.3", config_path="../conf", config_name="benchmark")
@in_one_line
def main(config: DictConfig) -> None:
    # An end that others ask for lets the runs save, too.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    from gansmith.suites.command import benchmark

    sys.exit(benchmark(config))


if __name__ == "__main__":
    main()
