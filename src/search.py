"""Searches for settings: python src/search.py search=gan_basics model=dcgan data=digits search.trials=20."""

import signal
import sys

import hydra
from omegaconf import DictConfig

from gansmith.cli import in_one_line
from gansmith.config import register_resolvers

register_resolvers()


@hydra.main(version_base="1.3", config_path="../conf", config_name="search")
@in_one_line
def main(config: DictConfig) -> None:
    # An end that others ask for lets the trainings save, too.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    from hydra.core.hydra_config import HydraConfig

    from gansmith.search.needs import check_packages

    check_packages()
    from gansmith.search.command import search

    search(config, list(HydraConfig.get().overrides.task))


if __name__ == "__main__":
    main()
