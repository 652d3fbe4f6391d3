"""Ranks runs: python src/leaderboard.py logs; python src/leaderboard.py compare model=dcgan model=wgan_gp."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from gansmith.cli import in_one_line

FORMATS = ("table", "markdown", "csv", "json", "html")


def ranking_arguments() -> ArgumentParser:
    parser = ArgumentParser(
        prog="leaderboard.py",
        description="A table for each data set, resolution and protocol: mean and deviation over seeds, rank, cost. "
        "`leaderboard.py compare --help` is about the difference of two models.",
    )
    parser.add_argument("logs", nargs="*", type=Path, default=[Path("logs")], metavar="LOGS", help="folders of runs")
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, not to the terminal")
    parser.add_argument("--which", choices=("last", "best"), default="last", help="of the two checkpoints")
    parser.add_argument("--sort", metavar="FIELD", help="order rows by it; --sort=-FIELD for the other way")
    parser.add_argument(
        "--filter", nargs="+", action="extend", default=[], metavar="CONDITION", help="model=dcgan 'steps>=1000'"
    )
    parser.add_argument("--group", nargs="+", default=["variant"], metavar="FIELD", help="what makes a row (variant)")
    return parser


def comparison_arguments() -> ArgumentParser:
    parser = ArgumentParser(prog="leaderboard.py compare", description="The difference of two models, over seeds.")
    for side in "AB":
        parser.add_argument(side.lower(), metavar=side, help="a run, a folder of runs, or model=…,FIELD=…")
    parser.add_argument("--metric", metavar="M", help="fd, psnr, … (the protocol's primary one)")
    parser.add_argument("--which", choices=("last", "best"), default="last", help="of the two checkpoints")
    parser.add_argument("--difference", type=float, metavar="D", help="how many seeds would find this one")
    parser.add_argument("--logs", nargs="+", type=Path, default=[Path("logs")], help="where FIELD=… looks")
    return parser


@in_one_line
def main(arguments: list[str]) -> None:
    is_comparison = arguments[:1] == ["compare"]
    parser = comparison_arguments() if is_comparison else ranking_arguments()
    options: Namespace = parser.parse_args(arguments[is_comparison:])
    from gansmith.results.report import report_comparison, report_ranking

    (report_comparison if is_comparison else report_ranking)(options)


if __name__ == "__main__":
    main(sys.argv[1:])
