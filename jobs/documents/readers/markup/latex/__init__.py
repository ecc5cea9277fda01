"""LaTeX, made ready for pandoc."""
