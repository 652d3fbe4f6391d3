"""Draws samples from a checkpoint: python src/sample.py ckpt=RUN_DIR n=64 out=FOLDER."""

import hydra
from omegaconf import DictConfig

from gansmith.cli import in_one_line


@hydra.main(version_base="1.3", config_path="../conf", config_name="sample")
@in_one_line
def main(config: DictConfig) -> None:
    from gansmith.inference import sample_checkpoint

    sample_checkpoint(config)


if __name__ == "__main__":
    main()
