"""reStructuredText, through docutils."""
