"""Evaluates a checkpoint: python src/evaluate.py ckpt=RUN_DIR metrics=fast."""

import hydra
from omegaconf import DictConfig

from gansmith.cli import in_one_line


@hydra.main(version_base="1.3", config_path="../conf", config_name="evaluate")
@in_one_line
def main(config: DictConfig) -> None:
    from gansmith.inference import evaluate_checkpoint

    evaluate_checkpoint(config)


if __name__ == "__main__":
    main()
