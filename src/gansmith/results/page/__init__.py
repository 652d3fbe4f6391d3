"""The leaderboard as a page: one self-contained HTML file, for people who would rather look."""

from gansmith.results.page.document import render

__all__ = ["render"]
