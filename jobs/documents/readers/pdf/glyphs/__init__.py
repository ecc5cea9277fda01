"""The glyphs of a PDF page: which characters they are, where they stand, in which font."""
