"""Untrained models as checkpoints, and commands that measure them."""

import torch
from omegaconf import OmegaConf

from gansmith.experiment import build_model
from gansmith.inference import evaluate_checkpoint, evaluate_folders, evaluate_run

MODEL = {
    "_target_": "gansmith.models.gan.GAN",
    "name": "cgan",
    "generator": {
        "_target_": "gansmith.networks.mlp.Generator",
        "resolution": 8,
        "channels": 1,
        "latent": 4,
        "hidden": [8],
        "classes": 10,
    },
    "discriminator": {
        "_target_": "gansmith.networks.mlp.Discriminator",
        "resolution": 8,
        "channels": 1,
        "hidden": [8],
        "classes": 10,
    },
    "loss": {"_target_": "gansmith.objectives.adversarial.CrossEntropy"},
    "latent": 4,
    "classes": 10,
    "optimizer": {},
    "schedule": {},
}
DATA = {
    "_target_": "gansmith.data.module.ImageData",
    "name": "digits",
    "source": {"_target_": "gansmith.data.packaged.Digits"},
    "resolution": 8,
    "channels": 1,
}
TRANSLATION = {
    "_target_": "gansmith.models.pix2pix.Pix2Pix",
    "name": "pix2pix",
    "generator": {
        "_target_": "gansmith.networks.unet.UNetGenerator",
        "in_channels": 1,
        "out_channels": 1,
        "depth": 2,
        "features": 4,
    },
    "discriminator": {"_target_": "gansmith.networks.patchgan.PixelDiscriminator", "in_channels": 2, "features": 4},
    "loss": {"_target_": "gansmith.objectives.adversarial.CrossEntropy"},
    "optimizer": {},
    "schedule": {},
}
DENOISE = {"_target_": "gansmith.data.tasks.denoise.Denoise", "source_channels": 1, "target_channels": 1}
PAIRED = {
    "_target_": "gansmith.metrics.paired.PairedProtocol",
    "name": "paired",
    "metrics": ["psnr", "l1"],
    "samples": 8,
}
# So that a protocol takes a fraction of a second.
FEW = {"samples": 32, "reference_samples": 32, "resize": 32, "kd_subsets": 10, "kd_subset_size": 16}
TINY = {"_target_": "gansmith.metrics.protocol.Protocol", "name": "tiny", "metrics": ["fd", "kd"], **FEW}


def save(config, path, seed=0, **more):
    """A checkpoint of the model that `config` describes, with the weights that `seed` draws."""
    torch.manual_seed(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"config": config, "state_dict": build_model(config).state_dict(), **more}, path)
    return path


def settings(folder, **changes):
    common = {"device": "cpu", "data": None, "metrics": None, "cache_dir": str(folder / "features"), "out": None}
    return OmegaConf.create({**common, **changes})


def of_checkpoint(path, folder, **changes):
    return evaluate_checkpoint(settings(folder, ckpt=str(path), **changes))


def of_run(run_dir, folder, **changes):
    return evaluate_run(settings(folder, run_dir=str(run_dir), **{"which": "all", "metrics": TINY, **changes}))


def of_folders(fake, folder, **changes):
    return evaluate_folders(settings(folder, **{"fake": str(fake), "real": None, "metrics": TINY, **changes}))
