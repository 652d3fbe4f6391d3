"""Diffusion on tensors of any shape: schedules, what a network predicts, guidance, sampling. Knows no networks."""
