"""What the name of a result says: which way is better, and what is shown of it."""

from typing import Any

LARGER_IS_BETTER = (
    "isc", "precision", "recall", "density", "coverage", "cas", "agreement", "authenticity", "modes_found",
    "psnr", "psnr_y", "ssim", "ssim_y", "ms_ssim", "right", "held_out", "retrieval", "enlarging",
    "real_retrieval", "real_held_out",
)  # fmt: skip
# How the results of a protocol's metrics begin, where not with the metric itself.
OTHER_NAMES = {"fd": "fid", "kd": "kid", "prc": "precision", "dc": "coverage", "statements": "right"}


def larger_is_better(name: str) -> bool:
    """Whether a result such as `psnr` or `recall_dinov2-vit-b-14` is better when it is larger."""
    return any(begins_with(name, metric) for metric in LARGER_IS_BETTER)


def is_side_note(name: str) -> bool:
    """A deviation within one evaluation, or what untouched inputs or real pictures score: no result of the model."""
    return name.endswith("_std") or name.startswith(("input_", "real_"))


def primary_metric(protocol: dict[str, Any], names: list[str]) -> str:
    """The full name of the result that ranks, among `names`; empty if there is none.

    Args:
        protocol: a record's. Older ones have the metric's short name alone.
    """
    if protocol.get("primary_metric"):
        return str(protocol["primary_metric"])
    metric = protocol.get("primary") or next(iter(protocol.get("metrics") or ()), "")
    beginnings = [str(beginning) for beginning in (metric, OTHER_NAMES.get(metric)) if beginning]
    results = [name for name in names if not is_side_note(name)]
    return next((name for name in results if any(begins_with(name, beginning) for beginning in beginnings)), "")


def begins_with(name: str, metric: str) -> bool:
    """Whether the result is of this metric: `fd_dino` is of `fd`, `fdx` is not."""
    return name == metric or name.startswith(f"{metric}_")
