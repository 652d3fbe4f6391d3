"""Suites: models on data sets under several seeds, a run each, and the leaderboard of them all."""
