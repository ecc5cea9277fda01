"""From the glyphs of a PDF page to its lines in reading order."""
