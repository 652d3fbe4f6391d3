"""What the parts of our networks are called in well-known checkpoints.

A table leads from the names of our modules to those in a published state dict. Names of tensors inside a
module (weight, bias, running_mean ...) are the same everywhere.
"""

from __future__ import annotations

from itertools import product

from torch import nn

from gansmith.networks.resnet import ResidualBlock, ResNetGenerator
from gansmith.networks.rrdb import RRDBNet
from gansmith.networks.srresnet import SRResNet
from gansmith.networks.unet import UNetGenerator

Table = dict[str, str]
DENSE_BLOCKS = (1, 2, 3)
DENSE_CONVOLUTIONS = (1, 2, 3, 4, 5)


def known_tables(network: nn.Module) -> dict[str, Table]:
    """By name of the layout; the first is our own, in which gansmith's checkpoints are written."""
    own = {"gansmith": {name: name for name, module in network.named_modules() if has_state(module)}}
    if isinstance(network, UNetGenerator):
        return own | {"pytorch-CycleGAN-and-pix2pix": nested_unet(network)}
    if isinstance(network, ResNetGenerator):
        return own | {
            "pytorch-CycleGAN-and-pix2pix or CUT": numbered_resnet(network, second=5),
            "pytorch-CycleGAN-and-pix2pix or CUT, with dropout": numbered_resnet(network, second=6),
        }
    if isinstance(network, SRResNet):
        return {"BasicSR": own["gansmith"], "MMSR": mmsr_srresnet(network)}
    if isinstance(network, RRDBNet):
        return {"BasicSR": own["gansmith"], "ESRGAN": esrgan_rrdb(network), "old ESRGAN": old_esrgan_rrdb(network)}
    return own


def has_state(module: nn.Module) -> bool:
    """Whether the module itself has tensors that a checkpoint holds."""
    return bool(module._parameters or module._buffers.keys() - module._non_persistent_buffers_set)


def nested_unet(network: UNetGenerator) -> Table:
    """pytorch-CycleGAN-and-pix2pix: a block holds its downward layers, the next inner block, its upward layers.

    Outermost: convolution 0, inner block 1, transposed convolution 3. Between: convolution 1, norm 2, inner
    block 3, transposed convolution 5, norm 6. Innermost: convolution 1, transposed convolution 3, norm 4.
    """
    innermost = len(network.down) - 1
    block = "model.model"
    table = {"down.0": f"{block}.0", f"up.{innermost}.1": f"{block}.3"}
    for stage in range(1, innermost):
        block += ".1.model" if stage == 1 else ".3.model"
        up = innermost - stage
        table |= {f"down.{stage}.1": f"{block}.1", f"down.{stage}.2": f"{block}.2"}
        table |= {f"up.{up}.1": f"{block}.5", f"up.{up}.2": f"{block}.6"}
    block += ".1.model" if innermost == 1 else ".3.model"
    return table | {f"down.{innermost}.1": f"{block}.1", "up.0.1": f"{block}.3", "up.0.2": f"{block}.4"}


def numbered_resnet(network: ResNetGenerator, second: int) -> Table:
    """pytorch-CycleGAN-and-pix2pix and CUT: one numbered list of layers, as ours.

    In a block the first convolution is 1, its norm 2; the second convolution is 5, or 6 where dropout is a
    layer before it.
    """
    table = {}
    for number, layer in enumerate(network.layers):
        if isinstance(layer, ResidualBlock):
            for ours, theirs in ((1, 1), (2, 2), (6, second), (7, second + 1)):
                table[f"layers.{number}.body.{ours}"] = f"model.{number}.conv_block.{theirs}"
        else:
            table[f"layers.{number}"] = f"model.{number}"
    return table


def mmsr_srresnet(network: SRResNet) -> Table:
    """MMSR, from which BasicSR came: `recon_trunk` and `HRconv`."""
    table = {"conv_first": "conv_first", "conv_hr": "HRconv", "conv_last": "conv_last"}
    table |= {f"upconv{number}": f"upconv{number}" for number in _counted(network.factors)}
    for block, convolution in product(range(len(network.body)), (1, 2)):
        table[f"body.{block}.conv{convolution}"] = f"recon_trunk.{block}.conv{convolution}"
    return table


def esrgan_rrdb(network: RRDBNet) -> Table:
    """ESRGAN's own repository: `RRDB_trunk`, `trunk_conv`, `upconv1`, `HRconv`."""
    table = {"conv_first": "conv_first", "conv_body": "trunk_conv", "conv_hr": "HRconv", "conv_last": "conv_last"}
    table |= {f"conv_up{number}": f"upconv{number}" for number in _counted(network.factors)}
    for block, dense, convolution in product(range(len(network.body)), DENSE_BLOCKS, DENSE_CONVOLUTIONS):
        table[f"body.{block}.rdb{dense}.conv{convolution}"] = f"RRDB_trunk.{block}.RDB{dense}.conv{convolution}"
    return table


def old_esrgan_rrdb(network: RRDBNet) -> Table:
    """The first ESRGAN: one numbered list. Each enlargement is a resize, a convolution and an activation.

    At scale 4: convolution 0, blocks and the convolution behind them in 1, enlargements 2-4 and 5-7, then
    convolution, activation, convolution 8-10.
    """
    blocks, ups = len(network.body), len(network.factors)
    table = {"conv_first": "model.0", "conv_body": f"model.1.sub.{blocks}"}
    table |= {"conv_hr": f"model.{3 * ups + 2}", "conv_last": f"model.{3 * ups + 4}"}
    table |= {f"conv_up{number}": f"model.{3 * number}" for number in _counted(network.factors)}
    for block, dense, convolution in product(range(blocks), DENSE_BLOCKS, DENSE_CONVOLUTIONS):
        table[f"body.{block}.rdb{dense}.conv{convolution}"] = f"model.1.sub.{block}.RDB{dense}.conv{convolution}.0"
    return table


def _counted(factors: list[int]) -> range:
    return range(1, len(factors) + 1)
