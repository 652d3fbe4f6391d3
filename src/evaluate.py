"""Evaluates a checkpoint: python src/evaluate.py ckpt=RUN_DIR metrics=fast.

Or all checkpoints of a run: python src/evaluate.py run_dir=RUN_DIR which=all.
Or anybody's samples: python src/evaluate.py fake=FOLDER real=FOLDER|mnist5k metrics=fast.
"""

import hydra
from omegaconf import DictConfig

from gansmith.cli import in_one_line


@hydra.main(version_base="1.3", config_path="../conf", config_name="evaluate")
@in_one_line
def main(config: DictConfig) -> None:
    from gansmith.inference.command import evaluate

    evaluate(config)


if __name__ == "__main__":
    main()
