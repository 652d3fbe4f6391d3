"""Search for settings: Optuna proposes them, `src/train.py` tries them, each trial in a process of its own."""
