"""Reads PDF: from the glyphs on a page back to paragraphs, tables, code and headings."""

from jobs.documents.readers.pdf.read import read_pdf

__all__ = ["read_pdf"]
