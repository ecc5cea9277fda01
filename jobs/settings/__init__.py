"""Settings: resolved from all their sources, and kept with the run."""
