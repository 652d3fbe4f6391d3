"""Draws samples from a checkpoint: python src/sample.py ckpt=RUN_DIR n=64 out=FOLDER.

Or walks through its latent space: python src/sample.py ckpt=RUN_DIR mode=interpolate out=FOLDER (docs/latents.md).
Or shows what a task makes of a data set: python src/sample.py task=super_resolution data=photos.
"""

import hydra
from omegaconf import DictConfig

from gansmith.cli import in_one_line
from gansmith.config import register_resolvers

register_resolvers()


@hydra.main(version_base="1.3", config_path="../conf", config_name="sample")
@in_one_line
def main(config: DictConfig) -> None:
    from gansmith.walks.command import sample

    sample(config)


if __name__ == "__main__":
    main()
