"""Trains a model: python src/train.py model=dcgan data=mnist5k trainer=auto."""

import sys

import hydra
from omegaconf import DictConfig

from gansmith.cli import in_one_line, job_config
from gansmith.config import register_resolvers

register_resolvers()


@hydra.main(version_base="1.3", config_path="../conf", config_name="train")
@in_one_line
def main(config: DictConfig) -> None:
    with job_config(config) as (job, overrides):
        from gansmith.experiment import run

        code = run(job, overrides)
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
