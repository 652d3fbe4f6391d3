"""What a run has left, at work after training: evaluation and sampling."""

from gansmith.inference.checkpoints import find_checkpoint
from gansmith.inference.devices import pick_device
from gansmith.inference.evaluation import evaluate_checkpoint
from gansmith.inference.folders import evaluate_folders
from gansmith.inference.runs import evaluate_run
from gansmith.inference.sampling import sample_checkpoint

__all__ = [
    "evaluate_checkpoint",
    "evaluate_folders",
    "evaluate_run",
    "find_checkpoint",
    "pick_device",
    "sample_checkpoint",
]
