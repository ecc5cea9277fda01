"""The fine-tuning API of the stand-in: jobs, their data, lives and curves."""
