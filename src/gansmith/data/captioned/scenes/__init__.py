"""Scenes of coloured shapes, drawn on demand, with captions that are true, and an oracle that reads pictures back."""
