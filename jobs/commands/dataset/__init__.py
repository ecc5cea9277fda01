"""Commands that make the dataset, filter it anew, check and export it."""
