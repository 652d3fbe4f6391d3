"""What one picture costs: the floating-point operations of its way through the networks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map
from torch.utils.flop_counter import FlopCounterMode

from gansmith.data.base import DataModule
from gansmith.models.generative import Batch, GenerativeModel
from gansmith.models.translation import Translation
from gansmith.networks.modes import evaluating
from gansmith.noise import Noise

log = logging.getLogger(__name__)


def count_flops(model: GenerativeModel, data: DataModule) -> dict[str, int]:
    """Operations by side, a multiplication and an addition being two: one call of each of its networks.

    Only the losses of a variant know how it calls its networks, so they run on one grey picture: to be called
    when training is over, as they leave their traces in running means. Collective, as a loss may be.

    Returns an empty dictionary where the data or the losses can't do with one: a finished run needs its record more.
    """
    try:
        blank = data.blank()
        with torch.compiler.set_stance("force_eager"), ExitStack() as stack:
            for side in model.sides:
                stack.enter_context(evaluating(model.networks(side)))
            calls = {side: stack.enter_context(first_calls(networks_of(model, side))) for side in model.sides}
            for side in reversed(model.sides):
                if not all(calls.values()):
                    rehearse(model, side, blank)
            return {side: sum(map(flops_of, list(seen), list(seen.values()))) for side, seen in calls.items() if seen}
    except Exception as error:
        log.info("operations of the networks are not counted: %s", error)
        return {}


def networks_of(model: GenerativeModel, side: str) -> Sequence[nn.Module]:
    """The networks of a side; of a generator from picture to picture those that translate, one a direction."""
    networks = model.networks(side)
    if isinstance(model, Translation) and side == "generator":
        return [model.part(networks, direction) for direction in model.directions]
    each = networks.values() if isinstance(networks, nn.ModuleDict) else [networks]
    # Some are called by their parts, as StyleGAN2's generator.
    return [network.get_submodule(part) for network in each for part in getattr(network, "parts", ("",))]


def rehearse(model: GenerativeModel, side: str, blank: Batch) -> None:
    """The side's loss of one grey picture of class 0."""
    weight = next(model.generator.parameters())
    fields = {name: value.to(weight) if isinstance(value, Tensor) else value for name, value in blank.items()}
    model.side, model.noise = side, Noise(0, 1, 0, weight.dtype, weight.device)
    model.loss_terms(side, {"label": torch.zeros(1, dtype=torch.int64, device=weight.device), **fields})


@contextmanager
def first_calls(networks: Sequence[nn.Module]) -> Iterator[dict[nn.Module, tuple[Any, Any]]]:
    """Fills with the arguments of each network's first call, those by place and those by name."""
    calls: dict[nn.Module, tuple[Any, Any]] = {}

    def keep(network: nn.Module, arguments: Any, by_name: Any) -> None:
        calls.setdefault(network, (arguments, by_name))

    handles = [network.register_forward_pre_hook(keep, with_kwargs=True) for network in networks]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def flops_of(network: nn.Module, call: tuple[Any, Any]) -> int:
    """Of one call: convolutions, matrix products and attention; what works element by element is left out."""
    arguments, by_name = tree_map(lambda value: value.detach() if isinstance(value, Tensor) else value, call)
    # The counter of modules wants a graph where a network hands parameters to its own modules.
    with torch.enable_grad(), FlopCounterMode(display=False) as counter:
        network(*arguments, **by_name)
    return int(counter.get_total_flops())
