"""One reader a format family: bytes in, text with its pages and headings out."""
