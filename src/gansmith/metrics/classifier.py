"""A small convolutional network that tells the classes of a data set apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from gansmith.errors import DataError
from gansmith.metrics.arithmetic import float32_arithmetic
from gansmith.noise import mix_seed

# What is changed here changes every number that a trained classifier gives: change weights.RECIPE with it.
SMALLEST = 8
"""Pixels: the least side."""
NARROWEST, WIDTH = 16, 128
"""Channels: the fewest, and of the features; each halving doubles them."""
BATCH = 64
EPOCHS = 8
STEPS = (400, 8000)
"""The fewest and the most of a training, whatever the number of pictures."""
RATE, DECAY = 0.01, 0.05

Pictures = Callable[[Tensor], Tensor]
"""Indices, int64 (n,), to pictures, uint8 (n, C, H, W)."""


class Classifier(nn.Module):
    """3 x 3 convolutions with batch norm that halve the picture down to 4 to 7 pixels; then a mean over places.

    Args:
        channels: of the pictures.
        side: of the pictures, in pixels, at least 8; the shorter one where they are not square.
        classes: number of classes.
    """

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        halvings = side.bit_length() - 3
        widths = [max(WIDTH >> left, NARROWEST) for left in range(halvings, -1, -1)]
        strides = [1] + [2] * halvings
        self.convolutions = nn.Sequential(*map(convolution, [channels, *widths], widths, strides))
        self.head = nn.Linear(widths[-1], classes)

    def features(self, images: Tensor) -> Tensor:
        """Pictures, uint8 (N, C, H, W), to what the last layer sees of them, float32 (N, d)."""
        return self.convolutions(images.to(self.head.weight) / 127.5 - 1).mean((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Pictures, uint8 (N, C, H, W), to logits, float32 (N, classes)."""
        return self.head(self.features(images))


def convolution(channels: int, width: int, stride: int) -> nn.Sequential:
    """A convolution, normalised and rectified."""
    kernel = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
    return nn.Sequential(kernel, nn.BatchNorm2d(width), nn.ReLU())


def train_classifier(
    images: Tensor | Pictures,
    labels: Tensor,
    classes: int,
    seed: int,
    device: torch.device | str = "cpu",
) -> Classifier:
    """A classifier of these pictures, in evaluation mode and frozen: eight times through them, but 400 steps at least.

    The same arguments on the same machine give the same weights, bit by bit, whatever the number of threads and
    whatever goes on around it; it takes one thread. The global random state is left as it was.

    Args:
        images: uint8 (N, C, H, W), or what gives those at some indices.
        labels: int64 (N,), from 0 to classes - 1.
        classes: number of classes.
        seed: of the first weights and of the order of the pictures.
        device: where it is trained, and stays.

    Raises:
        DataError: a side below 8 pixels.
    """
    pictures = images.__getitem__ if isinstance(images, Tensor) else images
    channels, *sides = pictures(torch.tensor([0])).shape[1:]
    if min(sides) < SMALLEST:
        raise DataError(f"data: a classifier needs pictures of at least {SMALLEST} pixels a side, not {min(sides)}")
    device = torch.device(device)
    with reproducible(device), torch.random.fork_rng(devices=[]):
        torch.manual_seed(mix_seed(seed, "weights"))
        classifier = Classifier(channels, min(sides), classes).float().to(device)
        fit(classifier, pictures, labels, seed)
    return classifier.eval().requires_grad_(False)


def fit(classifier: Classifier, pictures: Pictures, labels: Tensor, seed: int) -> None:
    """Minimise the cross-entropy by AdamW with one cycle of rates (Smith and Topin, 2018, arXiv:1708.07120)."""
    device = classifier.head.weight.device
    fewest, most = STEPS
    steps = min(max(EPOCHS * len(labels) // BATCH, fewest), most)
    optimizer = torch.optim.AdamW(classifier.parameters(), RATE, weight_decay=DECAY)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for indices in orders(len(labels), steps, seed):
        logits = classifier(pictures(indices).to(device))
        loss = cross_entropy(logits, labels[indices].to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.step()


def orders(pictures: int, steps: int, seed: int) -> Iterator[Tensor]:
    """The numbers of each step's pictures, int64 (n,): all of them in random order, and again."""
    draw = torch.Generator().manual_seed(mix_seed(seed, "order"))
    width = min(BATCH, pictures)
    queue = torch.randperm(pictures, generator=draw)
    for _ in range(steps):
        if len(queue) < width:
            queue = torch.cat([queue, torch.randperm(pictures, generator=draw)])
        yield queue[:width]
        queue = queue[width:]


def accuracy(classifier: Classifier, pictures: Pictures, labels: Tensor) -> float:
    """The share of pictures whose largest logit is that of their label, int64 (N,)."""
    device = classifier.head.weight.device
    right = 0
    with torch.inference_mode(), float32_arithmetic(device):
        for indices in torch.arange(len(labels)).split(4 * BATCH):
            found = classifier(pictures(indices).to(device)).argmax(1).cpu()
            right += int((found == labels[indices]).sum())
    return right / len(labels)


@contextmanager
def reproducible(device: torch.device) -> Iterator[None]:
    """Gradients are computed even inside an evaluation, in float32, and in the same order every time."""
    threads, deterministic = torch.get_num_threads(), torch.backends.cudnn.deterministic
    benchmark = torch.backends.cudnn.benchmark
    torch.set_num_threads(1)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    try:
        with torch.inference_mode(False), torch.enable_grad(), float32_arithmetic(device):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = deterministic, benchmark
