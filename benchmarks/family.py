"""Step times of the whole GAN family against plain loops on the same networks: python benchmarks/family.py.

Both sides run one after the other, A B A B ...; below one, gansmith is faster. A step is one batch of 64 pictures
of 32 px; penalties of every 4th and 16th step are in the mean.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator

import torch
from framework import Framework
from plain_recipes import RECIPES
from rich.console import Console
from run import WIDTH, markdown, table
from steps import OVERHEAD, by_hand, threads_in_words
from timing import Row, in_turn


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=list(RECIPES), default=list(RECIPES), metavar="MODEL")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10, help="at least so many in a row (default: 10)")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--markdown", action="store_true", help="print a table for a document")
    return parser.parse_args()


def row(model: str, repeats: int, at_least: int) -> Row:
    """The step of src/train.py against that of the plain loop."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    recipe = RECIPES[model]
    period = math.lcm(recipe.critic_steps, recipe.interval, recipe.regularise_every if recipe.regularise else 1)
    steps = math.ceil(at_least / period) * period
    framework = Framework(f"model={model}", device=device)
    pairs = in_turn(lambda: framework.measure(steps).seconds / steps, by_hand(framework, model, steps, device), repeats)
    place = device if device == "cuda" else threads_in_words(torch.get_num_threads())
    return Row(f"{model} 32 px, {place}", "plain loop", pairs, OVERHEAD)


def rows(options: argparse.Namespace) -> Iterator[Row]:
    torch.set_num_threads(options.threads)
    for model in options.models:
        yield row(model, options.repeats, options.steps)


def main() -> None:
    options = arguments()
    progress, measured = Console(stderr=True), []
    with progress.status("measuring"):
        for measured_row in rows(options):
            measured.append(measured_row)
            progress.print("  ".join(measured_row.cells()), highlight=False, soft_wrap=True)
    if options.markdown:
        print(markdown(measured))
    else:
        console = Console()
        console.print(table(measured), width=None if console.is_terminal else WIDTH)


if __name__ == "__main__":
    main()
