"""Where a text is cut into chunks: by its sections, and within a section where it reads best."""
