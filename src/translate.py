"""Pictures through a trained model: python src/translate.py ckpt=RUN_DIR input=FILE|FOLDER out=FOLDER."""

import signal
import sys

import hydra
from omegaconf import DictConfig

from gansmith.cli import in_one_line
from gansmith.config import register_resolvers

register_resolvers()


@hydra.main(version_base="1.3", config_path="../conf", config_name="translate")
@in_one_line
def main(config: DictConfig) -> None:
    # An end that others ask for leaves no half file behind either.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    from gansmith.translate.run import translate_pictures

    translate_pictures(config)


if __name__ == "__main__":
    main()
