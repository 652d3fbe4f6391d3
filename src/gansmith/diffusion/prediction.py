"""What a network says about a noisy picture, and how each of these follows from the others."""

from __future__ import annotations

from torch import Tensor

from gansmith.errors import ConfigError

KINDS = ("v", "clean", "noise")


def check_kind(kind: str) -> None:
    """Raises ConfigError for a word that is none of KINDS."""
    if kind not in KINDS:
        raise ConfigError(f"predicts is {kind}; it can be {', '.join(KINDS)}")


def target(kind: str, clean: Tensor, noise: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """What a network that predicts `kind` should say: v = α ε - σ x (Salimans & Ho, 2022, arXiv:2202.00512), x or ε."""
    if kind == "v":
        return alpha * noise - sigma * clean
    return clean if kind == "clean" else noise


def clean_of(kind: str, prediction: Tensor, noisy: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """The picture that a prediction means, of α x + σ ε = `noisy`."""
    if kind == "v":
        return alpha * noisy - sigma * prediction
    return prediction if kind == "clean" else (noisy - sigma * prediction) / alpha


def noise_of(clean: Tensor, noisy: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """The noise in `noisy`, if `clean` is the picture."""
    return (noisy - alpha * clean) / sigma
