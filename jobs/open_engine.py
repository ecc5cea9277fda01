"""Puts the engine together for a run: model, lane, journal, budget, statistics."""


