"""Markdown, as the programs show it that it was written for."""
