"""Trainers: each takes checked rows and returns how the training ended."""
