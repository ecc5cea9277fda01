"""Tables of a PDF page: drawn with rules, or aligned by gaps."""
