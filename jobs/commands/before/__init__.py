"""Commands for what comes before a run."""
